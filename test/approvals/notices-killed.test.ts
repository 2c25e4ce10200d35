// SIGKILL while people are told, before the channel has the notice and between its commit and our record: each channel gets one, more people
// are asked once, and Slack shows every decision.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSandbox, type TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';

const LONG_MS = 600_000;

let sandbox: TestSandbox;
let databaseUrl: string;
beforeAll(async () => {
  sandbox = await openSandbox();
  databaseUrl = await createTestDatabase('notices_killed');
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

const flow = (name: string, channel: string, address: string): string => `
workflow: { name: ${name}, version: "1.0.0" }
modules:
  - id: review
    type: approval
    approval:
      title: ${name}
      approvers: ["user:ann"]
      timeout: 1h
      notify: [{ tool: slack, to: ${channel} }, { tool: sendgrid, to: ${address} }]
`;

const escalating = (name: string, address: string): string => `
workflow: { name: ${name}, version: "1.0.0" }
modules:
  - id: review
    type: approval
    approval:
      title: ${name}
      approvers: ["user:ann"]
      timeout: 1h
      escalate: [{ after: 100ms, to: ["role:director"], notify: [{ tool: sendgrid, to: ${address} }] }]
`;

async function startFlow(app: AppProcess, yaml: string, workflow: string): Promise<void> {
  await app.call('POST', '/v1/definitions', yaml, { 'content-type': 'application/yaml' });
  expect((await app.call('POST', '/v1/runs', { workflow, input: {} })).status).toBe(202);
}

async function approve(app: AppProcess, title: string): Promise<void> {
  const { rows } = await execute(databaseUrl, `select id from breakwater.approval where title = '${title}'`);
  const path = `/v1/approvals/${String(rows[0]?.['id'])}/decisions`;
  expect((await app.call('POST', path, { decision: 'approve' })).status).toBe(200);
}

async function states(): Promise<string[]> {
  const { rows } = await execute(
    databaseUrl,
    'select state from breakwater.approval_notice order by approval_id, ordinal',
  );
  return rows.map(({ state }) => String(state));
}

const POST = 'chat.postMessage';
const UPDATE = 'chat.update';
const SEND = '/v3/mail/send';

it('tells each channel once, asks more people once and shows each decision', { timeout: 120_000 }, async () => {
  const first = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
  await startFlow(first, flow('sent', 'general', 'sent@example.com'), 'sent');
  await startFlow(first, flow('shown', 'general', 'shown@example.com'), 'shown');
  await until(async () => (await states()).join() === 'sent,sent,sent,sent', { what: 'the first notices' });
  const reached = async (fault: 'hang' | 'delay', times: number): Promise<void> =>
    void (await until(
      async () => {
        const calls = [...(await sandbox.calls('slack')), ...(await sandbox.calls('sendgrid'))];
        return calls.filter((call) => call.fault === fault).length === times;
      },
      { what: `${fault} to strike ${times} times`, timeoutMs: 20_000 },
    ));
  const strike = async (fault: object): Promise<void> => {
    await sandbox.fault({ vendor: 'slack', match: { path: `/api/${POST}` }, times: 1, ...fault } as never);
    await sandbox.fault({ vendor: 'sendgrid', match: { path: SEND }, times: 1, ...fault } as never);
  };
  const strikeUpdate = async (fault: object): Promise<void> =>
    await sandbox.fault({ vendor: 'slack', match: { path: `/api/${UPDATE}` }, times: 1, ...fault } as never);
  await strike({ fault: 'hang' });
  await startFlow(first, flow('before', 'marketing', 'before@example.com'), 'before');
  await reached('hang', 2);
  await strike({ fault: 'delay', delayMs: LONG_MS });
  await startFlow(first, flow('between', 'marketing-reviews', 'between@example.com'), 'between');
  await reached('delay', 2);
  await strikeUpdate({ fault: 'hang' });
  await approve(first, 'sent');
  await reached('hang', 3);
  await strikeUpdate({ fault: 'delay', delayMs: LONG_MS });
  await approve(first, 'shown');
  await reached('delay', 3);
  await strike({ fault: 'delay', delayMs: LONG_MS });
  await startFlow(first, escalating('raised', 'director@example.com'), 'raised');
  await reached('delay', 4);

  await first.kill();
  await sandbox.call('DELETE', '/_faults');
  const second = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
  await until(async () => (await states()).every((state) => state === 'sent'), {
    what: 'the second process to end it',
    timeoutMs: 60_000,
  }).catch(async (error: unknown) => {
    throw new Error(`${String(error)}: ${(await states()).join()}\n${second.output()}`);
  });

  const created = (await sandbox.created()).map(
    ({ kind, data }) => `${kind} ${JSON.stringify(data['channel_name'] ?? data['to']).replaceAll(/[["\]]/g, '')}`,
  );
  expect(created.toSorted()).toEqual([
    'mail before@example.com',
    'mail between@example.com',
    'mail director@example.com',
    'mail sent@example.com',
    'mail shown@example.com',
    'message general',
    'message general',
    'message marketing',
    'message marketing-reviews',
  ]);
  const { rows } = await execute(
    databaseUrl,
    `select kind, data ->> 'notice' as notice, count(*)::int as n
       from breakwater.event where kind in ('approval.notified', 'approval.escalated') group by 1, 2 order by 1, 2`,
  );
  expect(rows).toEqual([
    { kind: 'approval.escalated', notice: null, n: 1 },
    { kind: 'approval.notified', notice: 'asked', n: 8 },
    { kind: 'approval.notified', notice: 'escalation', n: 1 },
    { kind: 'approval.notified', notice: 'settled', n: 2 },
  ]);
  const open = (await sandbox.created()).filter(({ data }) => JSON.stringify(data).includes('breakwater_approve'));
  expect(new Set(open.map(({ data }) => data['channel_name']))).toEqual(new Set(['marketing', 'marketing-reviews']));
  await second.kill();
});
