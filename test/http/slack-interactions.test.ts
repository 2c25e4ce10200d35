// Clicks at Slack as raw signed requests: who is asked by name decides, nobody else does, and nothing unsigned is even read.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getApproval, openApproval, type NewApproval } from '../../src/approvals/index.ts';
import { isFromSlack, signatureOf } from '../../src/http/slack-signature.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { openSandbox, type TestSandbox } from '../sandbox/open-sandbox.ts';
import { answerJson, startVendor } from '../tools/vendor-server.ts';
import { until } from '../support/until.ts';
import { startTestApp, type RunningApp } from './running-app.ts';

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5';
const ANN = 'U0123ABCDEF';
const CHANNEL = 'C01MKTREVIEW';

let sandbox: TestSandbox;
let api: RunningApp;

beforeAll(async () => {
  sandbox = await openSandbox();
  const environment = { SLACK_SIGNING_SECRET: SECRET, BREAKWATER_SANDBOX: sandbox.url };
  api = await startTestApp('http_slack', { environment });
});

afterAll(async () => {
  await api.stop();
  await sandbox[Symbol.asyncDispose]();
});

async function ask(over: Partial<NewApproval> = {}): Promise<string> {
  const runId = await insertWaitingRun(api.knex, 'default');
  const question = aQuestion({ tenant: 'default', runId, approvers: [`user:slack:${ANN}`, 'role:lead'], ...over });
  return (await api.knex.transaction((trx) => openApproval(trx, question))).id;
}

const payload = (button: string, approval: string, over: object = {}) => ({
  type: 'block_actions',
  team: { id: 'T01ACMETEAM1' },
  user: { id: ANN, username: 'ann' },
  channel: { id: CHANNEL, name: 'marketing-reviews' },
  response_url: 'https://hooks.slack.com/actions/T01/1/x',
  actions: [{ type: 'button', action_id: button, value: JSON.stringify({ tenant: 'default', approval }) }],
  ...over,
});

const now = () => String(Math.floor(Date.now() / 1_000));

interface Signed {
  readonly timestamp?: string;
  readonly secret?: string;
  readonly signature?: string;
}

async function send(body: string, { timestamp = now(), secret = SECRET, signature }: Signed = {}) {
  return await api.call('/v1/slack/interactions', {
    method: 'POST',
    key: null,
    body,
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      'x-slack-request-timestamp': timestamp,
      'x-slack-signature': signature ?? signatureOf(timestamp, body, secret),
    },
  });
}

const formOf = (sent: object) => new URLSearchParams({ payload: JSON.stringify(sent) }).toString();
const click = async (button: string, approval: string, over: object = {}) =>
  await send(formOf(payload(button, approval, over)));

const view = async (id: string) => await getApproval(api.knex, 'default', id);

/** What was said to one person about this approval. */
async function said(member: string, text: string): Promise<string> {
  return await until(
    async () => {
      const calls = await sandbox.calls('slack');
      const bodies = calls.filter(({ path }) => path.endsWith('chat.postEphemeral')).map(({ body }) => body);
      const found = bodies.find((body) => JSON.stringify(body).includes(member) && JSON.stringify(body).includes(text));
      return found === undefined ? undefined : JSON.stringify(found);
    },
    { what: `"${text}" to be said to ${member}` },
  );
}

