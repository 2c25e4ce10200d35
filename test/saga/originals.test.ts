// Faults that saga engines are known for, one a test: each shows what this one does instead.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSlots } from '../../src/resilience/index.ts';
import type { EffectView } from '../../src/runs/index.ts';
import { atOnce } from '../runs/live/flow.ts';
import type { Flow, Part } from '../runs/live/flow.ts';
import { startLiveApp } from '../runs/live/live-app.ts';
import type { LiveApp } from '../runs/live/live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('saga_originals');
});
afterAll(async () => await live.stop());

const refusal = { fault: 'status', status: 422 } as const;
const later = { fault: 'status', status: 503 } as const;

/** What comes after is refused: the run turns round. */
async function failing(flow: Flow, acts: readonly Part[]): Promise<Part[]> {
  await flow.strike('bad', refusal);
  return [{ id: 'only', activities: [...acts, flow.write('bad')] }];
}

async function undosOf(flow: Flow): Promise<string[]> {
  return (await flow.told()).filter((what) => what.startsWith('undo '));
}

async function refusalOf(flow: Flow, modules: readonly Part[]): Promise<string> {
  const { status, body } = await live.publish(flow.yaml(modules));
  expect(status).toBe(422);
  return JSON.stringify(body);
}

describe('compensation', () => {
  it.concurrent('that only says so: each undo is a call at the vendor, and the thing is gone', async () => {
    const flow = live.flow();

    const run = await flow.run(await failing(flow, [flow.write('a'), flow.write('b')]));

    expect(run).toMatchObject({ status: 'compensated', compensation: { compensated: 2 } });
    expect(await undosOf(flow)).toEqual(['undo b', 'undo a']);
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('that cannot be retried: it has a policy and a timeout of its own', async () => {
    const flow = live.flow();
    await flow.strike('refusing', { ...later, times: 2 }, 'DELETE');
    await flow.strike('hanging', { fault: 'hang', times: 1 }, 'DELETE');
    const undo = { action: 'delete_file', timeout: '3s', retry: atOnce(3) };

    const acts = ['refusing', 'hanging'].map((name) => flow.write(name, { compensation: undo }));
    const run = await flow.run(await failing(flow, acts));

    expect(run.status).toBe('compensated');
    const undos = await undosOf(flow);
    expect(undos.filter((what) => what === 'undo refusing')).toHaveLength(3);
    expect(undos.filter((what) => what === 'undo hanging')).toHaveLength(2);
  });

  it.concurrent('that failed and is reported as done: the run ends compensation_failed and names it', async () => {
    const flow = live.flow();
    await flow.strike('stays', refusal, 'DELETE');

    const id = await flow.start(await failing(flow, [flow.write('goes'), flow.write('stays')]));

    expect(await flow.end(id)).toMatchObject({
      status: 'compensation_failed',
      compensation: {
        total: 2,
        compensated: 1,
        failed: 1,
        failures: [{ node: 'only.stays', error: { code: 'GITHUB_422' } }],
      },
    });
    expect(await flow.statuses(id)).toMatchObject({ 'only.stays': 'compensation_failed', 'only.goes': 'compensated' });
  });

  it.concurrent('that nobody declared and is reported as done: nothing undone is failed, and half is no whole', async () => {
    const [none, half] = [live.flow(), live.flow()];
    const bare = { compensation: undefined };

    const [undone, halfDone] = await Promise.all([
      none.run(await failing(none, [none.write('a', bare)])),
      half.run(await failing(half, [half.write('a', bare), half.write('b')])),
    ]);

    expect(undone.status).toBe('failed');
    expect(halfDone).toMatchObject({
      status: 'compensation_failed',
      compensation: { compensated: 1, standing: ['only.a'] },
    });
  });

  it.concurrent('without a handler: it is refused before anything runs', async () => {
    const flow = live.flow();

    const told = await refusalOf(flow, [
      { id: 'only', activities: [flow.write('a', { compensation: 'unwrite_file' })] },
    ]);

    expect(told).toContain('unwrite_file');
  });

  it.concurrent('counted by what is declared: the counts are what the vendor saw', async () => {
    const flow = live.flow();
    const { id, compensation } = await flow.run(
      await failing(flow, [flow.write('a'), flow.write('skipped', { when: 'false' }), flow.write('b')]),
    );

    const created = (await live.sandbox.created()).filter(({ data }) =>
      JSON.stringify(data['path']).includes(`${flow.name}/`),
    );
    expect(compensation).toMatchObject({ total: 2, compensated: 2, failed: 0 });
    expect(created.filter(({ deletedAt }) => deletedAt)).toHaveLength(2);
    expect(await flow.statuses(id)).toMatchObject({ 'only.skipped': 'skipped', 'only.bad': 'failed' });
  });

  it.concurrent('registered only after success: what landed without an answer is found and undone', async () => {
    const flow = live.flow();
    await flow.strike('landed', { fault: 'reset_after_effect' });

    const run = await flow.run([{ id: 'only', activities: [flow.write('landed')] }]);

    expect(run).toMatchObject({ status: 'compensated', compensation: { total: 1, compensated: 1 } });
    expect(await undosOf(flow)).toEqual(['undo landed']);
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('of the act that failed: what certainly did nothing is not undone', async () => {
    const flow = live.flow();

    await flow.run(await failing(flow, [flow.write('a')]));

    expect(await undosOf(flow)).toEqual(['undo a']);
  });

  it.concurrent('of what a repeat found done: it is undone like what was done at once', async () => {
    const flow = live.flow();
    await flow.strike('found', { fault: 'reset_after_effect', times: 1 });

    const run = await flow.run(await failing(flow, [flow.write('found', { retry: atOnce(2) })]));

    expect(run.status).toBe('compensated');
    expect((await flow.told()).filter((what) => what === 'write found')).toHaveLength(1);
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('under a key that is a template: keys are made, handed to the vendor, stored, and an undo has its own', async () => {
    const flow = live.flow();
    const { id } = await flow.run(await failing(flow, [flow.write('a')]));

    const [did, undid] = [await flow.act('write a'), await flow.act('undo a')];
    const { body } = await live.call<{ items: EffectView[] }>('GET', `/v1/runs/${id}/effects?limit=200`);
    expect(did.key).toMatch(/^[0-9a-f]{40}$/);
    expect(undid.key).toMatch(/^[0-9a-f]{40}$/);
    expect(undid.key).not.toBe(did.key);
    expect(body.items.find(({ node }) => node === 'only.a')?.key).toBe(did.key);
  });

  it.concurrent('of everything because something optional failed: an optional failure undoes nothing', async () => {
    const flow = live.flow();
    await flow.strike('maybe', refusal);

    const run = await flow.run([
      { id: 'only', activities: [flow.write('a'), flow.write('maybe', { optional: true }), flow.write('b')] },
    ]);

    expect(run.status).toBe('succeeded');
    expect(await undosOf(flow)).toEqual([]);
    expect(await flow.files()).toEqual(['a', 'b']);
  });

  it.concurrent('after the work, because the result misses something: the run fails and is taken back', async () => {
    const flow = live.flow();

    const run = await flow.run([{ id: 'only', activities: [flow.write('a')] }], {
      input: {},
      output: { url: '${{ input.nowhere }}' },
    });

    expect(run).toMatchObject({ status: 'compensated', error: { node: 'output', code: 'EXPRESSION' } });
    expect(await flow.files()).toEqual([]);
  });
});

describe('the graph', () => {
  it.concurrent('with a cycle, or a dependency that is not there: refused when it is published', async () => {
    const flow = live.flow();

    const cyclic = await refusalOf(flow, [
      { id: 'a', depends_on: ['b'], activities: [] },
      { id: 'b', depends_on: ['a'], activities: [] },
    ]);
    const dangling = await refusalOf(flow, [{ id: 'a', depends_on: ['gone'], activities: [] }]);

    expect(cyclic).toContain('cycle in depends_on: a -> b -> a');
    expect(dangling).toContain('unknown module \\"gone\\"');
  });

  it.concurrent('behind a failure, of which only the next node is skipped: none behind it runs, all the way down', async () => {
    const flow = live.flow();
    await flow.strike('a', refusal);

    const id = await flow.start([
      { id: 'one', activities: [flow.write('a')] },
      { id: 'two', depends_on: ['one'], activities: [flow.write('b')] },
      { id: 'three', depends_on: ['two'], activities: [flow.write('c')] },
    ]);

    expect((await flow.end(id)).finishedAt).toBeDefined();
    expect(await flow.statuses(id)).toEqual({ 'one.a': 'failed', 'two.b': 'skipped', 'three.c': 'skipped' });
    expect(await flow.told()).toEqual(['write a']);
  });

  it.concurrent('with barriers nobody asked for: what is ready begins while a slow sibling is under way', async () => {
    const flow = live.flow();
    await flow.slow('slow', 1_500);

    const id = await flow.start([
      { id: 'quick', activities: [flow.write('quick')] },
      { id: 'slow', activities: [flow.write('slow')] },
      { id: 'next', depends_on: ['quick'], activities: [flow.write('next')] },
    ]);

    await flow.end(id);
    const { 'next.next': next, 'slow.slow': slow } = await flow.nodes(id);
    expect(next!.finished_at!.getTime()).toBeLessThan(slow!.finished_at!.getTime());
  });

  it.concurrent('whose references stay text: they are filled in with what acts answered', async () => {
    const flow = live.flow();
    const second = flow.write('b');

    const run = await flow.run(
      [
        {
          id: 'only',
          activities: [
            flow.write('a'),
            { ...second, with: { ...(second['with'] as Part), content: 'after {{ outputs.only.a.path }}' } },
          ],
        },
      ],
      { output: '${{ outputs.only.a.path }}' },
    );

    expect(run.output).toBe(`${flow.name}/a`);
    const written = (await live.sandbox.created()).find(({ data }) => data['path'] === `${flow.name}/b`);
    expect(written?.data['content']).toBe(`after ${flow.name}/a`);
  });
});

describe('a failure', () => {
  it.concurrent('of the vendor taken for success: an error answer fails the act', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 500 });

    const run = await flow.run([{ id: 'only', activities: [flow.write('a')] }]);

    expect(run).toMatchObject({ status: 'failed', error: { code: 'GITHUB_500', node: 'only.a' } });
  });

  it.concurrent('by timeout, neither tried again nor counted: it is both', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'hang', times: 1 });

    const id = await flow.start([{ id: 'only', activities: [flow.write('a', { timeout: '2s', retry: atOnce(2) })] }]);

    expect((await flow.end(id)).status).toBe('succeeded');
    expect((await flow.nodes(id))['only.a']).toMatchObject({ attempts: '2', status: 'completed' });
  });

  it.concurrent('without an end: a run that fails has a time at which it ended', async () => {
    const flow = live.flow();
    const run = await flow.run(await failing(flow, []));

    expect(run.status).toBe('failed');
    expect(Date.parse(run.finishedAt!)).toBeGreaterThanOrEqual(Date.parse(run.startedAt));
  });

  it.concurrent('of a run past its limit: the limit of the whole run is kept', async () => {
    const flow = live.flow();

    const run = await flow.run(
      [
        { id: 'only', activities: [flow.write('a')] },
        { id: 'hold', type: 'wait', depends_on: ['only'], wait: { for: '1h' } },
      ],
      { timeout: '3s' },
    );

    expect(run).toMatchObject({ status: 'compensated', cause: 'timeout', error: { code: 'RUN_TIMEOUT' } });
  });
});

