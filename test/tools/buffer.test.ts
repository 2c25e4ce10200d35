// Buffer's adapter against the double of its API.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { buildSchema } from 'graphql';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { schema as doubleSchema } from '../../sandbox/vendors/buffer/schema.ts';
import { newRunId, sha256, type JsonObject } from '../../src/kernel/index.ts';
import { packageRoot } from '../../src/postgres/index.ts';
import { bufferFailureOf, bufferRefusalIn } from '../../src/tools/buffer-refusal.ts';
import { createBuffer } from '../../src/tools/buffer.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { until } from '../support/until.ts';
import { anInvocation } from './an-invocation.ts';
import { openSandboxWorld, type Call } from './sandbox-world.ts';
import { answerJson, startVendor, type Respond } from './vendor-server.ts';

const LINKEDIN = '65f0c0de65f0c0de65f0c101';
const TWITTER = '65f0c0de65f0c0de65f0c102';
const schedule: Call = { action: 'schedule_post', args: { text: 'Spring is here' } };
const later = new Date(Date.now() + 3_600_000).toISOString();

const openWorld = () => openSandboxWorld(createBuffer());

const remarks: Record<string, JsonObject> = {
  'chosen by us': {},
  'given, with a channel': { due_at: later, channel_id: TWITTER },
};

describe('schedule_post', () => {
  it('schedules ten minutes ahead on the first channel by default', async () => {
    const now = Date.now();
    await using world = await openSandboxWorld(createBuffer({ now: () => now }));

    const { id, due_at = null, ...rest } = await world.done(schedule);

    expect(rest).toEqual({ channel_id: LINKEDIN, text: 'Spring is here', status: 'scheduled' });
    expect(Math.abs(Date.parse(z.string().parse(due_at)) - now - 600_000)).toBeLessThan(1_000);
    expect(await world.standing()).toMatchObject([
      { kind: 'post', id, data: { text: 'Spring is here', service: 'linkedin', status: 'scheduled', due_at } },
    ]);
  });

  it('schedules for the time and the channel given, with pictures', async () => {
    await using world = await openWorld();
    const image_urls = ['https://cdn.acme.example/spring.png'];

    await world.done({ ...schedule, args: { text: 'x', due_at: later, channel_id: TWITTER, image_urls } });

    expect(await world.standing()).toMatchObject([{ data: { due_at: later, service: 'twitter', images: image_urls } }]);
  });

  it('takes a time of null for none', async () => {
    await using world = await openWorld();
    expect(await world.done({ ...schedule, args: { text: 'x', due_at: null } })).toMatchObject({ status: 'scheduled' });
  });

  it.each(Object.keys(remarks))('makes one post when the answer is lost, its time %s', async (time) => {
    await using world = await openWorld();
    const call = { ...schedule, args: { ...schedule.args, ...remarks[time] } };
    // The first two requests find the channel, unless it is given.
    const spared = time === 'chosen by us' ? 2 : 0;
    if (spared > 0) await world.fault({ fault: 'delay', delayMs: 1, times: spared });
    await world.fault({ fault: 'reset_after_effect', times: 1 });

    const first = await world.call(call);
    const second = await world.call({ ...call, suspect: true });

    expect(first).toMatchObject({ ok: false, error: { code: 'BUFFER_NO_ANSWER', retryable: true, unknown: true } });
    const [post, ...others] = await world.created();
    expect(second).toMatchObject({ ok: true, value: { id: post?.id } });
    expect(others).toEqual([]);
  });

  it('takes no other post for its own', async () => {
    await using world = await openWorld();
    await world.done(schedule);

    const others: JsonObject[] = [
      { text: 'Summer is here' },
      { ...schedule.args, channel_id: TWITTER },
      { ...schedule.args, due_at: later },
    ];
    for (const args of others) expect(await world.probe({ ...schedule, args })).toEqual({ found: 'nothing' });
    expect(await world.probe({ ...schedule, key: sha256('another act') })).toEqual({ found: 'nothing' });
    expect(await world.probe({ ...schedule, args: { text: 'Spring is here\n' } })).toMatchObject({ found: 'effect' });
  });

  it('finds its post behind a hundred others', async () => {
    await using world = await openWorld();
    const { id } = await world.done(schedule);
    for (let index = 0; index < 101; index += 1) {
      await world.done({
        ...schedule,
        args: { text: `Post ${index}`, channel_id: LINKEDIN },
        key: sha256(String(index)),
      });
    }
    expect(await world.probe(schedule)).toMatchObject({ found: 'effect', value: { id } });
  });

  it('reads no post from before its run', async () => {
    await using world = await openWorld();

    await world.registry.invoke(
      anInvocation({ tool: 'buffer', ...schedule, suspect: true, runId: newRunId(Date.now()) }),
    );

    const search = (await world.calls()).find(({ body }) => JSON.stringify(body).includes('query Posts'));
    const start = z.object({ start: z.string() });
    const filter = z.object({ filter: z.object({ createdAt: start }) });
    const body = z.object({ variables: z.object({ input: filter }) }).parse(search?.body);
    const ago = Date.now() - Date.parse(body.variables.input.filter.createdAt.start);
    expect(ago).toBeGreaterThanOrEqual(10 * 60_000);
    expect(ago).toBeLessThan(11 * 60_000);
  });

  it.each([
    [{ text: 'x'.repeat(281), channel_id: TWITTER }, 'BUFFER_INVALID_INPUT', /longer than 280/],
    [{ text: 'x', due_at: '2020-01-01T00:00:00Z' }, 'BUFFER_INVALID_INPUT', /in the future/],
    [{ text: 'x', channel_id: 'nowhere' }, 'BUFFER_NOT_FOUND', /Channel not found/],
  ])('is refused once and for all: %j', async (args, code, message) => {
    await using world = await openWorld();

    const outcome = await world.call({ ...schedule, args });

    expect(outcome).toMatchObject({ ok: false, error: { code, kind: 'ours', retryable: false, unknown: false } });
    expect(outcome).toHaveProperty('error.message', expect.stringMatching(message));
    expect(await world.probe({ ...schedule, args })).toEqual({ found: 'nothing' });
  });

  it('keeps the wait that stands in the body', async () => {
    await using world = await openWorld();
    await world.fault({ fault: 'status', status: 429, times: 1 });
    expect(await world.call(schedule)).toMatchObject({
      error: { code: 'BUFFER_429', kind: 'rate_limit', retryAfterMs: 1_000, unknown: false },
    });
  });

  it('cannot be looked for while Buffer is down, so nothing is posted', async () => {
    await using world = await openWorld();
    await world.fault({ fault: 'status', status: 503, times: 1 });

    expect(await world.call({ ...schedule, suspect: true })).toMatchObject({
      error: { code: 'BUFFER_503', retryable: true, unknown: true },
    });
    expect(await world.created()).toEqual([]);
  });
});

