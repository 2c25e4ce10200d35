// The dashboard's side for people and operators against the app as a process, in a real browser; skipped where there is none.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKey } from '../../src/http/index.ts';
import { createKnex, packageRoot } from '../../src/postgres/index.ts';
import { ADMIN_KEY, AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { sampled } from '../support/whole.ts';
import { executablePath, isTooWide, openBrowser, violationsOn, visit, type Look, type Visit } from './a-browser.ts';
import { HOSTILE } from './hostile.ts';

let app: AppProcess;
let browser: Browser;
let databaseUrl: string;

describe.skipIf(executablePath === undefined)('the dashboard, for people and operators,', () => {
  beforeAll(async () => {
    databaseUrl = await createTestDatabase('web_people');
    const env = { BREAKWATER_WORKFLOWS_DIR: join(packageRoot(), 'test', 'web', 'workflows') };
    [app, browser] = await Promise.all([AppProcess.start({ databaseUrl, env }), openBrowser()]);
  });

  afterAll(async () => {
    await browser.close();
    await app.kill();
  });

  const open = async (path: string, look?: Look, key = ADMIN_KEY): Promise<Visit> =>
    await visit(browser, `${app.url}${path}`, key, look);

  async function start(workflow: string, input: object, labels: Record<string, string> = {}): Promise<string> {
    const { status, body } = await app.call('POST', '/v1/runs', { workflow, input, labels });
    expect({ status, body }).toMatchObject({ status: 202 });
    return String(body['id']);
  }

  async function untilStatus(id: string, ...statuses: string[]): Promise<void> {
    const isThere = async () => statuses.includes(String((await app.call('GET', `/v1/runs/${id}`)).body['status']));
    await until(isThere, { what: `the run to be ${statuses.join(' or ')}`, timeoutMs: 20_000 });
  }

  const LETTER = { subject: 'the harbour', recipients: ['ann@team.example'], copies: 1 };

  async function askedOf(runId: string): Promise<string> {
    return await until(
      async () => {
        const { items } = (await app.call('GET', '/v1/approvals')).body as { items: { id: string; runId: string }[] };
        return items.find((each) => each.runId === runId)?.id;
      },
      { what: 'the question' },
    );
  }

  it('starts a run from its form, and an approval with an edit ships what was edited', async () => {
    const { page, complaints } = await open('/definitions/letter');
    await page.getByLabel('Subject').fill('the harbour');
    await page.getByLabel('Recipients').fill('nobody');
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    const refused = page.locator('[id="field/recipients"]');
    await page.locator('[id="field/recipients"][aria-invalid="true"]').waitFor();
    await refused.fill('ann@team.example\nbob@team.example');
    await page.getByLabel('Urgent').check();
    await page.getByRole('button', { name: 'JSON' }).click();
    const raw = await page.getByLabel('Input, as JSON').inputValue();
    await page.getByRole('button', { name: 'Form' }).click();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByLabel('review: waiting').first().waitFor();

    await page.getByRole('link', { name: 'Approvals' }).click();
    await page.getByRole('link', { name: 'Send “the harbour”?' }).click();
    const text = page.getByLabel('thing');
    await text.fill((await text.inputValue()).replace('Dear all', 'Dear Ann and Bob'));
    const [gone, come] = [await page.locator('del').allTextContents(), await page.locator('ins').allTextContents()];
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('is required').waitFor();
    await page.getByLabel('Stamp').selectOption('first class');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.locator('.status', { hasText: 'approved' }).waitFor();
    const runPath = await page.locator('.facts a').first().getAttribute('href');
    await page.locator('.facts a').first().click();
    await page.locator('.run-head .status', { hasText: 'succeeded' }).waitFor();

    const { body } = await app.call('GET', `/v1${runPath}`);
    expect(JSON.parse(raw)).toMatchObject({ recipients: ['ann@team.example', 'bob@team.example'], urgent: true });
    expect([gone.join(' '), come.join(' ')]).toEqual([expect.stringMatching(/^all,/), expect.stringMatching(/^Ann/)]);
    expect(body).toMatchObject({
      input: { subject: 'the harbour', recipients: ['ann@team.example', 'bob@team.example'], copies: 1, urgent: true },
      output: { sent: expect.stringMatching(/^Dear Ann and Bob, /), stamp: 'first class' },
    });
    expect(complaints.filter((each) => !each.includes('422'))).toEqual([]);
    await page.close();
  });

  it('lists a question as soon as it is asked, and it is reassigned, sent back and withdrawn there', async () => {
    const { page, complaints } = await open('/approvals');
    const runId = await start('letter', { ...LETTER, subject: 'live news' });
    await page.getByRole('link', { name: 'Send “live news”?' }).click();
    await page.getByRole('button', { name: 'Request changes' }).click();
    await page.getByText('Say why').waitFor();
    await page.getByLabel('Reason').fill('Shorter, please.');
    await page.getByRole('button', { name: 'Request changes' }).click();
    await page.getByText('requested changes').first().waitFor();
    const again = await until(
      async () => {
        const { body } = await app.call('GET', '/v1/approvals?status=pending');
        return (body as { items: { id: string; runId: string }[] }).items.find((each) => each.runId === runId)?.id;
      },
      { what: 'it to be asked again' },
    );
    await page.goto(`${app.url}/approvals/${again}`);
    await page.getByRole('button', { name: 'Ask others' }).click();
    await page.getByLabel('Whom to ask').fill('user:eve');
    await page.getByRole('dialog').getByRole('button', { name: 'Ask others' }).click();
    await page.getByText('user:eve').waitFor();
    await page.getByRole('button', { name: 'Withdraw' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Withdraw' }).click();
    await page.locator('.status', { hasText: 'withdrawn' }).waitFor();

    await untilStatus(runId, 'compensated');
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('shows what waits for an operator, with its remedy, and is where it is decided', async () => {
    const [held, glued] = [await start('held', { words: 'Not today.' }), await start('glued', { words: 'No room.' })];
    await untilStatus(held, 'held');
    await untilStatus(glued, 'compensation_failed');
    const { page, complaints } = await open('/attention');
    const row = (text: string) => page.locator('tbody tr', { hasText: text });

    await row('REFUSED: Not today.').getByRole('button', { name: 'Decide' }).click();
    await page.getByLabel('Skip it and go on').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Decide' }).click();
    await untilStatus(held, 'succeeded');
    await row('REFUSED: Not today.').waitFor({ state: 'detached' });
    await row('GLUED').getByRole('button', { name: 'Decide' }).click();
    await page.getByLabel('It was done by hand').check();
    await page.getByRole('dialog').getByLabel('Reason').fill('scraped off');
    await page.getByRole('dialog').getByRole('button', { name: 'Decide' }).click();
    await untilStatus(glued, 'compensated');
    await page.goto(`${app.url}/audit?subject=${glued}`);
    await page.getByText('scraped off').waitFor();

    expect(await page.locator('tbody tr').count()).toBe(1);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('forces a breaker with a reason, and shows it, its probe and what it went through', async () => {
    const { page, complaints } = await open('/breakers');
    await page.getByRole('button', { name: 'Open notion' }).click();
    await page.getByLabel('For how long').selectOption('1h');
    await page.getByLabel('Reason').fill('their status page says so');
    await page.getByRole('button', { name: 'Force open' }).click();
    const row = page.locator('tbody tr', { hasText: 'notion' });
    await row.locator('.status', { hasText: 'open' }).waitFor();
    await row.getByText('their status page says so').first().waitFor();
    await row.getByText('What it went through').click();
    await row.getByText('closed → open').waitFor();

    expect((await app.call('GET', '/v1/breakers')).body).toMatchObject({
      items: expect.arrayContaining([expect.objectContaining({ service: 'notion', state: 'open' })]),
    });
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('offers nobody what their key may not do', async () => {
    const knex = createKnex(databaseUrl, { max: 1, name: 'test' });
    const { key } = await createKey(knex, { tenant: 'default', user: 'vera', roles: ['viewer'] }, 'test');
    await knex.destroy();
    const approvalId = await askedOf(await start('letter', LETTER));

    for (const [path, seen] of [
      [`/approvals/${approvalId}`, 'Dear all'],
      ['/definitions/letter', 'draft'],
      ['/breakers', 'notion'],
      ['/executors', 'shown to operators'],
      ['/audit', 'shown to operators'],
    ] as const) {
      const { page } = await open(path, {}, key);
      if (path.startsWith('/approvals')) await page.getByText('Deadline').waitFor();
      else await page.getByText(seen).first().waitFor();
      expect(await page.locator('main button').count(), path).toBe(0);
      await page.close();
    }
  });

  const PAGES = {
    approvals: '/approvals',
    definitions: '/definitions',
    definition: '/definitions/letter',
    graph: '/definitions/letter?view=graph',
    source: '/definitions/letter?view=source',
    versions: '/definitions/letter?view=versions',
    breakers: '/breakers',
    executors: '/executors',
    attention: '/attention',
    leaks: '/attention?view=leaks',
    audit: '/audit',
  } as const;

  const LOOKS: readonly Required<Look>[] = [
    { width: 1280, colorScheme: 'light' },
    { width: 1280, colorScheme: 'dark' },
    { width: 390, colorScheme: 'dark' },
    { width: 390, colorScheme: 'light' },
  ];

  it.each(sampled(LOOKS))(
    'is easy to read and to use at $width px by $colorScheme',
    { timeout: 90_000 },
    async (look) => {
      const folder = process.env['SCREENSHOTS'];
      if (folder !== undefined) await mkdir(folder, { recursive: true });
      await untilStatus(await start('held', { words: 'The desk is closed on Sundays.' }), 'held');
      await untilStatus(await start('glued', { words: 'There is no room.' }), 'compensation_failed');
      const approvalId = await askedOf(await start('letter', LETTER));
      const wrong: unknown[] = [];
      const { page, complaints } = await open('/executors', look);
      for (const [name, path] of Object.entries({ approval: `/approvals/${approvalId}`, ...PAGES })) {
        await page.goto(`${app.url}${path}`);
        const nothing = page.locator('main .empty').filter({ hasNotText: 'Loading' });
        await page.locator('main :is(table, .card)').or(nothing).first().waitFor();
        if (folder !== undefined) {
          await page.screenshot({ path: join(folder, `dashboard-${name}-${look.width}-${look.colorScheme}.png`) });
        }
        const violations = await violationsOn(page);
        const tooWide = await isTooWide(page);
        if (violations.length > 0 || tooWide) wrong.push({ name, violations, tooWide });
      }

      expect(wrong).toEqual([]);
      expect(complaints).toEqual([]);
      await page.close();
    },
  );

  it('shows whatever texts hold as text', { timeout: 60_000 }, async () => {
    const approvalId = await askedOf(await start('letter', { ...LETTER, subject: 'hostile' }));
    await plant(approvalId);
    const pages = [
      `/approvals/${approvalId}`,
      '/approvals',
      '/definitions',
      '/definitions/hostile?view=start',
      '/definitions/hostile?view=source',
      '/breakers',
      '/attention',
      '/audit',
    ];
    for (const path of pages) {
      const { page, complaints } = await open(path);
      await page.locator('main :is(table, .card)').first().waitFor();
      await page.evaluate(`for (const folded of document.querySelectorAll('main details')) folded.open = true`);
      const text = (await page.locator('main').textContent()) ?? '';

      expect({ path, shown: text.includes('complain(') }).toEqual({ path, shown: true });
      expect({ path, found: await strangersOn(page), complaints }).toEqual({ path, found: [], complaints: [] });
      await page.close();
    }
  });

  /** Every hostile text wherever these pages show one: in rows as the app would have written them. */
  async function plant(approvalId: string): Promise<void> {
    const texts = JSON.stringify(HOSTILE);
    const quoted = `$hostile$${texts}$hostile$::jsonb`;
    const all = `(select string_agg(t, ' ') from jsonb_array_elements_text(${quoted}) t)`;
    const properties = Object.fromEntries(
      HOSTILE.map((text) => [text, { type: 'string', title: text, description: text }]),
    );
    const plan = {
      input: { type: 'object', required: ['last'], properties: { ...properties, last: { enum: [...HOSTILE] } } },
      nodes: [],
      modules: [],
      compensationOrder: 'reverse_graph',
    };
    await execute(
      databaseUrl,
      `set breakwater.tenant = '*';
       update breakwater.approval set title = ${all}, body = ${all}, approvers = ${quoted} where id = '${approvalId}';
       insert into breakwater.approval_decision (approval_id, tenant, decision, decided_by, via, reason)
       select '${approvalId}', 'default', 'approve', t, 'api', t from jsonb_array_elements_text(${quoted}) t where t <> '';
       insert into breakwater.definition (tenant, name, version, hash, title, kind, source, media_type, plan, created_by)
       values ('default', 'hostile', '1.0.0', 'h', ${all}, 'yaml', ${all}, 'application/yaml', $plan$${JSON.stringify(plan)}$plan$, 'test');
       insert into breakwater.audit (tenant, actor, action, subject, data)
       select 'default', t, t, t, jsonb_build_object('reason', t, 'more', t) from jsonb_array_elements_text(${quoted}) t;
       insert into breakwater.run (id, tenant, workflow, version, hash, input, status, requester, request_digest, error)
       select 'run_hostile_' || n, 'default', 'hostile', '1.0.0', 'h', '{}', 'stuck', t, 'd',
              jsonb_build_object('code', t, 'message', t, 'node', t, 'remedy', t)
         from jsonb_array_elements_text(${quoted}) with ordinality as h (t, n);
       insert into breakwater.breaker_transition (tenant, service, from_state, to_state, epoch, why, forced_by)
       select '*', 'figma', 'closed', 'open', n, t, t from jsonb_array_elements_text(${quoted}) with ordinality as h (t, n);
       insert into breakwater.circuit_breaker (tenant, service, state, epoch)
       values ('*', 'figma', 'closed', 1000) on conflict do nothing`,
    );
  }

  /** What no page of ours holds. */
  async function strangersOn(page: Page): Promise<string[]> {
    return await page.evaluate<string[]>(`
      [...document.querySelectorAll('main :is(script, iframe, object, embed, img, video, audio, style, link, meta, base, marquee, math, template, noscript)'),
       ...document.querySelectorAll('main [style*="url"], main a[href^="javascript" i], main a[href^="data" i], custom-element')].map((e) => e.outerHTML.slice(0, 200))
    `);
  }
});