describe('retries', () => {
  it.concurrent.each([1, 2, 3])(
    'that count an attempt twice: max_attempts %i is so many executions',
    async (attempts) => {
      const flow = live.flow();
      await flow.strike('a', later);

      const run = await flow.run([{ id: 'only', activities: [flow.write('a', { retry: atOnce(attempts) })] }]);

      expect(run.status).toBe('failed');
      expect(run.attempts).toBe(attempts);
      expect(await flow.told()).toHaveLength(attempts);
    },
  );

  it.concurrent('at once where a back-off is promised: each wait is as long as the policy says, and up to a quarter more', async () => {
    const flow = live.flow();
    await flow.strike('a', { ...later, times: 2 });
    const retry = { strategy: 'exponential', initial_interval: '400ms', backoff: 3, max_attempts: 3 };

    await flow.run([{ id: 'only', activities: [flow.write('a', { retry })] }]);

    const [first, second, third] = (await flow.acts()).map(({ atMs }) => atMs);
    expect(second! - first!).toBeGreaterThanOrEqual(395);
    expect(third! - second!).toBeGreaterThanOrEqual(1_195);
    expect(third! - second!).toBeGreaterThan((second! - first!) * 1.5);
  });

  it.concurrent('by hand that run by themselves: a manual policy never tries again', async () => {
    const flow = live.flow();
    await flow.strike('a', later);

    const run = await flow.run([
      { id: 'only', activities: [flow.write('a', { retry: { strategy: 'manual', max_attempts: 5 } })] },
    ]);

    expect(run.status).toBe('failed');
    expect(await flow.told()).toEqual(['write a']);
  });
});

