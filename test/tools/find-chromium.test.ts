// Where the browser comes from, and what is said when there is none.
import { afterAll, describe, expect, it } from 'vitest';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FailureError, type Failure } from '../../src/kernel/index.ts';
import { findChromium, type ChromiumSearch } from '../../src/tools/find-chromium.ts';
import { createOutboundGuard } from '../../src/tools/outbound-guard.ts';
import { launchChromium, shareBrowser } from '../../src/tools/browser.ts';
import { createPlaywright } from '../../src/tools/playwright.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { Program } from '../support/program.ts';

const folder = mkdtempSync(join(tmpdir(), 'breakwater-chromium-'));
afterAll(() => rmSync(folder, { recursive: true }));

const first = join(folder, 'first');
const second = join(folder, 'second');
for (const file of [first, second]) writeFileSync(file, '');
const missing = join(folder, 'missing');

async function refusalOf(search: ChromiumSearch) {
  const error: unknown = await findChromium(search).catch((thrown: unknown) => thrown);
  if (!(error instanceof FailureError)) throw new Error('A browser was found');
  return error.failure;
}

describe('findChromium', () => {
  it('takes the first place where one is', async () => {
    expect(await findChromium({ places: [missing, first, second] })).toBe(first);
  });

  it('takes the named one before any other', async () => {
    expect(await findChromium({ named: second, places: [first] })).toBe(second);
  });

  it('takes no other when the named one is missing', async () => {
    const refusal = await refusalOf({ named: missing, places: [first] });

    expect(refusal).toMatchObject({ code: 'PLAYWRIGHT_NO_BROWSER', kind: 'refused', retryable: false });
    expect(refusal.message).toContain(`there is no ${missing}, which BREAKWATER_CHROMIUM names`);
  });

  it('says how to get one', async () => {
    const program = new Program(join(import.meta.dirname, 'programs/find-no-chromium.ts'));
    const { code, message } = await program.nextJson<Failure>();
    await program.exitCode();

    expect(code).toBe('PLAYWRIGHT_NO_BROWSER');
    expect(message).toContain('apt-get install chromium');
    expect(message).toContain('npm install @sparticuz/chromium');
    expect(message).toContain('BREAKWATER_CHROMIUM');
  });
});

describe('a call without a browser', () => {
  async function scrape(search: ChromiumSearch) {
    const guard = createOutboundGuard({ resolve: async () => ['93.184.216.34'] });
    const tool = createPlaywright({ guard, browser: shareBrowser(() => launchChromium(search)) });
    const registry = createRegistry([tool], new Map([['playwright', { state: 'internal' }]]));
    const fixed = { tool: 'playwright', key: 'a1'.repeat(20), suspect: false, tenant: 'acme', runId: 'run_1' };
    const args = { url: 'https://tidewater.test/' };
    return await registry.invoke({ ...fixed, action: 'scrape_page', args, timeoutMs: 30_000 });
  }

  it('fails with the remedy', async () => {
    const error = { code: 'PLAYWRIGHT_NO_BROWSER', retryable: false, message: expect.stringContaining('apt-get') };

    expect(await scrape({ named: missing })).toMatchObject({ ok: false, error });
  });

  it('fails with the remedy when what was found is no browser', async () => {
    const error = { code: 'PLAYWRIGHT_NOT_STARTED', retryable: true, message: expect.stringContaining('apt-get') };

    expect(await scrape({ named: first })).toMatchObject({ ok: false, error });
  });
});
