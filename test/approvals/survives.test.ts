// Approvals outlive processes: SIGKILL at each boundary of a decision and of going back for changes, restarts while nobody answers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Knex } from 'knex';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BoundaryPoint } from '../../src/crash-test/boundary-point.ts';
import { Victim } from '../../src/crash-test/victim.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { Flow } from '../runs/live/flow.ts';
import type { Part } from '../runs/live/flow.ts';
import { ADMIN_KEY, send } from '../runs/live/live-app.ts';
import type { FlowWorld } from '../runs/live/live-app.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { TRIES_ALL } from '../support/whole.ts';

const TIMEOUT_MS = TRIES_ALL ? 1_800_000 : 120_000;
const [RESTARTS, KILLS] = TRIES_ALL ? [200, 20] : [1, 1];

let folder: string;
let databaseUrl: string;
let sandbox: TestSandbox;
let knex: Knex;
let settings: Readonly<Record<string, string>>;
let url = '';

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'breakwater-approvals-'));
  databaseUrl = await createTestDatabase('approvals_survive');
  sandbox = await openSandbox();
  knex = createKnex(databaseUrl, { max: 2, name: 'test' });
  settings = {
    DBOS_SYSTEM_DATABASE_URL: databaseUrl,
    PORT: '0',
    LOG_LEVEL: 'warn',
    BREAKWATER_DATA_DIR: folder,
    BREAKWATER_WORKFLOWS_DIR: folder,
    BREAKWATER_ADMIN_KEY: ADMIN_KEY,
    BREAKWATER_SANDBOX: sandbox.url,
    BREAKWATER_LEASE_TTL: '5s',
    BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
  };
});

afterAll(async () => {
  await knex.destroy();
  await sandbox[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

/** Whichever process runs at the moment. */
function world(): FlowWorld {
  return {
    sandbox,
    knex,
    call: async (method, path, body) =>
      await send(`${url}${path}`, method, body === undefined ? undefined : JSON.stringify(body)),
    publish: async (yaml) => await send(`${url}/v1/definitions`, 'POST', yaml, { 'content-type': 'application/yaml' }),
  };
}

async function startVictim(): Promise<Victim> {
  const victim = await Victim.start(settings);
  ({ url } = victim);
  return victim;
}

const reviewed = (flow: Flow): Part[] => [
  { id: 'draft', activities: [flow.write('text')] },
  {
    id: 'review',
    type: 'approval',
    depends_on: ['draft'],
    approval: { title: 'Go?', approvers: ['role:lead'], timeout: '1h', changes: { to: 'draft' } },
  },
  { id: 'ship', depends_on: ['review'], activities: [flow.write('shipped')] },
];

type Kill = readonly [phase: BoundaryPoint['phase'], name: string, occurrence?: number];

const WAKE = 'send _:review:0';

/** `lost`: nothing of the answer was committed, so it is given again. */
const decisions: readonly { at: Kill; lost?: true }[] = [
  { at: ['done', WAKE], lost: true },
  { at: ['committed', WAKE] },
  { at: ['before', 'take _:review:0'] },
  { at: ['before', 'review'] },
  { at: ['before', 'ship.shipped'] },
];

const changes: typeof decisions = [
  { at: ['done', WAKE], lost: true },
  { at: ['committed', WAKE] },
  { at: ['before', 'review'] },
  { at: ['recorded', 'review'] },
  { at: ['done', 'reopen'] },
  { at: ['committed', 'reopen'] },
  { at: ['done', 'undo draft.text'] },
  { at: ['done', 'reopen', 2] },
  { at: ['committed', 'reopen', 2] },
  { at: ['before', 'draft.text'] },
  { at: ['committed', 'review open'] },
];

const sampled = <T>(cases: readonly T[], ...places: number[]): readonly T[] =>
  TRIES_ALL ? cases : cases.filter((_, index) => places.includes(index));

let flows = 0;

/** The process dies while it takes the answer, or does what it says; the next one goes on. */
async function answerAndDie(
  at: Kill,
  lost: boolean,
  answer: Part,
): Promise<{ flow: Flow; id: string; victim: Victim }> {
  const victim = await startVictim();
  const flow = new Flow(world(), `survives-${++flows}`);
  const id = await flow.start(reviewed(flow));
  await flow.untilStatus(id, 'waiting');
  const question = await flow.question(id);
  const [phase, name, occurrence = 1] = at;
  await victim.arm({ phase, name, occurrence }, []);
  const path = `/v1/approvals/${question}/decisions`;
  await world()
    .call('POST', path, answer)
    .catch((error: unknown) => expect(String(error)).toContain('fetch failed'));
  expect(await victim.ended).toMatchObject({ atBoundary: true });

  const next = await startVictim();
  const again = await world().call('POST', path, answer);
  expect(again.status).toBe(lost ? 200 : 409);
  return { flow, id, victim: next };
}

describe('a process that is killed', () => {
  it.each(sampled(decisions, 1))(
    'at $at neither loses a decision nor takes it twice',
    async ({ at, lost = false }) => {
      const { flow, id, victim } = await answerAndDie(at, lost, { decision: 'approve', reason: 'fine' });

      expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
      expect(await flow.told()).toEqual(['write text', 'write shipped']);
      await victim.kill();
    },
    TIMEOUT_MS,
  );

  it.each(sampled(changes, 5, 8))(
    'at $at goes back for changes once',
    async ({ at, lost = false }) => {
      const { flow, id, victim } = await answerAndDie(at, lost, { decision: 'request_changes', reason: 'shorter' });

      await flow.decide(id, { decision: 'approve' });
      expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
      expect(await flow.told()).toEqual(['write text', 'undo text', 'write text', 'write shipped']);
      const rows = await knex.withSchema('breakwater').table('run').select('changes').where({ id });
      expect(rows).toMatchObject([{ changes: [{ node: 'review', to: 'draft', reason: 'shorter' }] }]);
      await victim.kill();
    },
    TIMEOUT_MS,
  );
});

it(
  `a question is still answered after ${RESTARTS} restarts and ${KILLS} kills, and then ends its run`,
  async () => {
    const start = async (): Promise<AppProcess> => {
      const app = await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url, dataDir: folder });
      ({ url } = app);
      return app;
    };
    let app = await start();
    const flow = new Flow(world(), 'survives-restarts');
    const id = await flow.start(reviewed(flow));
    await flow.untilStatus(id, 'waiting');
    const question = await flow.question(id);
    const everyKill = Math.floor((RESTARTS + KILLS) / KILLS);

    for (let n = 1; n <= RESTARTS + KILLS; n++) {
      if (n % everyKill === 0) await app.kill();
      else await app.stop();
      app = await start();
      await until(async () => await isOwned(id, app), {
        what: `the run to be taken up after end ${n}`,
        timeoutMs: 30_000,
      });
      expect(await flow.question(id)).toBe(question);
    }
    await flow.decide(id, { decision: 'approve' });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
    expect(await flow.told()).toEqual(['write text', 'write shipped']);
    await app.stop();
  },
  TIMEOUT_MS,
);

// An executor's id ends in what is new at each boot, and has its process's id in it.
async function isOwned(runId: string, { child }: AppProcess): Promise<boolean> {
  const row = await knex
    .withSchema('breakwater')
    .table('run_status')
    .first<{ executor: string | null }>('executor')
    .where('id', runId);
  return row.executor?.includes(`:${child.pid}:`) ?? false;
}
