// The approval page in a real browser: needs Chromium, as .ci/run installs it, or CHROMIUM naming one; skipped where there is none.
import axe from 'axe-core';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { chromium, type Browser, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getApproval, openApproval, signLink } from '../../src/approvals/index.ts';
import type { Json } from '../../src/kernel/index.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { LINK_KEY, startTestApp, type RunningApp } from './running-app.ts';

const executablePath = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

interface Look {
  readonly colorScheme?: 'light' | 'dark';
  readonly javaScriptEnabled?: boolean;
  readonly title?: string;
  readonly content?: Readonly<Record<string, Json>>;
}

const LONG_TITLE = `Ship ${'everything'.repeat(9)}?`;
const SPRING = {
  headline: 'Plan every berth this spring',
  email_body: 'Hello,\n\nHarbor plans berths and crews for you. See it on the launch page.',
  outline: ['What changed', 'Who it is for'],
};

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

  /** What axe finds wrong, by rule and place. */
  async function violationsOn(page: Page): Promise<string[]> {
    await page.evaluate(axe.source);
    const found = await page.evaluate<string[]>(
      `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
    );
    return found;
  }

  async function visit(
    width: number,
    { colorScheme = 'light', javaScriptEnabled = false, title = LONG_TITLE, content = draft }: Look = {},
  ): Promise<{ id: string; page: Page; complaints: string[] }> {
    const runId = await insertWaitingRun(api.knex, 'default');
    const output = JSON.stringify({ json: { outcome: { ok: true, value: content } } });
    await api.knex
      .withSchema('dbos')
      .table('operation_outputs')
      .insert({ workflow_uuid: runId, function_id: 4_097, function_name: 'write.draft', output });
    const question = aQuestion({ tenant: 'default', runId, title, timeoutMs: 86_400_000 });
    const { id, deadlineMs } = await api.knex.transaction((trx) => openApproval(trx, question));
    const claims = { tenant: 'default', runId, approvalId: id, approver: 'user:ann', expiresAt: new Date(deadlineMs) };
    const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme, javaScriptEnabled });
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

  it.each([
    ['light', 1280],
    ['dark', 390],
  ] as const)('has nothing that axe complains of by %s, at %i px: asked, changed, done', async (scheme, width) => {
    // Scripts run for axe: the page has none.
    const { page } = await visit(width, { colorScheme: scheme, javaScriptEnabled: true });

    const asked = await violationsOn(page);
    await page.getByLabel('Headline').fill('Summer');
    await page.getByRole('button', { name: 'Review changes' }).click();
    const changed = await violationsOn(page);
    const isWide = await page.evaluate(`document.documentElement.scrollWidth > ${width}`);
    await page.getByRole('button', { name: 'Approve' }).click();
    const done = await violationsOn(page);

    expect({ asked, changed, done, isWide }).toEqual({ asked: [], changed: [], done: [], isWide: false });
  });

  it('is answered by keyboard alone', async () => {
    const { id, page } = await visit(1280);

    await page.keyboard.press('Tab');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('Typed');
    await page.getByLabel('Reason').focus();
    for (const name of ['Approve', 'Review changes']) {
      await page.keyboard.press('Tab');
      expect(await page.evaluate('document.activeElement.textContent')).toBe(name);
    }
    await page.keyboard.press('Enter');
    await page.getByText('Your changes').waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Approved' }).waitFor();

    const edits = { 'write.draft': { headline: 'Typed' } };
    expect((await getApproval(api.knex, 'default', id)).decisions).toMatchObject([{ edits }]);
  });

  // SCREENSHOTS=<folder> keeps what docs/images shows.
  it.skipIf(process.env['SCREENSHOTS'] === undefined)('is kept as pictures', async () => {
    const folder = process.env['SCREENSHOTS'] ?? '';
    for (const [scheme, width] of [
      ['light', 1280],
      ['dark', 1280],
      ['light', 390],
      ['dark', 390],
    ] as const) {
      const title = 'Publish “Spring launch”?';
      const { page } = await visit(width, { colorScheme: scheme, title, content: SPRING });
      await page.screenshot({ path: join(folder, `approval-${width}-${scheme}.png`), fullPage: true });
      await page.getByLabel('Headline').fill('Plan every berth this summer');
      await page.getByRole('button', { name: 'Review changes' }).click();
      await page.screenshot({ path: join(folder, `changes-${width}-${scheme}.png`), fullPage: true });
    }
    expect(existsSync(join(folder, 'changes-390-dark.png'))).toBe(true);
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
    await page.getByRole('button', { name: 'Review changes' }).click();
    expect(await page.locator('ins').allTextContents()).toEqual(['Summer', 'is', 'here', 'Three']);
    await page.getByRole('button', { name: 'Keep editing' }).click();
    expect(await page.getByLabel('Headline').inputValue()).toBe('Summer\nis here');
    await page.getByRole('button', { name: 'Approve' }).click();
    expect(await page.getByText('Your changes').count()).toBe(1);
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
