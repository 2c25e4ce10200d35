// SIGKILL in the middle of operators' verbs: before and after each commit, and while the run does what it was told.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { BoundaryPoint } from '../../../src/crash-test/boundary-point.ts';
import { Victim } from '../../../src/crash-test/victim.ts';
import type { RunView } from '../../../src/runs/index.ts';
import { createKnex } from '../../../src/postgres/index.ts';
import { openSandbox } from '../../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../../sandbox/open-sandbox.ts';
import { createTestDatabase } from '../../support/database.ts';
import { sampled } from '../../support/whole.ts';
import { Flow } from '../live/flow.ts';
import type { Part } from '../live/flow.ts';
import { ADMIN_KEY, send } from '../live/live-app.ts';
import type { FlowWorld } from '../live/live-app.ts';
import { ask, tell } from './verbs.ts';

/** Where a run is brought to the verb. */
interface Place extends FlowWorld {
  readonly folder: string;
}

interface Case {
  readonly verb: string;
  readonly of: string;
  readonly body?: (flow: Flow) => object;
  /** Where the process dies. */
  readonly at: readonly [phase: BoundaryPoint['phase'], name: string, occurrence?: number];
  /** Of the process that dies; the one after it executes runs. */
  readonly role?: 'api';
  /** Brings the run to where the verb is used. */
  readonly prepare: (place: Place, flow: Flow) => Promise<string>;
  /** As what the next process finds the run. */
  readonly found?: RunView['status'];
  /** What the operator does then, the verb itself asked again where nothing was committed. */
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

async function queued(_place: Place, flow: Flow): Promise<string> {
  const id = await flow.start(pair(flow));
  expect((await flow.view(id)).status).toBe('queued');
  return id;
}

async function waiting(_place: Place, flow: Flow): Promise<string> {
  const id = await flow.start([
    { id: 'before', activities: [flow.write('a')] },
    { id: 'wait', type: 'wait', depends_on: ['before'], wait: { for: '1500ms' } },
    { id: 'then', depends_on: ['wait'], activities: [flow.write('b')] },
  ]);
  await flow.untilStatus(id, 'waiting');
  return id;
}

async function pausedAtTimer(place: Place, flow: Flow): Promise<string> {
  return await paused(place, flow, await waiting(place, flow));
}

async function pausedAtQuestion(place: Place, flow: Flow): Promise<string> {
  const id = await flow.start([
    { id: 'before', activities: [flow.write('a')] },
    { ...review, depends_on: ['before'] },
  ]);
  await flow.untilStatus(id, 'waiting');
  return await paused(place, flow, id);
}

async function paused(place: Place, flow: Flow, id: string): Promise<string> {
  await tell(place, 'pause', id);
  await flow.untilStatus(id, 'paused');
  return id;
}

async function held(_place: Place, flow: Flow): Promise<string> {
  await flow.strike('b', refused);
  const id = await flow.start(pair(flow), { on_failure: 'ask' });
  await flow.untilStatus(id, 'held');
  return id;
}

async function inDoubt(_place: Place, flow: Flow): Promise<string> {
  await flow.strike('b', { fault: 'reset_after_effect', times: 1 });
  const id = await flow.start(pair(flow), { on_failure: 'ask' });
  await flow.untilStatus(id, 'held');
  return id;
}

async function stuck({ call, folder }: Place, flow: Flow): Promise<string> {
  const bug = bugOf(folder, flow);
  await writeFile(bug, '');
  const { body } = await call('POST', '/v1/runs', { workflow: 'buggy', input: { folder: flow.name, bug } });
  await flow.untilStatus(String(body['id']), 'stuck');
  return String(body['id']);
}

async function mended(place: Place, flow: Flow): Promise<string> {
  const id = await stuck(place, flow);
  await rm(bugOf(place.folder, flow));
  return id;
}

const bugOf = (folder: string, flow: Flow): string => join(folder, `bug-of-${flow.name}`);

async function halfUndone(_place: Place, flow: Flow): Promise<string> {
  await flow.strike('b', refused);
  await flow.strike('a', refused, 'DELETE');
  const run = await flow.run(pair(flow));
  expect(run.status).toBe('compensation_failed');
  return run.id;
}

async function over(_place: Place, flow: Flow): Promise<string> {
  return (await flow.run(pair(flow))).id;
}

const both = { files: ['a', 'b'], told: ['write a', 'write b'] } as const;

const ofPaused = { verb: 'resume', of: 'a paused run', prepare: pausedAtTimer } as const;
const resumed = { ends: { status: 'succeeded' }, ...both } as const;

const ofHeld = { verb: 'cancel', of: 'a held run', prepare: held } as const;
const takenBack = {
  ends: { status: 'compensated', cause: 'failure' },
  files: [],
  told: ['write a', 'write b', 'undo a'],
} as const;

const ofStuck = { verb: 'cancel', of: 'a stuck run', prepare: stuck } as const;
const cancelled = {
  ends: { status: 'cancelled', compensation: expect.objectContaining({ compensated: 1 }) },
  files: [],
  told: ['write first', 'undo first'],
} as const;
const ofMended = { verb: 'release', of: 'a stuck run', prepare: mended } as const;
const released = {
  ends: { status: 'succeeded' },
  files: ['first', 'second'],
  told: ['write first', 'write second'],
} as const;

const ofFailedNode = {
  verb: 'decide',
  of: 'a failed node',
  body: () => ({ node: 'all.b', decision: 'retry' }),
  prepare: held,
} as const;
const retried = {
  ends: { status: 'succeeded' },
  files: ['a', 'b'],
  told: ['write a', 'write b', 'write b'],
} as const;

const ofDoubt = {
  verb: 'decide',
  of: 'a node in doubt',
  body: (flow: Flow) => ({ node: 'all.b', decision: 'retry', with: { path: `${flow.name}/c` } }),
  prepare: inDoubt,
} as const;
const elsewhere = {
  ends: { status: 'succeeded' },
  files: ['a', 'c'],
  told: ['write a', 'write b', 'undo b', 'write c'],
} as const;

const ofFailedUndo = { verb: 'decide', of: 'a failed undo', prepare: halfUndone } as const;
const retryUndo = { ...ofFailedUndo, body: () => ({ node: 'all.a', decision: 'retry' }) } as const;
const undone = {
  ends: { status: 'compensated', compensation: expect.objectContaining({ total: 1, compensated: 1 }) },
  files: [],
  told: ['write a', 'write b', 'undo a', 'undo a'],
} as const;
const byHand = {
  ...ofFailedUndo,
  of: 'an undo done by hand',
  body: () => ({ node: 'all.a', decision: 'done_by_hand', reason: 'removed it myself' }),
} as const;
const doneByHand = {
  ends: { status: 'compensated', compensation: expect.objectContaining({ total: 1, failed: 0 }) },
  files: ['a'],
  told: ['write a', 'write b', 'undo a'],
} as const;

const fromB = () => ({ node: 'all.b' });
const ofOver = { of: 'a run that is over', body: fromB, prepare: over } as const;
const ofRewind = { verb: 'rewind', ...ofOver } as const;
const rewound = {
  ends: { status: 'succeeded' },
  files: ['a', 'b'],
  told: ['write a', 'write b', 'undo b', 'write b'],
} as const;

const rarely: readonly Case[] = [
  { ...ofDoubt, at: ['done', 'reopen'], found: 'held', afterwards: ['decide'], ...elsewhere },
  { ...ofDoubt, at: ['done', 'undo all.b probe'], ...elsewhere },
  { ...ofDoubt, at: ['done', 'reopen', 2], ...elsewhere },
  { ...ofDoubt, at: ['done', 'all.b'], ...elsewhere },
];

const cases: readonly Case[] = [
  {
    verb: 'pause',
    of: 'a waiting run',
    at: ['committed', WAKE],
    prepare: waiting,
    found: 'paused',
    afterwards: ['resume'],
    ...resumed,
  },
  { ...ofPaused, at: ['done', WAKE], found: 'paused', afterwards: ['resume'], ...resumed },
  { ...ofPaused, at: ['committed', WAKE], ...resumed },
  { ...ofPaused, at: ['before', 'then.b'], ...resumed },
  {
    verb: 'cancel',
    of: 'a queued run',
    role: 'api',
    at: ['committed', WAKE],
    prepare: queued,
    ends: { status: 'cancelled' },
    files: [],
    told: [],
  },
  {
    verb: 'cancel',
    of: 'a paused run',
    at: ['committed', WAKE],
    prepare: pausedAtQuestion,
    ...cancelled,
    told: ['write a', 'undo a'],
  },
  { ...ofHeld, at: ['done', WAKE], found: 'held', afterwards: ['cancel'], ...takenBack },
  { ...ofHeld, at: ['committed', WAKE], ...takenBack },
  { ...ofStuck, at: ['committed', 'release'], ...cancelled },
  { ...ofMended, at: ['done', 'release'], found: 'stuck', afterwards: ['release'], ...released },
  { ...ofMended, at: ['committed', 'release'], ...released },
  { ...ofFailedNode, at: ['done', 'reopen'], found: 'held', afterwards: ['decide'], ...retried },
  { ...ofFailedNode, at: ['committed', 'reopen'], ...retried },
  { ...ofDoubt, at: ['committed', 'reopen'], ...elsewhere },
  { ...ofDoubt, at: ['done', 'undo all.b'], ...elsewhere },
  // The run itself forgets what it took back, and tries the node afresh.
  { ...ofDoubt, at: ['committed', 'reopen', 2], ...elsewhere },
  ...rarely,
  { ...retryUndo, at: ['done', 'reopen'], found: 'compensation_failed', afterwards: ['decide'], ...undone },
  { ...retryUndo, at: ['committed', 'reopen'], ...undone },
  { ...retryUndo, at: ['done', 'undo all.a'], ...undone },
  { ...byHand, at: ['committed', 'reopen'], ...doneByHand },
  {
    ...ofOver,
    verb: 'compensate',
    body: () => ({}),
    at: ['done', 'undo all.b'],
    ends: { status: 'compensated' },
    files: [],
    told: ['write a', 'write b', 'undo b', 'undo a'],
  },
  { ...ofRewind, at: ['committed', 'reopen'], ...rewound },
  { ...ofRewind, at: ['done', 'undo all.b'], ...rewound },
  // The run itself forgets what it took back, and goes on.
  { ...ofRewind, at: ['done', 'reopen', 2], ...rewound },
  { ...ofRewind, at: ['committed', 'reopen', 2], ...rewound },
  { ...ofRewind, at: ['before', 'all.b'], ...rewound },
  { ...ofOver, verb: 'fork', at: ['inserted', 'run'], ends: { status: 'succeeded' }, ...both },
];

afterAll(async () => {
  for (const lane of lanes) await lane.close();
});

describe('a verb whose process is killed', () => {
  it.concurrent.each(sampled(cases, 4))(
    '$verb of $of: at $at the run ends as if nothing had happened',
    async ({ verb, body, at: [phase, name, occurrence = 1], role, prepare, found, afterwards = [], ...wanted }) => {
      await using lane = await borrowLane(role);
      const { flow, place } = lane;
      const id = await prepare(place, flow);
      await lane.victim.arm({ phase, name, occurrence }, []);

      const asked = { ...body?.(flow) };
      await ask(place, verb, id, asked).catch((error: unknown) => expect(String(error)).toContain('fetch failed'));
      expect(await lane.victim.ended).toMatchObject({ atBoundary: true });

      await lane.start();
      if (found) await flow.untilStatus(id, found);
      for (const next of afterwards) await tell(place, next, id, next === verb ? asked : {});

      expect(await flow.end(id)).toMatchObject(wanted.ends);
      expect(await flow.told()).toEqual(wanted.told);
      expect(await flow.files()).toEqual(wanted.files);
    },
    TIMEOUT_MS,
  );
});

/** A database and a sandbox, where one process runs at a time: that which outlives a case serves the next. */
class Lane {
  readonly place: Place;
  readonly #sandbox: TestSandbox;
  readonly #settings: Readonly<Record<string, string>>;
  #victim: Victim | undefined;

