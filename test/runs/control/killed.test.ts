// SIGKILL in the middle of operators' verbs: before and after each commit, and while the run does what it was told.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Victim } from '../../../src/crash-test/victim.ts';
import type { RunView } from '../../../src/runs/index.ts';
import { createKnex } from '../../../src/postgres/index.ts';
import { openSandbox } from '../../sandbox/open-sandbox.ts';
import { createTestDatabase } from '../../support/database.ts';
import { Flow } from '../live/flow.ts';
import type { Part } from '../live/flow.ts';
import { ADMIN_KEY, send } from '../live/live-app.ts';
import type { FlowWorld } from '../live/live-app.ts';
import { ask } from './verbs.ts';

interface Case {
  readonly verb: string;
  readonly body?: (flow: Flow) => object;
  /** Where the process dies. */
  readonly at: readonly [phase: 'inserted' | 'before' | 'done' | 'committed', name: string];
  /** Brings the run to where the verb is used. */
  readonly prepare: (world: FlowWorld, flow: Flow) => Promise<string>;
  /** What the operator does once another process is there, the verb itself asked again where nothing was committed. */
  readonly afterwards?: readonly string[];
  readonly ends: Partial<RunView>;
  readonly files: readonly string[];
  readonly told: readonly string[];
}

const TIMEOUT_MS = 120_000;
const WAKE = 'send _::0';
const refused = { fault: 'status', status: 422, times: 1 } as const;
const review = { id: 'review', type: 'approval', approval: { title: 'Go?', approvers: ['role:admin'], timeout: '1h' } };
const pair = (flow: Flow): Part[] => [{ id: 'all', activities: [flow.write('a'), flow.write('b')] }];

async function waiting(_world: FlowWorld, flow: Flow): Promise<string> {
  const id = await flow.start([
    { id: 'before', activities: [flow.write('a')] },
    { id: 'wait', type: 'wait', depends_on: ['before'], wait: { for: '1500ms' } },
    { id: 'then', depends_on: ['wait'], activities: [flow.write('b')] },
  ]);
  await flow.untilStatus(id, 'waiting');
  return id;
}

async function paused(world: FlowWorld, flow: Flow): Promise<string> {
  const id = await flow.start([
    { id: 'before', activities: [flow.write('a')] },
    { ...review, depends_on: ['before'] },
  ]);
  await flow.untilStatus(id, 'waiting');
  await ask(world, 'pause', id);
  await flow.untilStatus(id, 'paused');
  return id;
}

async function held(_world: FlowWorld, flow: Flow): Promise<string> {
  await flow.strike('b', refused);
  const id = await flow.start(pair(flow), { on_failure: 'ask' });
  await flow.untilStatus(id, 'held');
  return id;
}

async function over(_world: FlowWorld, flow: Flow): Promise<string> {
  return (await flow.run(pair(flow))).id;
}

const retry = () => ({ node: 'all.b', decision: 'retry' });
const fromB = () => ({ node: 'all.b' });
const rewound = {
  ends: { status: 'succeeded' },
  files: ['a', 'b'],
  told: ['write a', 'write b', 'undo b', 'write b'],
} as const;

const cases: readonly Case[] = [
  {
    verb: 'pause',
    at: ['committed', WAKE],
    prepare: waiting,
    afterwards: ['resume'],
    ends: { status: 'succeeded' },
    files: ['a', 'b'],
    told: ['write a', 'write b'],
  },
  {
    verb: 'cancel',
    at: ['committed', WAKE],
    prepare: paused,
    ends: { status: 'cancelled', compensation: expect.objectContaining({ compensated: 1 }) },
    files: [],
    told: ['write a', 'undo a'],
  },
  {
    verb: 'decide',
    body: retry,
    at: ['done', 'reopen'],
    prepare: held,
    afterwards: ['decide'],
    ends: { status: 'succeeded' },
    files: ['a', 'b'],
    told: ['write a', 'write b', 'write b'],
  },
  {
    verb: 'decide',
    body: retry,
    at: ['committed', 'reopen'],
    prepare: held,
    ends: { status: 'succeeded' },
    files: ['a', 'b'],
    told: ['write a', 'write b', 'write b'],
  },
  {
    verb: 'compensate',
    at: ['done', 'undo all.b'],
    prepare: over,
    ends: { status: 'compensated' },
    files: [],
    told: ['write a', 'write b', 'undo b', 'undo a'],
  },
  { verb: 'rewind', body: fromB, at: ['committed', 'reopen'], prepare: over, ...rewound },
  { verb: 'rewind', body: fromB, at: ['done', 'undo all.b'], prepare: over, ...rewound },
  { verb: 'rewind', body: fromB, at: ['before', 'all.b'], prepare: over, ...rewound },
  {
    verb: 'fork',
    body: fromB,
    at: ['inserted', 'run'],
    prepare: over,
    ends: { status: 'succeeded' },
    files: ['a', 'b'],
    told: ['write a', 'write b'],
  },
];

describe('a verb whose process is killed', () => {
  it.concurrent.each(cases)(
    '$verb: at $at.0 $at.1 the run ends as if nothing had happened',
    async ({ verb, body, at: [phase, name], prepare, afterwards = [], ends, files, told }) => {
      await using lane = await openLane();
      const flow = new Flow(lane.world, 'flow');
      const id = await prepare(lane.world, flow);
      await lane.victim.arm({ phase, name, occurrence: 1 }, []);

      const asked = { ...body?.(flow) };
      await ask(lane.world, verb, id, asked).catch((error: unknown) => expect(String(error)).toContain('fetch failed'));
      expect(await lane.victim.ended).toMatchObject({ atBoundary: true });

      await lane.restart();
      if (verb === 'pause') expect((await flow.untilStatus(id, 'paused')).status).toBe('paused');
      for (const next of afterwards)
        expect((await ask(lane.world, next, id, next === verb ? asked : {})).status).toBe(202);

      expect(await flow.end(id)).toMatchObject(ends);
      expect(await flow.told()).toEqual(told);
      expect(await flow.files()).toEqual(files);
    },
    TIMEOUT_MS,
  );
});

async function openLane() {
  const dataDir = await mkdtemp(join(tmpdir(), 'breakwater-killed-'));
  const databaseUrl = await createTestDatabase('control_killed');
  const sandbox = await openSandbox();
  const knex = createKnex(databaseUrl, { max: 2, name: 'test' });
  const start = async (): Promise<Victim> =>
    await Victim.start({
      DBOS_SYSTEM_DATABASE_URL: databaseUrl,
      PORT: '0',
      LOG_LEVEL: 'warn',
      BREAKWATER_DATA_DIR: dataDir,
      BREAKWATER_WORKFLOWS_DIR: dataDir,
      BREAKWATER_ADMIN_KEY: ADMIN_KEY,
      BREAKWATER_SANDBOX: sandbox.url,
      BREAKWATER_LEASE_TTL: '5s',
      BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
    });
  let victim = await start();
  const world: FlowWorld = {
    sandbox,
    knex,
    call: async (method, path, body) =>
      await send(`${victim.url}${path}`, method, body === undefined ? undefined : JSON.stringify(body)),
    publish: async (yaml) =>
      await send(`${victim.url}/v1/definitions`, 'POST', yaml, { 'content-type': 'application/yaml' }),
  };
  return {
    world,
    get victim() {
      return victim;
    },
    async restart(): Promise<void> {
      victim = await start();
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await victim.kill();
      await knex.destroy();
      await sandbox[Symbol.asyncDispose]();
      await rm(dataDir, { recursive: true });
    },
  };
}
