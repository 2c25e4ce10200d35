// Notes in a real Postgres: written once per effect, found by their words, taken back exactly.
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { Json, JsonObject } from '../../src/kernel/index.ts';
import { createKnex, isOwnDatabaseError } from '../../src/postgres/index.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { probeAction, undoArguments } from '../../src/tools/invoke.ts';
import { createMemory } from '../../src/tools/memory.ts';
import { createRegistry, type Registry } from '../../src/tools/registry.ts';
import { createTestDatabase } from '../support/database.ts';

const recalled = z.object({ items: z.array(z.object({ key: z.string(), content: z.unknown() })) });

let knex: Knex;
let url: string;
let registry: Registry;
let tenants = 0;

beforeAll(async () => {
  url = await createTestDatabase('memory');
  knex = createKnex(url, { max: 4, name: 'memory-test' });
  registry = registryOn(knex);
});

afterAll(async () => {
  await knex.destroy();
});

function registryOn(database: Knex): Registry {
  const tools = [createMemory(() => database)];
  return createRegistry(tools, connectTools(tools, {}));
}

/** A tenant of its own, with calls under it. */
function setup(tenant = `tenant-${++tenants}`) {
  const invocation = (action: string, args: JsonObject, key: string, suspect = false) => ({
    tool: 'memory',
    action,
    args,
    key,
    suspect,
    tenant,
    timeoutMs: 5_000,
    runId: 'run_1',
  });
  const done = async (action: string, args: JsonObject, key = 'k', suspect = false) => {
    const outcome = await registry.invoke(invocation(action, args, key, suspect));
    if (!outcome.ok) throw new Error(outcome.error.message);
    return outcome.value;
  };
  const note = (content: string, key = 'voice') => ({ namespace: 'brand', key, content });
  return {
    tenant,
    done,
    note,
    remember: (content: string, key: string, suspect = false) => done('remember', note(content), key, suspect),
    undo: async (input: JsonObject, key: string, result?: Json) => {
      const args = undoArguments(registry, {
        tool: 'memory',
        action: 'remember',
        undoAction: 'forget',
        input,
        result,
        key,
      });
      return await done('forget', args ?? {}, 'undo');
    },
    probe: (content: string, key: string) => probeAction(registry, invocation('remember', note(content), key)),
    content: async () => {
      const found = await done('recall', { namespace: 'brand', key: 'voice' });
      return recalled.parse(found).items[0]?.content;
    },
    keysFor: async (args: JsonObject): Promise<string[]> => {
      const found = await done('recall', { namespace: 'brand', ...args });
      return recalled.parse(found).items.map((item) => item.key);
    },
  };
}

describe('remember', () => {
  it('writes a note that recall finds by name', async () => {
    const { done } = setup();
    await done('remember', {
      namespace: 'brand',
      key: 'voice',
      content: { tone: 'warm' },
      metadata: { source: 'wizard' },
    });

    expect(await done('recall', { namespace: 'brand', key: 'voice' })).toEqual({
      items: [
        {
          key: 'voice',
          content: { tone: 'warm' },
          metadata: { source: 'wizard' },
          score: 1,
          updated_at: expect.any(String),
        },
      ],
    });
  });

  it('gives what it replaced', async () => {
    const { remember } = setup();
    expect(await remember('old', 'k1')).toMatchObject({ previous: null });
    expect(await remember('new', 'k2')).toMatchObject({ previous: { content: 'old', effect_key: 'k1' } });
  });

  it('repeated under one key changes nothing and gives the same answer', async () => {
    const { remember, content } = setup();
    await remember('old', 'k1');
    const first = await remember('new', 'k2');

    expect(await remember('new, again', 'k2')).toEqual(first);
    expect(await remember('new, again', 'k2', true)).toEqual(first);
    expect(await content()).toBe('new');
  });

  it('repeated after someone else wrote leaves their note', async () => {
    const { remember, content } = setup();
    await remember('mine', 'k1');
    await remember('theirs', 'k2');

    await remember('mine', 'k1');

    expect(await content()).toBe('theirs');
  });

  it('raced by twenty writers under one key writes once', async () => {
    const { remember, tenant } = setup();
    await remember('old', 'k1');

    const answers = await Promise.all(Array.from({ length: 20 }, () => remember('new', 'k2')));

    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await knex('memory').withSchema('breakwater').where({ tenant }).count()).toEqual([{ count: '1' }]);
  });

  it('refuses the reserved member of metadata', async () => {
    const { done } = setup();
    await expect(done('remember', { key: 'a', content: 1, metadata: { _replaced: 1 } })).rejects.toThrow('is reserved');
  });
});

describe('the probe of remember', () => {
  it('tells whether the write under a key happened', async () => {
    const { remember, probe } = setup();
    expect(await probe('mine', 'k1')).toEqual({ found: 'nothing' });

    await remember('mine', 'k1');
    expect(await probe('mine', 'k1')).toMatchObject({ found: 'effect', value: { key: 'voice', previous: null } });

    await remember('theirs', 'k2');
    expect(await probe('mine', 'k1')).toMatchObject({ found: 'effect' });
  });
});

