// A run that fails behind an irreversible act: nothing is undone by itself, an operator decides.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

const definition = (name: string): string => `
workflow: { name: ${name}, version: 1.0.0 }
modules:
  - id: publish
    type: sequential
    activities:
      - name: branch
        tool: github
        action: create_branch
        with: { owner: acme, repo: website, branch: ${name} }
        compensation: delete_branch
      - name: mail
        tool: sendgrid
        action: send_campaign
        irreversible: true
        with: { name: ${name}, subject: s, text: t, all: true }
      - name: broken
        tool: github
        action: get_file_content
        with: { owner: acme, repo: website, path: no/such/file }
`;

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('hold');
});
afterAll(async () => await live.stop());

async function startHeld(name: string): Promise<string> {
  const response = await fetch(`${live.app.url}/v1/definitions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${live.app.adminKey}`, 'content-type': 'application/yaml' },
    body: definition(name),
  });
  expect(response.status).toBe(201);
  const { body } = await live.call<{ id: string }>('POST', '/v1/runs', { workflow: name });
  await until(async () => (await live.call('GET', `/v1/runs/${body.id}`)).body['status'] === 'held', {
    what: 'the run to be held',
  });
  return body.id;
}

async function ended(id: string): Promise<Record<string, unknown>> {
  return (await live.call('GET', `/v1/runs/${id}?wait=20s`)).body;
}

async function standing(kind: string, name: string): Promise<boolean> {
  return (await live.sandbox.ledger()).some(
    (entry) => entry.kind === kind && !entry.deletedAt && JSON.stringify(entry).includes(name),
  );
}

describe('a run that failed behind an irreversible act', () => {
  it('is held with its reason in words, and nothing is undone', async () => {
    const id = await startHeld('held-waits');

    const { body } = await live.call('GET', `/v1/runs/${id}`);

    expect(body).toMatchObject({
      status: 'held',
      cause: 'failure',
      waiting: expect.stringContaining('publish.mail cannot be taken back'),
    });
    expect(await standing('branch', 'held-waits')).toBe(true);
  });

  it('is undone but for that act when it is cancelled with compensation', async () => {
    const id = await startHeld('held-undone');

    await live.call('POST', `/v1/runs/${id}/cancel`, { compensate: true });

    expect(await ended(id)).toMatchObject({ status: 'compensated', compensation: { total: 1, compensated: 1 } });
    expect(await standing('branch', 'held-undone')).toBe(false);
    expect(await standing('campaign', 'held-undone')).toBe(true);
  });

  it('is left as it is when it is cancelled without', async () => {
    const id = await startHeld('held-left');

    await live.call('POST', `/v1/runs/${id}/cancel`, { compensate: false });

    expect(await ended(id)).toMatchObject({ status: 'failed' });
    expect(await standing('branch', 'held-left')).toBe(true);
  });
});