describe('delete_post', () => {
  it.each(['known', 'unknown'])('takes a post back whose outcome is %s, once or twice', async (outcome) => {
    for (const more of Object.values(remarks)) {
      await using world = await openWorld();
      const act = { ...schedule, args: { ...schedule.args, ...more }, undoAction: 'delete_post' };
      const result = await world.done(act);
      const undone = { ...act, ...(outcome === 'known' && { result }) };

      expect(await world.undo(undone)).toEqual({ ok: true, value: { deleted: true } });
      expect(await world.undo(undone)).toEqual({ ok: true, value: { deleted: false } });
      expect(await world.standing()).toEqual([]);
    }
  });

  it('leaves the same words of another act', async () => {
    await using world = await openWorld();
    await world.done({ ...schedule, key: sha256('another act') });

    expect(await world.undo({ ...schedule, undoAction: 'delete_post' })).toEqual({
      ok: true,
      value: { deleted: false },
    });
    expect(await world.standing()).toHaveLength(1);
  });

  it('says so when the post is out', async () => {
    await using world = await openWorld();
    const dueAt = new Date(Date.now() + 50).toISOString();
    const { id = null } = await world.done({ ...schedule, args: { text: 'x', due_at: dueAt } });
    await until(async () => (await world.standing())[0]?.data['status'] === 'sent', { what: 'the post to go out' });

    expect(await world.call({ action: 'delete_post', args: { id } })).toMatchObject({
      error: { code: 'BUFFER_ALREADY_SENT', retryable: false, unknown: false },
    });
  });

  it('needs to know which', async () => {
    await using world = await openWorld();
    expect(await world.call({ action: 'delete_post', args: { text: 'x' } })).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('needs id, or text and scheduled_by') },
    });
  });
});

