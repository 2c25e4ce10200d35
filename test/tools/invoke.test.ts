// One attempt at an action: what reaches the saga, and what never may.
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { failure, FailureError, type JsonObject } from '../../src/kernel/index.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { defineAction } from '../../src/tools/define-action.ts';
import { CANCELLED } from '../../src/tools/attempt-limits.ts';
import type { Invocation } from '../../src/tools/attempt.ts';
import { probeAction, undoArguments } from '../../src/tools/invoke.ts';
import { createRegistry, type Registry } from '../../src/tools/registry.ts';
import type { ActionSpec, Tool } from '../../src/tools/tool.ts';
import { answerJson, hangUp, startVendor, stayMute, type Respond } from './vendor-server.ts';

const made = z.object({ id: z.string() });
type Spec = ActionSpec<{ name: string }, { id: string }>;

const createThing: Spec = {
  description: 'Creates a thing.',
  input: z.strictObject({ name: z.string().min(1) }),
  output: made,
  effect: true,
  keyedBy: 'probe',
  run: (call, input) => call.http.request('POST', ['things'], { json: { ...input, key: call.key }, expect: made }),
  undo: {
    delete_thing: ({ input, result, key }) =>
      input.name === 'none' ? undefined : { id: result?.id, key, name: input.name },
  },
};
const probe: Spec['probe'] = (call) => call.http.find(['things', call.key], { expect: made });

function createTool(spec: Partial<Spec>): Tool {
  const credentials = { names: ['ACME_TOKEN', 'ACME_USER'], headers: () => ({ authorization: 'Bearer x' }) };
  const vendor = { baseUrl: 'https://acme.invalid', credentials };
  return {
    name: 'acme',
    aliases: ['acme_inc'],
    vendor,
    actions: { create_thing: defineAction({ ...createThing, ...spec }) },
  };
}

async function setup(respond: Respond, spec: Partial<Spec> = {}) {
  const vendor = await startVendor(respond);
  const tool = createTool(spec);
  const env = { ACME_TOKEN: 'tok_1234', ACME_USER: 'user', ACME_BASE_URL: vendor.url };
  const registry = createRegistry([tool], connectTools([tool], env));
  return {
    vendor,
    registry,
    invoke: (rest: Partial<Invocation> = {}) => registry.invoke(invocation(rest)),
    async [Symbol.asyncDispose]() {
      await vendor[Symbol.asyncDispose]();
      await registry.close();
    },
  };
}

function invocation(rest: Partial<Invocation> = {}): Invocation {
  const fixed = { tool: 'acme', action: 'create_thing', args: { name: 'n' }, key: 'k1', tenant: 't', runId: 'r' };
  return { ...fixed, suspect: false, timeoutMs: 5_000, ...rest };
}

function registryOf(spec: Partial<Spec>): Registry {
  const tool = createTool(spec);
  return createRegistry([tool], connectTools([tool], { ACME_TOKEN: 't', ACME_USER: 'u' }));
}

describe('invokeAction', () => {
  it('gives the parsed answer as the outcome, under the key it was given', async () => {
    await using world = await setup(answerJson(201, { id: 'x', more: true }));

    expect(await world.invoke()).toEqual({ ok: true, value: { id: 'x' } });
    expect(world.vendor.received).toMatchObject([{ method: 'POST', path: '/things', body: { name: 'n', key: 'k1' } }]);
  });

  it('names every argument that does not fit and sends nothing', async () => {
    await using world = await setup(answerJson(201, { id: 'x' }));

    const outcome = await world.invoke({ args: { name: 7, colour: 'red' } });

    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'INVALID_ARGUMENTS', kind: 'ours', retryable: false, unknown: false },
    });
    expect(outcome).toHaveProperty('error.message', expect.stringMatching(/^acme\.create_thing .*\/name: .*colour/));
    expect(world.vendor.received).toEqual([]);
  });

  it('works by alias', async () => {
    await using world = await setup(answerJson(201, { id: 'x' }));
    expect(await world.invoke({ tool: 'acme_inc' })).toMatchObject({ ok: true });
  });

  it('refuses tools and actions that do not exist, with the nearest name', async () => {
    const registry = registryOf({});
    expect(await registry.invoke(invocation({ tool: 'amce' }))).toMatchObject({
      error: { code: 'UNKNOWN_ACTION', kind: 'refused', message: 'Unknown tool "amce"; did you mean "acme"?' },
    });
    expect(await registry.invoke(invocation({ action: 'create_thin' }))).toMatchObject({
      error: { code: 'UNKNOWN_ACTION', message: expect.stringContaining('did you mean "create_thing"?') },
    });
    expect(await registry.invoke(invocation({ action: 'constructor' }))).toMatchObject({
      error: { code: 'UNKNOWN_ACTION' },
    });
  });

  it('refuses a tool that is not configured, naming what to set and the sandbox', async () => {
    const tool = createTool({});
    const registry = createRegistry([tool], connectTools([tool], { ACME_USER: 'u' }));

    const outcome = await registry.invoke(invocation());

    expect(outcome).toMatchObject({
      error: { code: 'ACME_NOT_CONFIGURED', kind: 'refused', retryable: false, unknown: false },
    });
    expect(outcome).toHaveProperty('error.message', expect.stringMatching(/set ACME_TOKEN in.*BREAKWATER_SANDBOX/));
  });
});