describe('forget as the undo of remember', () => {
  it('removes a note that was new', async () => {
    const { remember, undo, note, content } = setup();
    const result = await remember('new', 'k1');

    expect(await undo(note('new'), 'k1', result)).toEqual({ forgotten: true });
    expect(await content()).toBeUndefined();
    expect(await undo(note('new'), 'k1', result)).toEqual({ forgotten: false });
  });

  it('puts back what was replaced, known or unknown', async () => {
    const { remember, undo, note, content } = setup();
    await remember('one', 'k1');
    const two = await remember('two', 'k2');
    await undo(note('two'), 'k2', two);
    expect(await content()).toBe('one');

    await remember('three', 'k3');
    await undo(note('three'), 'k3');
    expect(await content()).toBe('one');
  });

  it('unwinds two writes in reverse to what was there before both', async () => {
    const { remember, undo, note, content } = setup();
    await remember('zero', 'k0');
    const one = await remember('one', 'k1');
    const two = await remember('two', 'k2');

    await undo(note('two'), 'k2', two);
    await undo(note('one'), 'k1', one);

    expect(await content()).toBe('zero');
  });

  it('leaves a later note of someone else alone', async () => {
    const { remember, undo, note, content } = setup();
    const mine = await remember('mine', 'k1');
    await remember('theirs', 'k2');

    expect(await undo(note('mine'), 'k1', mine)).toEqual({ forgotten: false });
    expect(await content()).toBe('theirs');
  });

  it('does nothing for a write that never happened', async () => {
    const { undo, note } = setup();
    expect(await undo(note('never'), 'k1')).toEqual({ forgotten: false });
  });
});

describe('forget by name', () => {
  it('removes the note, whoever wrote it', async () => {
    const { remember, done, content } = setup();
    await remember('x', 'k1');

    expect(await done('forget', { namespace: 'brand', key: 'voice' })).toEqual({ forgotten: true });
    expect(await done('forget', { namespace: 'brand', key: 'voice' })).toEqual({ forgotten: false });
    expect(await content()).toBeUndefined();
  });
});

describe('recall', () => {
  it('finds notes that hold any word of the query, more of them first', async () => {
    const { done, note, keysFor } = setup();
    await done('remember', note('warm and friendly voice', 'warm'), 'k1');
    await done('remember', note('friendly', 'friendly'), 'k2');
    await done('remember', note('legal terms', 'legal'), 'k3');

    expect(await keysFor({ query: 'a warm, friendly voice?' })).toEqual(['warm', 'friendly']);
    expect(await keysFor({ query: 'nothing matches' })).toEqual([]);
  });

  it('prefers the fresher of equals', async () => {
    const { done, note, keysFor, tenant } = setup();
    await done('remember', note('brand voice', 'old'), 'k1');
    await done('remember', note('brand voice', 'new'), 'k2');
    await knex('memory')
      .withSchema('breakwater')
      .where({ tenant, key: 'old' })
      .update({ updated_at: knex.raw("clock_timestamp() - interval '90 days'") });

    expect(await keysFor({ query: 'brand' })).toEqual(['new', 'old']);
  });

  it('finds the words inside structured content', async () => {
    const { done, keysFor } = setup();
    await done('remember', { namespace: 'brand', key: 'deep', content: { parts: [{ text: 'lighthouse' }] } }, 'k1');
    expect(await keysFor({ query: 'lighthouse' })).toEqual(['deep']);
  });

  it('gives the latest notes without a query, as many as asked for', async () => {
    const { done, note, keysFor } = setup();
    for (const key of ['a', 'b', 'c']) await done('remember', note('x', key), key);
    expect(await keysFor({ limit: 2 })).toEqual(['c', 'b']);
  });

  it('takes any text for a query', async () => {
    const { keysFor } = setup();
    for (const query of [
      "it's",
      "a & b | !c <-> (d:*'",
      '\\',
      '',
      '%',
      "'; drop table breakwater.memory; --",
      'http://x/?a&b|c',
    ]) {
      expect(await keysFor({ query })).toEqual([]);
    }
  });

  it('sees neither another namespace nor another tenant', async () => {
    const one = setup();
    await one.remember('secret plan', 'k1');

    expect(await one.done('recall', { namespace: 'other', query: 'secret' })).toEqual({ items: [] });
    expect(await setup().done('recall', { namespace: 'brand', query: 'secret' })).toEqual({ items: [] });
  });
});

describe('an error of our own database', () => {
  it('never becomes an outcome', async () => {
    const broken = createKnex(url, { max: 1, name: 'memory-broken' });
    await broken.destroy();
    const severed = createKnex(new URL('/no_such_database', url).href, { max: 1, name: 'memory-severed' });
    const invocation = {
      tool: 'memory',
      action: 'recall',
      args: {},
      key: 'k',
      suspect: false,
      timeoutMs: 5_000,
      tenant: 't',
      runId: 'r',
    };

    await expect(registryOn(broken).invoke(invocation)).rejects.toThrow();
    await expect(registryOn(severed).invoke(invocation)).rejects.toSatisfy(isOwnDatabaseError);
    await severed.destroy();
  });
});
