import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/kernel/index.ts';
import { openSandbox, type TestSandbox } from './open-sandbox.ts';

const SENDS = '/sendgrid/v3/marketing/singlesends';
const LIST = '0c1e7f3a-5d0b-4c38-9a44-1a6a3f0b7d01';
const NOW = Date.parse('2026-11-21T12:00:00Z');
const LATER = '2026-11-21T12:10:00Z';

const COMPLETE = {
  name: 'Spring launch [bw:0123456789ab]',
  categories: ['launch'],
  send_to: { list_ids: [LIST] },
  email_config: { subject: 'Spring', html_content: '<p>Hello</p>', sender_id: 1001, suppression_group_id: 501 },
};

interface Send {
  id: string;
  status: string;
  send_at: string | null;
}

/** A clock that stands still until it is moved. */
function stoppedClock(): Clock & { move(ms: number): void } {
  let now = NOW;
  return { now: () => now, move: (ms) => void (now += ms) };
}

const create = async (sandbox: TestSandbox, more: object = {}) =>
  (await sandbox.call<Send>('POST', SENDS, { ...COMPLETE, ...more })).body;
const schedule = (sandbox: TestSandbox, id: string, send_at = LATER) =>
  sandbox.call('PUT', `${SENDS}/${id}/schedule`, { send_at });
const fields = (reply: { body: unknown }) =>
  (reply.body as { errors: { field: string }[] }).errors.map(({ field }) => field);

describe('a Single Send', () => {
  it('is created as a draft, a new one at every request', async () => {
    await using sandbox = await openSandbox();

    const first = await sandbox.call<Send>('POST', SENDS, COMPLETE, {
      authorization: 'Bearer k',
      'idempotency-key': 'same',
    });
    const second = await sandbox.call<Send>('POST', SENDS, COMPLETE, {
      authorization: 'Bearer k',
      'idempotency-key': 'same',
    });

    expect(first).toMatchObject({ status: 201, body: { ...COMPLETE, status: 'draft', send_at: null } });
    expect(second.body.id).not.toBe(first.body.id);
    expect(await sandbox.created()).toMatchObject([
      {
        vendor: 'sendgrid',
        kind: 'campaign',
        id: first.body.id,
        key: null,
        data: { status: 'draft', subject: 'Spring' },
      },
      { vendor: 'sendgrid', kind: 'campaign', id: second.body.id, key: null },
    ]);
  });

  it.each([
    ['no name', { name: undefined }, ['name']],
    ['a name over 100 letters', { name: 'x'.repeat(101) }, ['name']],
    ['two faults at once', { name: '', send_to: { list_ids: ['newsletter'] } }, ['name', 'send_to.list_ids.0']],
  ])('is refused for %s', async (_, more, expected) => {
    await using sandbox = await openSandbox();

    const reply = await sandbox.call('POST', SENDS, { ...COMPLETE, ...more });

    expect(reply.status).toBe(400);
    expect(fields(reply)).toEqual(expected);
    expect(await sandbox.created()).toEqual([]);
  });

  it('is read, listed newest first in pages, and searched by a part of its name', async () => {
    await using sandbox = await openSandbox();
    const spring = await create(sandbox);
    const summer = await create(sandbox, { name: 'Summer', categories: [] });
    const search = async (query: object) =>
      (await sandbox.call<{ result: Send[] }>('POST', `${SENDS}/search`, query)).body.result.map(({ id }) => id);

    expect((await sandbox.call<Send>('GET', `${SENDS}/${spring.id}`)).body).toEqual(spring);
    const page = await sandbox.call<{ result: Send[]; _metadata: { next: string; count: number } }>(
      'GET',
      `${SENDS}?page_size=1`,
    );
    expect(page.body).toMatchObject({ result: [{ id: summer.id, is_abtest: false }], _metadata: { count: 2 } });
    const next = await sandbox.call<{ result: Send[] }>('GET', page.body['_metadata'].next.slice(sandbox.url.length));
    expect(next.body.result.map(({ id }) => id)).toEqual([spring.id]);
    expect(next.body).not.toHaveProperty('_metadata.next');
    expect(await search({ name: 'bw:0123' })).toEqual([spring.id]);
    expect(await search({ categories: ['launch', 'other'] })).toEqual([spring.id]);
    expect(await search({ status: ['scheduled'] })).toEqual([]);
    expect(await search({})).toEqual([summer.id, spring.id]);
  });

  it('is changed field by field', async () => {
    await using sandbox = await openSandbox();
    const { id } = await create(sandbox);

    const reply = await sandbox.call('PATCH', `${SENDS}/${id}`, { email_config: { subject: 'Edited' } });

    expect(reply).toMatchObject({
      status: 202,
      body: { name: COMPLETE.name, email_config: { ...COMPLETE.email_config, subject: 'Edited' } },
    });
    expect(await sandbox.created()).toMatchObject([{ updatedAt: expect.any(String), data: { subject: 'Edited' } }]);
  });

  it('is scheduled, unscheduled and scheduled again', async () => {
    await using sandbox = await openSandbox({ clock: stoppedClock() });
    const { id } = await create(sandbox);
    const entry = async () => (await sandbox.created())[0];

    expect(await schedule(sandbox, id)).toMatchObject({ status: 201, body: { send_at: LATER, status: 'scheduled' } });
    expect(await entry()).toMatchObject({ data: { status: 'scheduled', send_at: LATER } });

    expect(await sandbox.call('DELETE', `${SENDS}/${id}/schedule`)).toMatchObject({
      status: 200,
      body: { status: 'draft' },
    });
    expect(await entry()).toMatchObject({ deletedAt: expect.any(String), data: { status: 'draft' } });

    await schedule(sandbox, id);
    expect(await entry()).not.toHaveProperty('deletedAt');
  });

  it('is triggered when its time has come, and then it is too late', async () => {
    const clock = stoppedClock();
    await using sandbox = await openSandbox({ clock });
    const { id } = await create(sandbox);
    await schedule(sandbox, id);

    clock.move(10 * 60_000 - 1);
    expect((await sandbox.call<Send>('GET', `${SENDS}/${id}`)).body.status).toBe('scheduled');
    clock.move(1);
    expect(await sandbox.created()).toMatchObject([{ data: { status: 'triggered' } }]);

    expect((await sandbox.call<Send>('GET', `${SENDS}/${id}`)).body.status).toBe('triggered');
    expect((await sandbox.call('DELETE', `${SENDS}/${id}/schedule`)).status).toBe(400);
    expect((await sandbox.call('PATCH', `${SENDS}/${id}`, { name: 'B' })).status).toBe(400);
    expect(fields(await schedule(sandbox, id, 'now'))).toEqual(['status']);
    expect((await sandbox.created())[0]).not.toHaveProperty('deletedAt');
  });

  it('leaves at once for "now"', async () => {
    await using sandbox = await openSandbox({ clock: stoppedClock() });
    const { id } = await create(sandbox);

    expect((await schedule(sandbox, id, 'now')).status).toBe(201);

    expect((await sandbox.call<Send>('GET', `${SENDS}/${id}`)).body.status).toBe('triggered');
  });

  it.each([
    ['a time in the past', {}, '2026-11-21T12:00:00Z', ['send_at']],
    ['a time that is none', {}, 'tomorrow', ['send_at']],
    ['no recipients', { send_to: {} }, LATER, ['send_to']],
    [
      'an unknown list',
      { send_to: { list_ids: ['11111111-1111-4111-8111-111111111111'] } },
      LATER,
      ['send_to.list_ids'],
    ],
    [
      'an empty e-mail',
      { email_config: {} },
      LATER,
      ['email_config.subject', 'email_config.html_content', 'email_config.sender_id', 'email_config'],
    ],
  ])('is not scheduled for %s', async (_, more, sendAt, expected) => {
    await using sandbox = await openSandbox({ clock: stoppedClock() });
    const { id } = await create(sandbox, more);

    const reply = await schedule(sandbox, id, sendAt);

    expect(reply.status).toBe(400);
    expect(fields(reply)).toEqual(expected);
    expect((await sandbox.call<Send>('GET', `${SENDS}/${id}`)).body.status).toBe('draft');
  });

  it('is deleted once', async () => {
    await using sandbox = await openSandbox();
    const { id } = await create(sandbox);

    expect((await sandbox.call('DELETE', `${SENDS}/${id}`)).status).toBe(204);

    expect((await sandbox.call('DELETE', `${SENDS}/${id}`)).status).toBe(404);
    expect((await sandbox.call('GET', `${SENDS}/${id}`)).status).toBe(404);
    expect((await schedule(sandbox, id)).status).toBe(404);
    expect(await sandbox.created()).toMatchObject([{ deletedAt: expect.any(String) }]);
  });
});

