// SendGrid's adapter against the double of its API.
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../src/kernel/index.ts';
import { createSendgrid } from '../../src/tools/sendgrid.ts';
import { until } from '../support/until.ts';
import { KEY, openSandboxWorld, type Call } from './sandbox-world.ts';

const campaign = {
  name: 'Spring',
  subject: 'It is spring',
  html: '<p>Hello</p>',
  all: true,
  sender_id: 1,
  suppression_group_id: 1,
};
const send: Call = { action: 'send_campaign', args: campaign };
const NAME = `Spring [bw:${KEY.slice(0, 12)}]`;

const openWorld = () => openSandboxWorld(createSendgrid());

describe('send_campaign', () => {
  it('creates a Single Send and schedules it ten minutes ahead by default', async () => {
    const now = Date.now();
    await using world = await openSandboxWorld(createSendgrid({ now: () => now }));

    const sent = await world.done(send);

    expect(sent).toMatchObject({ name: NAME, status: 'scheduled', send_at: new Date(now + 600_000).toISOString() });
    expect(await world.standing()).toMatchObject([
      { kind: 'campaign', id: sent['id'], data: { name: NAME, status: 'scheduled' } },
    ]);
  });

  it('schedules for the time given', async () => {
    await using world = await openWorld();
    const sendAt = '2099-05-01T09:00:00Z';
    expect(await world.done({ ...send, args: { ...campaign, send_at: sendAt } })).toMatchObject({ send_at: sendAt });
  });

  it('keeps the name within a hundred characters', async () => {
    await using world = await openWorld();
    for (const name of ['🌱'.repeat(90), `x${'🌱'.repeat(90)}`]) {
      const sent = await world.done({ ...send, args: { ...campaign, name }, key: sha256(name) });
      expect(sent).toMatchObject({ name: expect.stringMatching(/^x?🌱{40,41} \[bw:[0-9a-f]{12}\]$/u) });
    }
  });

  it.each([
    ['POST', '/v3/marketing/singlesends'],
    ['PUT', '/v3/marketing/singlesends/*/schedule'],
  ])('ends with one scheduled Single Send when the answer to %s is lost', async (method, path) => {
    await using world = await openWorld();
    // The search below that path is a POST too; a glob that ends there spares it.
    await world.fault({
      match: { method, path: method === 'POST' ? '/v3/*singlesends' : path },
      fault: 'reset_after_effect',
      times: 1,
    });

    const first = await world.call(send);
    const second = await world.call({ ...send, suspect: true });

    expect(first).toMatchObject({ ok: false, error: { code: 'SENDGRID_NO_ANSWER', unknown: true } });
    expect(second).toMatchObject({ ok: true, value: { status: 'scheduled' } });
    expect(await world.created()).toMatchObject([{ data: { name: NAME, status: 'scheduled' } }]);
  });

  it("takes the account's first verified sender and default unsubscribe group when none are given", async () => {
    await using world = await openWorld();
    const { sender_id: _, suppression_group_id: __, ...rest } = campaign;

    expect(await world.call({ ...send, args: rest })).toMatchObject({ ok: true, value: { status: 'scheduled' } });
  });

  it('repeated under one key gives the same Single Send', async () => {
    await using world = await openWorld();
    expect(await world.done({ ...send, suspect: true })).toEqual(await world.done({ ...send, suspect: true }));
    expect(await world.created()).toHaveLength(1);
  });

  it('leaves the effect open when it could only be created, and is then undone by name', async () => {
    await using world = await openWorld();
    await world.fault({ match: { method: 'PUT' }, fault: 'status', status: 400, times: 1 });

    expect(await world.call(send)).toMatchObject({
      ok: false,
      error: { code: 'SENDGRID_400', retryable: false, unknown: true },
    });
    expect(await world.undo({ ...send, undoAction: 'unschedule_campaign' })).toEqual({
      ok: true,
      value: { deleted: true },
    });
    expect(await world.standing()).toEqual([]);
  });

  it('is found to have begun when only the draft is there', async () => {
    await using world = await openWorld();
    await world.fault({ match: { method: 'PUT' }, fault: 'reset', times: 1 });

    await world.call(send);

    expect(await world.probe(send)).toEqual({ found: 'partly' });
    expect(await world.undo({ ...send, undoAction: 'unschedule_campaign' })).toEqual({
      ok: true,
      value: { deleted: true },
    });
    expect(await world.probe(send)).toEqual({ found: 'nothing' });
  });

  it('asks for a body and for recipients', async () => {
    await using world = await openWorld();

    const outcome = await world.call({
      ...send,
      args: { name: 'x', subject: 'y', send_at: 'tomorrow', colour: 'red' },
    });

    expect(outcome).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENTS' } });
    expect(outcome).toHaveProperty('error.message', expect.stringMatching(/send_at.*colour/));
    expect(await world.calls()).toEqual([]);
  });

  it('keeps the wait that SendGrid asks for', async () => {
    await using world = await openWorld();
    await world.fault({ fault: 'status', status: 429, headers: { 'retry-after': '2' }, times: 1 });
    expect(await world.call(send)).toMatchObject({
      error: { code: 'SENDGRID_429', retryable: true, retryAfterMs: 2_000, unknown: false },
    });
  });

  it('cannot be looked for while SendGrid is down, so nothing is sent', async () => {
    await using world = await openWorld();
    await world.fault({ match: { path: '/v3/marketing/singlesends/search' }, fault: 'status', status: 503, times: 1 });

    const outcome = await world.call({ ...send, suspect: true });

    expect(outcome).toMatchObject({ ok: false, error: { code: 'SENDGRID_503', retryable: true, unknown: true } });
    expect(await world.created()).toEqual([]);
  });
});

describe('unschedule_campaign', () => {
  it('takes the campaign back, once or twice', async () => {
    await using world = await openWorld();
    const result = await world.done(send);

    expect(await world.undo({ ...send, undoAction: 'unschedule_campaign', result })).toEqual({
      ok: true,
      value: { deleted: true },
    });
    expect(await world.undo({ ...send, undoAction: 'unschedule_campaign', result })).toEqual({
      ok: true,
      value: { deleted: false },
    });
    expect(await world.standing()).toEqual([]);
  });

  it('finds nothing to undo when nothing was created', async () => {
    await using world = await openWorld();
    expect(await world.undo({ ...send, undoAction: 'unschedule_campaign' })).toEqual({
      ok: true,
      value: { deleted: false },
    });
  });

  it('says so when the e-mail is out already', async () => {
    await using world = await openWorld();
    const { id = null } = await world.done({
      ...send,
      args: { ...campaign, send_at: new Date(Date.now() + 50).toISOString() },
    });

    const isOut = async () => (await world.done({ ...send, suspect: true }))['status'] === 'triggered';
    await until(isOut, { what: 'the campaign to go out' });
    const outcome = await world.call({ action: 'unschedule_campaign', args: { id } });

    expect(outcome).toMatchObject({ ok: false, error: { code: 'SENDGRID_ALREADY_SENT', retryable: false } });
  });
});
