// A call outside of any run: how often it is tried, and when no more.
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/kernel/index.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { executeAction } from '../../src/tools/execute.ts';
import { github } from '../../src/tools/github.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { until } from '../support/until.ts';
import { answerJson, startVendor, type Respond } from './vendor-server.ts';

const call = {
  tool: 'github',
  action: 'get_file_content',
  args: { owner: 'acme', repo: 'site', path: 'x' },
  key: 'a1'.repeat(20),
  suspect: false,
  tenant: 'acme',
};
const never = new Promise<void>(() => {});

async function startGitHub(respond: Respond) {
  const vendor = await startVendor(respond);
  const env = { GITHUB_TOKEN: 'ghp_secret', GITHUB_BASE_URL: vendor.url };
  const registry = createRegistry([github], connectTools([github], env));
  return { vendor, parts: { registry, clock: systemClock, random: () => 0 } };
}

describe('executeAction', () => {
  it('tries again what may pass', async () => {
    const file = { type: 'file', path: 'x', sha: 's', size: 1, encoding: 'base64', content: 'eA==\n' };
    const well = answerJson(200, file);
    let asked = 0;
    const { vendor, parts } = await startGitHub((response, request) => {
      asked += 1;
      if (asked === 1) response.writeHead(503).end();
      else well(response, request);
    });

    const outcome = await executeAction(parts, { ...call, stopped: never });
    await vendor[Symbol.asyncDispose]();

    expect(outcome).toMatchObject({ ok: true, value: { content: 'x' } });
    expect(asked).toBe(2);
  });

  it('tries once what cannot pass', async () => {
    const { vendor, parts } = await startGitHub((response) => response.writeHead(404).end());

    const outcome = await executeAction(parts, { ...call, stopped: never });
    await vendor[Symbol.asyncDispose]();

    expect(outcome).toMatchObject({ ok: false, error: { code: 'GITHUB_404' } });
    expect(vendor.received).toHaveLength(1);
  });

  it('does not wait for another try once it is stopped', async () => {
    const stop = Promise.withResolvers<void>();
    const { vendor, parts } = await startGitHub((response) => response.writeHead(503).end());
    const executing = executeAction(parts, { ...call, stopped: stop.promise });
    await until(() => vendor.received.length === 1, { what: 'the first try' });

    stop.resolve();
    const outcome = await executing;
    await vendor[Symbol.asyncDispose]();

    expect(outcome).toMatchObject({ ok: false, error: { code: 'GITHUB_503' } });
    expect(vendor.received).toHaveLength(1);
  });

  it('does not wait longer than an answer may take', async () => {
    const { vendor, parts } = await startGitHub((response) => response.writeHead(503, { 'retry-after': '61' }).end());

    const outcome = await executeAction(parts, { ...call, stopped: never });
    await vendor[Symbol.asyncDispose]();

    expect(outcome).toMatchObject({ ok: false, error: { code: 'GITHUB_503', retryAfterMs: 61_000 } });
    expect(vendor.received).toHaveLength(1);
  });
});