describe('a click', () => {
  it('decides as the member who clicked', async () => {
    const [approved, rejected] = [await ask(), await ask()];

    const first = await click('breakwater_approve', approved);
    await click('breakwater_reject', rejected);

    expect(first).toMatchObject({ status: 200, text: '' });
    expect(await view(approved)).toMatchObject({
      status: 'approved',
      decisions: [{ by: `slack:${ANN}`, via: 'slack' }],
    });
    expect(await view(rejected)).toMatchObject({ status: 'rejected' });
  });

  it('again does no harm, and is told', async () => {
    const id = await ask();
    const body = formOf(payload('breakwater_approve', id));
    const timestamp = now();

    const answers = [await send(body, { timestamp }), await send(body, { timestamp })];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect((await view(id)).decisions).toHaveLength(1);
    await said(ANN, 'Already approved');
  });

  it.each([
    ['who is not asked', { user: { id: 'U0STRANGER1', username: 'ann' } }],
    ['who only bears the name of one who is', { user: { id: 'U0STRANGER2', name: `slack:${ANN}`, username: 'lead' } }],
  ])('of a member %s decides nothing', async (_who, over) => {
    const id = await ask();

    const { status } = await click('breakwater_approve', id, over);

    expect(status).toBe(200);
    expect(await view(id)).toMatchObject({ status: 'pending', decisions: [] });
    await said(over.user.id, 'This approval asks');
  });

  it('of who started the run decides nothing where that is not allowed', async () => {
    const id = await ask({ requester: `slack:${ANN}` });

    await click('breakwater_approve', id);

    expect(await view(id)).toMatchObject({ status: 'pending' });
    await said(ANN, 'may not approve it');
  });

  it('on Open gives a link of their own to who is asked, and to nobody else', async () => {
    const form = { type: 'object', required: ['budget'], properties: { budget: { type: 'number' } } };
    const id = await ask({ form });

    await click('breakwater_open', id, { user: { id: 'U0STRANGER3' } });
    await said('U0STRANGER3', 'This approval asks');
    await click('breakwater_open', id);

    const [link = ''] = /http:\S+\/approve\/[\w.-]+/.exec(await said(ANN, '/approve/')) ?? [];
    const fields = new URLSearchParams({ decision: 'approve', 'form:budget': '12' });
    expect((await fetch(link, { method: 'POST', body: fields })).status).toBe(200);
    expect(await view(id)).toMatchObject({ decisions: [{ by: `slack:${ANN}`, via: 'link', form: { budget: 12 } }] });
  });

  it('on Approve without the form that is asked for is told what is missing', async () => {
    const id = await ask({ form: { type: 'object' } });

    await click('breakwater_approve', id);

    expect(await view(id)).toMatchObject({ status: 'pending' });
    await said(ANN, 'form');
  });

  it('decides in the tenant that its button names', async () => {
    const runId = await insertWaitingRun(api.knex, 'acme');
    const question = aQuestion({ tenant: 'acme', runId, approvers: [`user:slack:${ANN}`] });
    const { id } = await api.knex.transaction((trx) => openApproval(trx, question));
    const own = JSON.stringify({ tenant: 'acme', approval: id });

    await click('breakwater_approve', id);
    expect(await getApproval(api.knex, 'acme', id)).toMatchObject({ status: 'pending' });
    await click('breakwater_approve', id, { actions: [{ action_id: 'breakwater_approve', value: own }] });

    expect(await getApproval(api.knex, 'acme', id)).toMatchObject({ status: 'approved' });
  });

  it('is told of nowhere but at our own address of Slack, whatever address comes along', async () => {
    await using elsewhere = await startVendor(answerJson(200, {}));
    const id = await ask();
    const over = { user: { id: 'U0STRANGER5' }, response_url: `${elsewhere.url}/actions` };

    await click('breakwater_approve', id, { ...over, heard: elsewhere.url });
    await said('U0STRANGER5', 'This approval asks');

    expect(elsewhere.received).toEqual([]);
  });

  it.each(['ann', 'lead', '', `slack:${ANN}`, 'U0123 ABC', '*'])('of a member called %j is none', async (member) => {
    const id = await ask({ approvers: [`user:slack:${member}`, 'role:lead'] });

    await click('breakwater_approve', id, { user: { id: member } });

    expect(await view(id)).toMatchObject({ status: 'pending' });
  });

  it('that is no button of ours changes nothing', async () => {
    const id = await ask();

    for (const other of [
      payload('breakwater_approve', id, { type: 'view_submission' }),
      payload('other_app', id),
      { type: 'url_verification', challenge: 'x' },
    ])
      expect((await send(formOf(other))).status).toBe(200);

    expect(await view(id)).toMatchObject({ status: 'pending' });
  });
});

describe('a request', () => {
  it.each([
    ['another secret', () => ({ secret: 'another-secret-altogether' })],
    ['a signature that was cut', () => ({ signature: 'v0=00' })],
    ['no signature', () => ({ signature: '' })],
    ['a time six minutes ago', () => ({ timestamp: String(Number(now()) - 360) })],
    ['a time six minutes ahead', () => ({ timestamp: String(Number(now()) + 360) })],
    ['no time', () => ({ timestamp: '' })],
  ])('with %s is refused', async (_what, over) => {
    const id = await ask();

    const { status } = await send(formOf(payload('breakwater_approve', id)), over());

    expect(status).toBe(401);
    expect(await view(id)).toMatchObject({ status: 'pending' });
  });

  it('whose body was changed after it was signed is refused, whatever the change', async () => {
    const id = await ask();
    const body = formOf(payload('breakwater_approve', id));
    const timestamp = now();
    const signature = signatureOf(timestamp, body, SECRET);

    for (const changed of [
      body.replace(ANN, 'U0STRANGER1'),
      `${body}&x=1`,
      ` ${body}`,
      body.replaceAll('%22', '%20%22'),
    ])
      expect((await send(changed, { timestamp, signature })).status).toBe(401);
  });

  it('that is signed and no JSON is refused', async () => {
    expect((await send('payload=nonsense')).status).toBe(400);
  });
});

describe('isFromSlack', () => {
  // The example of Slack's documentation.
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
  const signature = 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503';
  const secret = '8f742231b10e8888abcd99yyyzzz85a5';

  it('accepts the example of the documentation, in its time', () => {
    const signed = { timestamp: '1531420618', signature, body };

    expect(isFromSlack(signed, secret, 1_531_420_618_000)).toBe(true);
    expect(isFromSlack(signed, secret, 1_531_420_618_000 + 301_000)).toBe(false);
  });
});
