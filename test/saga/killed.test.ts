// SIGKILL while runs go on, while they are undone and while a child run is taken back with its parent: one kill, one other process, and
// the vendor's log of calls.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createKnex } from '../../src/postgres/index.ts';
import type { RunView } from '../../src/runs/index.ts';
import { Flow } from '../runs/live/flow.ts';
import type { Part } from '../runs/live/flow.ts';
import type { LiveApp } from '../runs/live/live-app.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const LONG_MS = 600_000;
/** Asked twice, it is there twice, unless somebody looks first. */
const SAY: Part = {
  name: 'say',
  tool: 'slack',
  action: 'send_message',
  with: { channel: 'marketing-reviews', text: 'said once' },
  compensation: 'delete_message',
};
const refusal = { fault: 'status', status: 422 } as const;

let sandbox: TestSandbox;
let databaseUrl: string;
let app: AppProcess | undefined;
let flows: Record<'forward' | 'said' | 'before' | 'between' | 'parent' | 'child', Flow>;
const runIds = new Map<Flow, string>();

beforeAll(async () => {
  sandbox = await openSandbox();
  databaseUrl = await createTestDatabase('saga_killed');
  const knex = createKnex(databaseUrl, { max: 2, name: 'test' });
  // Whatever process serves at the moment.
  const live = {
    sandbox,
    databaseUrl,
    knex,
    call: async (method: string, path: string, body?: unknown) => await app!.call(method, path, body),
    publish: async (yaml: string) =>
      await app!.call('POST', '/v1/definitions', yaml, { 'content-type': 'application/yaml' }),
  } as unknown as LiveApp;
  const flow = (name: string) => new Flow(live, name);
  flows = {
    forward: flow('forward'),
    said: flow('said'),
    before: flow('before'),
    between: flow('between'),
    parent: flow('parent'),
    child: flow('child'),
  };
  app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
  await startAll();
  await app.kill();
  await sandbox.call('DELETE', '/_faults');
  app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });
}, 120_000);
afterAll(async () => {
  await app?.stop();
  await sandbox[Symbol.asyncDispose]();
});

/** Each comes to the point at which the process dies. */
async function startAll(): Promise<void> {
  const { forward, said, before, between, parent, child } = flows;
  await forward.strike('b', { fault: 'delay', delayMs: LONG_MS });
  await sandbox.fault({ vendor: 'slack', match: { path: '/api/chat.postMessage' }, fault: 'delay', delayMs: LONG_MS });
  for (const flow of [before, between, parent]) await flow.strike('bad', refusal);
  await before.strike('b', { fault: 'hang' }, 'DELETE');
  await between.strike('b', { fault: 'delay', delayMs: LONG_MS }, 'DELETE');
  await child.strike('two', { fault: 'delay', delayMs: LONG_MS }, 'DELETE');
  await child.publish([{ id: 'only', activities: [child.write('one'), child.write('two')] }]);
  await begin(forward, [{ id: 'only', activities: [forward.write('a'), forward.write('b'), forward.write('c')] }]);
  await begin(said, [{ id: 'only', activities: [SAY] }]);
  for (const flow of [before, between]) {
    const undo = { compensation: 'delete_file' };
    await begin(flow, [{ id: 'only', activities: [flow.write('a', undo), flow.write('b', undo), flow.write('bad')] }]);
  }
  await begin(parent, [
    { id: 'before', activities: [parent.write('out')] },
    { id: 'inner', type: 'workflow', depends_on: ['before'], workflow: 'child' },
    { id: 'after', depends_on: ['inner'], activities: [parent.write('bad')] },
  ]);
  await Promise.all([
    forward.untilCalled('write b'),
    until(async () => (await messages()) === 1, { what: 'the message to be there' }),
    before.untilCalled('undo b'),
    between.untilCalled('undo b'),
    child.untilCalled('undo two'),
  ]);
}

async function messages(): Promise<number> {
  return (await sandbox.created()).filter(({ kind }) => kind === 'message').length;
}

async function begin(flow: Flow, modules: readonly Part[]): Promise<void> {
  runIds.set(flow, await flow.start(modules));
}

async function endOf(flow: Flow): Promise<RunView> {
  return await until(
    async () => {
      const run = await flow.view(runIds.get(flow)!);
      return run.finishedAt !== undefined && run;
    },
    { what: `${flow.name} to end`, timeoutMs: 60_000 },
  );
}

async function times(flow: Flow, what: string): Promise<number> {
  return (await flow.told()).filter((told) => told === what).length;
}

describe('after a kill', { timeout: 90_000 }, () => {
  it('a run that is resumed repeats no act that was done, and creates nothing twice', async () => {
    const { forward } = flows;

    expect((await endOf(forward)).status).toBe('succeeded');

    expect(await times(forward, 'write a')).toBe(1);
    expect(await times(forward, 'write b')).toBe(1);
    expect(await forward.files()).toEqual(['a', 'b', 'c']);
  });

  it('an act that may have happened is looked for before it is repeated', async () => {
    expect((await endOf(flows.said)).status).toBe('succeeded');

    expect(await messages()).toBe(1);
  });

  it.each(['before', 'between'] as const)(
    '%s the effect of an undo and its record, everything is undone',
    async (point) => {
      const flow = flows[point];

      expect(await endOf(flow)).toMatchObject({ status: 'compensated', compensation: { total: 2, compensated: 2 } });

      // What it took effect for is looked up, not asked again; what never arrived is.
      expect(await times(flow, 'undo b')).toBe(point === 'before' ? 2 : 1);
      expect(await times(flow, 'undo a')).toBe(1);
      expect(await flow.files()).toEqual([]);
    },
  );

  it('a child run is taken back to its end, and its parent waits for that', async () => {
    const { parent, child } = flows;

    const run = await endOf(parent);

    expect(run).toMatchObject({ status: 'compensated', children: [{ node: 'inner', status: 'compensated' }] });
    expect(await child.files()).toEqual([]);
    expect(await parent.files()).toEqual([]);
    expect((await parent.act('undo out')).atMs).toBeGreaterThanOrEqual((await child.act('undo one')).atMs);
    expect(await times(child, 'write one')).toBe(1);
  });
});
