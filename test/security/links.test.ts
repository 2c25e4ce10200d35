// Approval links under attack, by raw HTTP: every signed field changed, cut and foreign MACs, expired and used ones, visits of scanners. Random tokens in number with `npm run test:whole`.
import { createHmac, randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getApproval, openApproval, signLink, verifyLink, type LinkClaims } from '../../src/approvals/index.ts';
import { aQuestion, insertWaitingRun } from '../approvals/an-approval.ts';
import { LINK_KEY, startTestApp, type RunningApp } from '../http/running-app.ts';
import { TRIES_ALL } from '../support/whole.ts';

let api: RunningApp;
let id: string;
let claims: LinkClaims;
let token: string;

beforeAll(async () => {
  // The probes are many, and all of one address.
  api = await startTestApp('security_links', { environment: { BREAKWATER_RATE_LIMIT: 'off' } });
  const runId = await insertWaitingRun(api.knex, 'default');
  const question = aQuestion({ tenant: 'default', runId, approvers: ['user:ann'], timeoutMs: 3_600_000 });
  const { id: approvalId, deadlineMs } = await api.knex.transaction((trx) => openApproval(trx, question));
  id = approvalId;
  claims = { tenant: 'default', runId, approvalId, approver: 'user:ann', expiresAt: new Date(deadlineMs) };
  token = signLink(claims, LINK_KEY);
});

afterAll(() => api.stop());

const submit = async (bad: string) =>
  await api.call(`/approve/${encodeURIComponent(bad)}`, {
    method: 'POST',
    key: null,
    body: 'decision=approve',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  });

async function statusesOf(tokens: readonly string[]): Promise<Map<number, number>> {
  const counts = new Map<number, number>();
  for (const bad of tokens) {
    const { status } = await submit(bad);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  return counts;
}

const isOpen = async () => (await getApproval(api.knex, 'default', id)).status === 'pending';
const split = () => token.split('.') as [string, string];
const encode = (payload: object) => Buffer.from(JSON.stringify(payload)).toString('base64url');
const payloadOf = () =>
  JSON.parse(Buffer.from(split()[0], 'base64url').toString()) as Record<string, string | number | undefined>;
const macOf = (text: string, key: string) => createHmac('sha256', key).update(text).digest('base64url');

const OTHERS: readonly (string | number | undefined)[] = [
  '',
  'x',
  'user:eve',
  'role:admin',
  '*',
  0,
  4_102_444_800_000,
  undefined,
];

describe('an approval link', () => {
  it('with any signed field changed or left out, under the old MAC, opens nothing', async () => {
    const payload = payloadOf();
    const changed = Object.keys(payload).flatMap((field) =>
      OTHERS.map((other) => `${encode({ ...payload, [field]: other })}.${split()[1]}`),
    );

    expect(changed.length).toBe(64);
    expect(await statusesOf(changed)).toEqual(new Map([[403, 64]]));
    expect(await isOpen()).toBe(true);
  });

  it('with a MAC that is cut, longer, empty or flipped anywhere opens nothing', async () => {
    const [text, mac] = split();
    const cut = Array.from({ length: mac.length }, (_, length) => `${text}.${mac.slice(0, length)}`);
    const flipped = Array.from(
      mac,
      (letter, at) => `${text}.${mac.slice(0, at)}${letter === 'A' ? 'B' : 'A'}${mac.slice(at + 1)}`,
    );
    const odd = [
      text,
      `${text}.`,
      `.${mac}`,
      `${token}A`,
      `${token}=`,
      `${token}.${mac}`,
      `${token}%00`,
      ` ${token}`,
      `${mac}.${text}`,
    ];

    const all = [...cut, ...flipped, ...odd];
    expect(await statusesOf(all)).toEqual(new Map([[403, all.length]]));
    expect(await isOpen()).toBe(true);
  });

  it('signed with any other key, or for another purpose, opens nothing', async () => {
    const payload = payloadOf();
    const keys = [
      '',
      'default',
      LINK_KEY.slice(1),
      `${LINK_KEY} `,
      LINK_KEY.toUpperCase(),
      ...Array.from({ length: 60 }, () => randomBytes(32).toString('base64url')),
    ];
    const foreign = keys.flatMap((key) => [signLink(claims, key), `${split()[0]}.${macOf(split()[0], key)}`]);
    const purposes = ['login', 'Approve', ''].map((aud) => encode({ ...payload, aud }));
    const own = purposes.map((text) => `${text}.${macOf(text, LINK_KEY)}`);

    const all = [...foreign, ...own];
    expect(await statusesOf(all)).toEqual(new Map([[403, all.length]]));
    expect(await isOpen()).toBe(true);
  });

  it('that has expired is gone, however it is asked', async () => {
    const late = [0, 1, 1_000, Date.now() - 1].map((ms) => signLink({ ...claims, expiresAt: new Date(ms) }, LINK_KEY));

    expect(await statusesOf(late)).toEqual(new Map([[410, 4]]));
    expect(await isOpen()).toBe(true);
  });

  it('for somebody who is not asked shows and decides nothing', async () => {
    for (const approver of ['user:eve', 'eve', 'role:admin', 'role:ann', 'user:']) {
      const stranger = signLink({ ...claims, approver }, LINK_KEY);
      expect((await submit(stranger)).status).toBe(403);
      expect((await api.call(`/approve/${stranger}`, { key: null })).text).not.toContain('Ship it?');
    }
    expect(await isOpen()).toBe(true);
  });

  it('speaks for its own tenant alone', async () => {
    const runId = await insertWaitingRun(api.knex, 'acme');
    const question = aQuestion({ tenant: 'acme', runId, approvers: ['user:ann'], timeoutMs: 3_600_000 });
    const { id: approvalId } = await api.knex.transaction((trx) => openApproval(trx, question));
    const theirs = { ...claims, tenant: 'acme', runId, approvalId };

    const mixed = [
      { ...claims, tenant: 'acme' },
      { ...theirs, tenant: 'default' },
      { ...theirs, runId: claims.runId },
    ];
    for (const each of mixed) expect([403, 404]).toContain((await submit(signLink(each, LINK_KEY))).status);
    expect(await isOpen()).toBe(true);
    expect((await submit(signLink(theirs, LINK_KEY))).status).toBe(200);
    expect(await getApproval(api.knex, 'acme', approvalId)).toMatchObject({ status: 'approved' });
  });

  it('decides nothing when it is fetched beforehand, and once when it is used again', async () => {
    for (let visit = 0; visit < 20; visit++) await api.call(`/approve/${token}?decision=approve`, { key: null });
    for (const method of ['HEAD', 'PUT', 'DELETE', 'PATCH']) await api.call(`/approve/${token}`, { method, key: null });
    expect(await isOpen()).toBe(true);

    const uses = [await submit(token), await submit(token), await submit(signLink(claims, LINK_KEY))];

    expect(uses.map(({ status }) => status)).toEqual([200, 409, 409]);
  });
});

describe('random tokens', () => {
  const count = TRIES_ALL ? 100_000 : 2_000;
  const keys = { current: LINK_KEY, previous: 'a-previous-key-of-ours' };

  it(`are never ours, of ${count}`, { timeout: 120_000 }, async () => {
    const random = () => `${randomBytes(240).toString('base64url')}.${randomBytes(32).toString('base64url')}`;
    for (let tried = 0; tried < count; tried += 1_000) {
      const tokens = Array.from({ length: 1_000 }, random);
      expect(tokens.filter((each) => verifyLink(each, keys, 0).valid)).toEqual([]);
      // An app runs here too, and renews its lease.
      await setImmediate();
    }
  });
});