describe('list_channels', () => {
  it('says which can be posted to', async () => {
    await using world = await openWorld();
    expect(await world.done({ action: 'list_channels', args: {} })).toEqual({
      channels: [
        { id: LINKEDIN, name: 'Acme', service: 'linkedin', can_post: true },
        { id: TWITTER, name: '@acme', service: 'twitter', can_post: true },
        { id: '65f0c0de65f0c0de65f0c103', name: '@acme@mastodon.example', service: 'mastodon', can_post: false },
      ],
    });
  });
});

describe('an error inside an answer of 200', () => {
  async function outcomeOf(respond: Respond) {
    await using vendor = await startVendor(respond);
    const tool = createBuffer();
    const registry = createRegistry(
      [tool],
      connectTools([tool], { BUFFER_TOKEN: 'b-1234', BUFFER_BASE_URL: vendor.url }),
    );
    try {
      return await registry.invoke(
        anInvocation({ tool: 'buffer', ...schedule, args: { text: 'x', channel_id: LINKEDIN } }),
      );
    } finally {
      await registry.close();
    }
  }
  const failed = (code: string, more = {}) => ({
    data: null,
    errors: [{ message: 'No', extensions: { code, ...more } }],
  });
  const refused = (__typename: string) => ({ data: { createPost: { __typename, message: 'No' } } });

  it.each([
    [failed('UNAUTHORIZED'), 'BUFFER_UNAUTHORIZED', 'ours', false, false],
    [failed('NOT_FOUND'), 'BUFFER_NOT_FOUND', 'ours', false, false],
    [failed('RATE_LIMIT_EXCEEDED'), 'BUFFER_RATE_LIMIT_EXCEEDED', 'rate_limit', true, false],
    [failed('INTERNAL_SERVER_ERROR'), 'BUFFER_INTERNAL_SERVER_ERROR', 'theirs', true, true],
    [{ errors: [{ message: 'No' }] }, 'BUFFER_ERROR', 'theirs', true, true],
    [refused('InvalidInputError'), 'BUFFER_INVALID_INPUT', 'ours', false, false],
    [refused('LimitReachedError'), 'BUFFER_LIMIT_REACHED', 'ours', false, false],
    [refused('UnexpectedError'), 'BUFFER_UNEXPECTED', 'theirs', true, true],
    [refused('RestProxyError'), 'BUFFER_REST_PROXY', 'theirs', true, true],
    [refused('ErrorOfTomorrowError'), 'BUFFER_ERROR_OF_TOMORROW', 'theirs', true, true],
  ])('%j is %s', async (body, code, kind, retryable, unknown) => {
    expect(await outcomeOf(answerJson(200, body))).toMatchObject({
      ok: false,
      error: { code, kind, retryable, unknown, message: expect.stringContaining('No') },
    });
  });

  it.each([[{ data: {} }], [{ errors: [] }], ['<html>'], [null]])(
    'is not seen in %j, which is malformed',
    async (body) => {
      expect(bufferRefusalIn(body)).toBeUndefined();
      expect(await outcomeOf(answerJson(200, body))).toMatchObject({
        error: { code: 'BUFFER_MALFORMED', unknown: true },
      });
    },
  );

  it('asks for no wait that is none', () => {
    expect(bufferFailureOf(429, {}, failed('RATE_LIMIT_EXCEEDED', { retryAfter: 900 }))).toEqual({
      retryAfterMs: 900_000,
    });
    expect(bufferFailureOf(429, {}, failed('RATE_LIMIT_EXCEEDED'))).toBeUndefined();
    expect(bufferFailureOf(502, {}, '<html>')).toBeUndefined();
  });
});

const DESCRIPTION = join(packageRoot(), '..', 'shared', 'vendor-contracts', 'buffer.graphql');
const described = existsSync(DESCRIPTION);
const note = described ? '' : ' (skipped: no description in ../shared/vendor-contracts)';

describe.runIf(described)(`Buffer's own schema${note}`, () => {
  const vendorSchema = buildSchema(described ? readFileSync(DESCRIPTION, 'utf8') : 'type Query { none: Int }');

  it('has whatever the double has, under the same types', () => {
    const own = Object.values(doubleSchema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
    const fieldsOf = (type: object | undefined): Record<string, string> => {
      const fields =
        type && 'getFields' in type ? (type as { getFields(): Record<string, { type: unknown }> }).getFields() : {};
      return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, String(field.type)]));
    };
    for (const type of own) {
      const theirs = vendorSchema.getType(type.name);
      expect(theirs?.constructor.name, type.name).toBe(type.constructor.name);
      expect(fieldsOf(theirs), type.name).toMatchObject(fieldsOf(type));
    }
  });
});
