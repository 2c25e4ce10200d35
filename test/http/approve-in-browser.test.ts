// The approval page in a real browser: needs Chromium, as .ci/run installs it, or CHROMIUM naming one; skipped where there is none.
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getApproval, openApproval, signLink } from '../../src/approvals/index.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { LINK_KEY, startTestApp, type RunningApp } from './running-app.ts';

const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

describe.skipIf(executablePath === undefined)('the approval page', () => {
  let api: RunningApp;
  let browser: Browser;

  beforeAll(async () => {
    api = await startTestApp('http_browser');
    browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  });

  afterAll(async () => {
    await browser.close();
    await api.stop();
  });

  const draft = {
    headline: '\n"Spring" <b>',
    email_body: `Hello,\n\n${'a long line '.repeat(40)}\n`,
    outline: ['One', 'Two'],
  };

  async function visit(width: number): Promise<{ id: string; page: Page; complaints: string[] }> {
    const runId = await insertWaitingRun(api.knex, 'default');
    const output = JSON.stringify({ json: { outcome: { ok: true, value: draft } } });
    await api.knex
      .withSchema('dbos')
      .table('operation_outputs')
      .insert({ workflow_uuid: runId, function_id: 4_097, function_name: 'write.draft', output });
    const question = aQuestion({ tenant: 'default', runId, title: `Ship ${'everything'.repeat(9)}?` });
    const { id, deadlineMs } = await api.knex.transaction((trx) => openApproval(trx, question));
    const claims = { tenant: 'default', runId, approvalId: id, approver: 'user:ann', expiresAt: new Date(deadlineMs) };
    const page = await browser.newPage({ viewport: { width, height: 844 }, javaScriptEnabled: false });
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('requestfailed', (request) => complaints.push(request.url()));
    await page.goto(`${api.app.url}/approve/${signLink(claims, LINK_KEY)}`);
    return { id, page, complaints };
  }

  it.each([1280, 390])('is styled, complete and no wider than a screen of %i px', async (width) => {
    const { page, complaints } = await visit(width);

    const main = await page.locator('main').boundingBox();
    const button = await page.getByRole('button', { name: 'Approve' }).boundingBox();
    const background = await page.evaluate(`getComputedStyle(document.querySelector('.approve')).backgroundColor`);

    expect(complaints).toEqual([]);
    expect(background).toBe('rgb(18, 114, 74)');
    expect(main?.width).toBeLessThanOrEqual(width);
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
    expect(button?.height).toBeGreaterThanOrEqual(44);
  });

  it('sends no edits when nothing was typed', async () => {
    const { id, page } = await visit(1280);

    await page.getByRole('button', { name: 'Approve' }).click();

    expect(await page.getByRole('heading').textContent()).toBe('Approved');
    expect(await getApproval(api.knex, 'default', id)).toMatchObject({
      status: 'approved',
      decisions: [{ edits: null, via: 'link' }],
    });
  });

  it('sends exactly what was typed', async () => {
    const { id, page } = await visit(390);

    await page.getByLabel('Headline').fill('Summer\nis here');
    await page.getByLabel('Outline').fill('One\nThree');
    await page.getByLabel('Reason').fill('Better so');
    await page.getByRole('button', { name: 'Approve' }).click();

    const edits = { 'write.draft': { headline: 'Summer\nis here', outline: ['One', 'Three'] } };
    expect((await getApproval(api.knex, 'default', id)).decisions).toMatchObject([{ edits, reason: 'Better so' }]);
  });

  it('rejects', async () => {
    const { id, page } = await visit(390);

    await page.getByRole('button', { name: 'Reject' }).click();

    expect(await getApproval(api.knex, 'default', id)).toMatchObject({ status: 'rejected' });
  });
});