describe('the audience', () => {
  it('has lists with their contacts', async () => {
    await using sandbox = await openSandbox();
    const marketing = '/sendgrid/v3/marketing';

    const lists = (await sandbox.call<{ result: { id: string; contact_count: number }[] }>('GET', `${marketing}/lists`))
      .body.result;
    const contacts = (
      await sandbox.call<{ result: { id: string; email: string; list_ids: string[] }[] }>(
        'GET',
        `${marketing}/contacts`,
      )
    ).body.result;

    for (const { id, contact_count } of lists) {
      expect(contacts.filter(({ list_ids }) => list_ids.includes(id))).toHaveLength(contact_count);
      expect((await sandbox.call('GET', `${marketing}/lists/${id}`)).body).toMatchObject({ id, contact_count });
    }
    const [contact] = contacts;
    expect((await sandbox.call('GET', `${marketing}/contacts/count`)).body).toMatchObject({
      contact_count: contacts.length,
    });
    expect((await sandbox.call('GET', `${marketing}/contacts/${contact?.id}`)).body).toEqual(contact);
    expect(
      (await sandbox.call('POST', `${marketing}/contacts/search/emails`, { emails: [contact?.email] })).body,
    ).toEqual({
      result: { [contact?.email ?? '']: { contact } },
    });
    expect(
      (await sandbox.call('POST', `${marketing}/contacts/search/emails`, { emails: ['nobody@example.com'] })).status,
    ).toBe(404);
    expect((await sandbox.call('GET', `${marketing}/lists/nowhere`)).status).toBe(404);
    expect((await sandbox.call('GET', `${marketing}/contacts/nowhere`)).status).toBe(404);
  });

  it('has a verified sender and an unsubscribe group, enough to schedule with', async () => {
    await using sandbox = await openSandbox({ clock: stoppedClock() });
    const senders = (
      await sandbox.call<{ results: { id: number; verified: boolean }[] }>('GET', '/sendgrid/v3/verified_senders')
    ).body.results;
    const groups = (await sandbox.call<{ id: number; is_default: boolean }[]>('GET', '/sendgrid/v3/asm/groups')).body;
    const email_config = { ...COMPLETE.email_config, sender_id: senders[0]?.id, suppression_group_id: groups[0]?.id };

    const { id } = await create(sandbox, { email_config });

    expect(senders[0]?.verified).toBe(true);
    expect((await schedule(sandbox, id)).status).toBe(201);
  });
});