  constructor(folder: string, databaseUrl: string, sandbox: TestSandbox) {
    this.#sandbox = sandbox;
    this.#settings = {
      DBOS_SYSTEM_DATABASE_URL: databaseUrl,
      PORT: '0',
      LOG_LEVEL: 'warn',
      BREAKWATER_DATA_DIR: folder,
      BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'workflows'),
      BREAKWATER_ADMIN_KEY: ADMIN_KEY,
      BREAKWATER_SANDBOX: sandbox.url,
      BREAKWATER_LEASE_TTL: '5s',
      BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
    };
    this.place = {
      folder,
      sandbox,
      knex: createKnex(databaseUrl, { max: 2, name: 'test' }),
      call: async (method, path, body) =>
        await send(`${this.victim.url}${path}`, method, body === undefined ? undefined : JSON.stringify(body)),
      publish: async (yaml) =>
        await send(`${this.victim.url}/v1/definitions`, 'POST', yaml, { 'content-type': 'application/yaml' }),
    };
  }

  get victim(): Victim {
    if (!this.#victim) throw new Error('no process runs here');
    return this.#victim;
  }

  async start(role = 'all'): Promise<void> {
    this.#victim = await Victim.start({ ...this.#settings, BREAKWATER_ROLE: role });
  }

  /** For the next case. */
  async make(role: string | undefined): Promise<void> {
    if (role === undefined && this.#victim?.isAlive) return;
    await this.#victim?.kill();
    await this.start(role);
  }

  async close(): Promise<void> {
    await this.#victim?.kill();
    await this.place.knex.destroy();
    await this.#sandbox[Symbol.asyncDispose]();
    await rm(this.place.folder, { recursive: true });
  }
}

const lanes: Lane[] = [];
const free: Lane[] = [];
let flows = 0;

async function borrowLane(role: string | undefined) {
  const lane = free.pop() ?? (await openLane());
  await lane.make(role);
  return {
    place: lane.place,
    flow: new Flow(lane.place, `flow-${++flows}`),
    get victim() {
      return lane.victim;
    },
    start: async () => await lane.start(),
    [Symbol.asyncDispose]: async () => void free.push(lane),
  };
}

async function openLane(): Promise<Lane> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-killed-'));
  const databaseUrl = await createTestDatabase(`control_killed_${lanes.length}`);
  const lane = new Lane(folder, databaseUrl, await openSandbox());
  lanes.push(lane);
  return lane;
}