describe('a suspect act', () => {
  it('is not repeated when its probe finds it', async () => {
    await using world = await setup(answerJson(200, { id: 'earlier' }), { probe });

    expect(await world.invoke({ suspect: true })).toEqual({ ok: true, value: { id: 'earlier' } });
    expect(world.vendor.received).toMatchObject([{ method: 'GET', path: '/things/k1' }]);
  });

  it('is performed when its probe finds nothing, and then nothing is left open', async () => {
    await using world = await setup(
      (response, request) => answerJson(request.method === 'GET' ? 404 : 422, {})(response, request),
      { probe },
    );

    expect(await world.invoke({ suspect: true })).toMatchObject({ error: { code: 'ACME_422', unknown: false } });
    expect(world.vendor.received.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('is not performed when its probe fails, whatever the failure', async () => {
    await using world = await setup(answerJson(401, {}), { probe });

    expect(await world.invoke({ suspect: true })).toMatchObject({
      error: { code: 'ACME_401', retryable: true, unknown: true },
    });
    expect(world.vendor.received).toHaveLength(1);
  });

  it('without a probe stays open whatever the repeat answers', async () => {
    await using world = await setup(answerJson(422, {}));
    expect(await world.invoke({ suspect: true })).toMatchObject({ error: { code: 'ACME_422', unknown: true } });
    expect(await world.invoke({ suspect: false })).toMatchObject({ error: { code: 'ACME_422', unknown: false } });
  });

  it('stays open when its tool has lost its configuration', async () => {
    const tool = createTool({});
    const registry = createRegistry([tool], connectTools([tool], {}));
    expect(await registry.invoke(invocation({ suspect: true }))).toMatchObject({
      error: { code: 'ACME_NOT_CONFIGURED', unknown: true },
    });
  });
});

describe('an attempt that changed something before it failed', () => {
  it('leaves its effect open, though the last answer was a clear no', async () => {
    const run: Spec['run'] = async (call) => {
      await call.http.request('POST', ['drafts'], { json: {}, expect: made });
      return await call.http.request('PUT', ['drafts', 'x', 'send'], { json: {}, expect: made });
    };
    await using world = await setup(
      (response, request) => answerJson(request.method === 'POST' ? 201 : 400, { id: 'x' })(response, request),
      { run },
    );

    expect(await world.invoke()).toMatchObject({ error: { code: 'ACME_400', retryable: false, unknown: true } });
  });

  it('leaves nothing open when the action has no effect', async () => {
    await using world = await setup(hangUp, { effect: false });
    expect(await world.invoke()).toMatchObject({ error: { code: 'ACME_NO_ANSWER', retryable: true, unknown: false } });
  });
});

describe('time and abort', () => {
  it('an attempt over its time is a TIMEOUT with open effect', async () => {
    await using world = await setup(stayMute);
    expect(await world.invoke({ timeoutMs: 50 })).toEqual({
      ok: false,
      error: { code: 'TIMEOUT', message: 'No answer within 50ms', kind: 'timeout', retryable: true, unknown: true },
    });
  });

  it.each([
    [CANCELLED, 'CANCELLED', false],
    ['timeout', 'TIMEOUT', true],
  ])('aborted in flight for "%s" it is %s with open effect', async (reason, code, retryable) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    await using world = await setup(() => resolve());
    const controller = new AbortController();

    const outcome = world.invoke({ signal: controller.signal });
    await promise;
    controller.abort(reason);

    expect(await outcome).toMatchObject({ ok: false, error: { code, retryable, unknown: true } });
  });

  it('aborted before it starts it sends nothing and leaves nothing open', async () => {
    await using world = await setup(answerJson(201, { id: 'x' }));

    const outcome = await world.invoke({ signal: AbortSignal.abort(CANCELLED) });

    expect(outcome).toMatchObject({ ok: false, error: { code: 'CANCELLED', unknown: false } });
    expect(world.vendor.received).toEqual([]);
  });

  it('an abort that a library wraps is still an abort', async () => {
    const wrapped: Spec['run'] = async ({ signal }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(new Error('wrapped', { cause: signal.reason })), { once: true });
      return await promise;
    };
    expect(await registryOf({ run: wrapped }).invoke(invocation({ timeoutMs: 20 }))).toMatchObject({
      error: { code: 'TIMEOUT' },
    });
  });
});

describe('a heartbeat', () => {
  const LONG_MS = 60_000;
  const HEARTBEAT_MS = 200;

  it('stalls an attempt whose vendor says nothing, with open effect', async () => {
    await using world = await setup(stayMute);

    const outcome = await world.invoke({ timeoutMs: LONG_MS, heartbeatMs: HEARTBEAT_MS });

    expect(outcome).toEqual({
      ok: false,
      error: {
        code: 'STALLED',
        message: 'No sign of life for 200ms',
        kind: 'timeout',
        retryable: true,
        unknown: true,
      },
    });
  });

  it('stalls an attempt whose vendor falls silent within its answer', async () => {
    const half: Respond = (response) => void response.writeHead(200).write('{"id":');
    await using world = await setup(half);

    const outcome = await world.invoke({ timeoutMs: LONG_MS, heartbeatMs: HEARTBEAT_MS });

    expect(outcome).toMatchObject({ error: { code: 'STALLED' } });
  });

  it('lets an answer take its time as long as it trickles', async () => {
    const text = JSON.stringify({ id: 'x'.repeat(20) });
    const trickle: Respond = (response) => {
      const letters = text.split('');
      const timer = setInterval(() => {
        const letter = letters.shift();
        if (letter !== undefined) return void response.write(letter);
        clearInterval(timer);
        response.end();
      }, HEARTBEAT_MS / 4);
    };
    await using world = await setup(trickle);
    const startedAt = performance.now();

    const outcome = await world.invoke({ timeoutMs: LONG_MS, heartbeatMs: HEARTBEAT_MS });

    expect(outcome).toEqual({ ok: true, value: { id: 'x'.repeat(20) } });
    expect(performance.now() - startedAt).toBeGreaterThan(3 * HEARTBEAT_MS);
  });

  it("counts an action's own signs of life", async () => {
    const work: Spec['run'] = async ({ heartbeat, signal }) => {
      for (let step = 0; step < 12; step += 1) {
        await setTimeout(HEARTBEAT_MS / 4, undefined, { signal });
        heartbeat();
      }
      return { id: 'done' };
    };

    const outcome = await registryOf({ run: work }).invoke(invocation({ heartbeatMs: HEARTBEAT_MS }));

    expect(outcome).toEqual({ ok: true, value: { id: 'done' } });
  });

  it('does not end an attempt that has none', async () => {
    const work: Spec['run'] = async () => {
      await setTimeout(2 * HEARTBEAT_MS);
      return { id: 'done' };
    };
    expect(await registryOf({ run: work }).invoke(invocation())).toMatchObject({ ok: true });
  });
});

describe('an action that ignores its signal', () => {
  it('is left behind with open effect, and what it answers later nobody hears', async () => {
    const ended = Promise.withResolvers<void>();
    const deaf: Spec['run'] = async () => {
      await ended.promise;
      throw new TypeError('nobody hears this');
    };

    const outcome = await registryOf({ run: deaf }).invoke(invocation({ timeoutMs: 20 }));
    ended.resolve();
    await setTimeout(0);

    expect(outcome).toMatchObject({ ok: false, error: { code: 'TIMEOUT', kind: 'timeout', unknown: true } });
  });

  it('is waited for a moment', async () => {
    const late: Spec['run'] = async () => {
      await setTimeout(200);
      return { id: 'after all' };
    };

    const outcome = await registryOf({ run: late }).invoke(invocation({ timeoutMs: 20 }));

    expect(outcome).toEqual({ ok: true, value: { id: 'after all' } });
  });

  it('is waited for to its end when it works on our own database', async () => {
    const late: Spec['run'] = async () => {
      await setTimeout(1_200);
      throw new Error('the database is away');
    };
    const tool: Tool = { ...createTool({ run: late }), onOwnDatabase: true };
    const registry = createRegistry([tool], connectTools([tool], { ACME_TOKEN: 't', ACME_USER: 'u' }));

    await expect(registry.invoke(invocation({ timeoutMs: 20 }))).rejects.toThrow('the database is away');
  });
});

describe('what is thrown', () => {
  const thrower = (error: Error) => async (): Promise<never> => {
    throw error;
  };

  const throwing = (error: Error) => registryOf({ run: thrower(error) }).invoke(invocation());

  it('becomes an outcome when it is a FailureError', async () => {
    const refused = failure('OUT_OF_STOCK', 'Nothing\u0000left', { kind: 'theirs' });
    expect(await throwing(new FailureError(refused))).toEqual({
      ok: false,
      error: { ...refused, message: 'Nothing\uFFFDleft' },
    });
  });

  it('is thrown on when it is a defect or an error of our own database', async () => {
    const defect = new TypeError('x is undefined');
    const database = Object.assign(new Error('connection terminated'), { code: '57P01' });

    await expect(throwing(defect)).rejects.toBe(defect);
    await expect(throwing(database)).rejects.toBe(database);
  });

  it('is thrown on even while the attempt is being aborted', async () => {
    const defect = new TypeError('x is undefined');
    const run: Spec['run'] = async ({ signal }) => {
      const { promise, reject } = Promise.withResolvers<never>();
      signal.addEventListener('abort', () => reject(defect), { once: true });
      return await promise;
    };
    await expect(registryOf({ run }).invoke(invocation({ timeoutMs: 20 }))).rejects.toBe(defect);
  });

  it('is thrown on when a tool without a vendor asks for HTTP', async () => {
    const tool: Tool = { name: 'acme', actions: { create_thing: defineAction(createThing) } };
    const registry = createRegistry([tool], connectTools([tool], {}));
    await expect(registry.invoke(invocation())).rejects.toThrow('declares no vendor');
  });
});

describe('an answer', () => {
  const answering = (value: unknown, output: z.ZodType = z.unknown()) => {
    const { description, input, effect, keyedBy } = createThing;
    const action = defineAction({ description, input, effect, keyedBy, output, run: () => Promise.resolve(value) });
    const tool: Tool = { name: 'acme', actions: { create_thing: action } };
    return createRegistry([tool], connectTools([tool], {})).invoke(invocation());
  };

  it("that breaks the action's promise is malformed and leaves the effect open", async () => {
    expect(await answering({ id: 7 }, made)).toMatchObject({
      error: { code: 'ACME_MALFORMED', retryable: true, unknown: true },
    });
  });

  it('over 1 MiB is refused and leaves the effect open', async () => {
    expect(await answering('x'.repeat(1024 * 1024))).toMatchObject({
      error: { code: 'TOO_LARGE', retryable: false, unknown: true },
    });
    expect(await answering('x'.repeat(1024 * 1024 - 2))).toMatchObject({ ok: true });
  });

  it('nested beyond 64 levels is refused', async () => {
    expect(await answering(JSON.parse('['.repeat(70) + ']'.repeat(70)))).toMatchObject({
      error: { code: 'TOO_LARGE' },
    });
  });

  it('is stored without what Postgres cannot hold', async () => {
    expect(await answering({ a: 'x\u0000y' })).toEqual({ ok: true, value: { a: 'x\uFFFDy' } });
  });
});

describe('probeAction', () => {
  const ask = (registry: Registry) => probeAction(registry, invocation());

  it('tells effect, nothing, no probe and failure apart, and never acts', async () => {
    await using there = await setup(answerJson(200, { id: 'x' }), { probe });
    await using absent = await setup(answerJson(404, {}), { probe });
    await using down = await setup(answerJson(503, {}), { probe });
    await using blind = await setup(answerJson(200, { id: 'x' }));

    expect(await ask(there.registry)).toEqual({ found: 'effect', value: { id: 'x' } });
    expect(await ask(absent.registry)).toEqual({ found: 'nothing' });
    expect(await ask(down.registry)).toMatchObject({ found: 'failed', error: { code: 'ACME_503', retryable: true } });
    expect(await ask(blind.registry)).toEqual({ found: 'no_probe' });
    for (const { vendor } of [there, absent, down, blind])
      expect(vendor.received.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('fails when it may not even ask', async () => {
    expect(await probeAction(registryOf({ probe }), invocation({ args: {} }))).toMatchObject({
      found: 'failed',
      error: { code: 'INVALID_ARGUMENTS' },
    });
  });
});

describe('undoArguments', () => {
  const undo = (input: JsonObject, result?: JsonObject) =>
    undoArguments(registryOf({}), {
      tool: 'acme',
      action: 'create_thing',
      undoAction: 'delete_thing',
      input,
      result,
      key: 'k',
    });

  it('are made from input, result and key', () => {
    expect(undo({ name: 'n' }, { id: 'x' })).toEqual({ id: 'x', key: 'k', name: 'n' });
  });

  it('do without the result when it is unknown or no longer fits', () => {
    expect(undo({ name: 'n' })).toEqual({ key: 'k', name: 'n' });
    expect(undo({ name: 'n' }, { renamed: 'x' })).toEqual({ key: 'k', name: 'n' });
  });

  it('are absent when there is nothing to undo', () => {
    expect(undo({ name: 'none' })).toBeUndefined();
    expect(undo({ wrong: 'arguments, never sent' })).toBeUndefined();
  });

  it('refuse an action that does not exist', () => {
    const act = { tool: 'acme', action: 'gone', undoAction: 'x', input: {}, key: 'k' };
    expect(() => undoArguments(registryOf({}), act)).toThrow(FailureError);
  });
});