describe('a priority', () => {
  it('that nobody reads: the most urgent takes the next free slot, and equals take turns as they came', async () => {
    const slots = createSlots(1);
    const never = new AbortController().signal;
    const order: string[] = [];
    const { promise: first, resolve: free } = Promise.withResolvers<void>();
    const holding = slots.run('normal', never, async () => await first);

    const waiting = (['low', 'normal', 'critical', 'high', 'normal', 'critical'] as const).map(
      async (priority, place) => await slots.run(priority, never, async () => void order.push(`${priority} ${place}`)),
    );
    free();
    await Promise.all([holding, ...waiting]);

    expect(order).toEqual(['critical 2', 'critical 5', 'high 3', 'normal 1', 'normal 4', 'low 0']);
  });
});

describe('a cancel', () => {
  it.concurrent('after which pending work still starts, and which the end overwrites: nothing starts, cancelled it stays', async () => {
    const flow = live.flow();
    await flow.slow('a', 1_000);
    // An act that was cut short is undone once its effect can no longer arrive.
    const id = await flow.start([{ id: 'only', activities: [flow.write('a', { timeout: '2s' }), flow.write('b')] }]);
    await flow.untilCalled('write a');

    await flow.cancel(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', cause: 'cancel' });
    expect(await flow.told()).not.toContain('write b');
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('while it runs, of which nobody can ask how it stands: a run under way can be looked at', async () => {
    const flow = live.flow();
    await flow.slow('a', 1_500);
    const id = await flow.start([{ id: 'only', activities: [flow.write('a')] }]);
    await flow.untilCalled('write a');

    const { status, body } = await live.call('GET', `/v1/runs/${id}/progress`);

    expect(status).toBe(200);
    expect(body).toMatchObject({ percentage: 0, modules: [{ id: 'only', status: 'executing' }] });
    await flow.end(id);
  });
});
