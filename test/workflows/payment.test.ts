// The payment saga as TypeScript and as YAML: whatever fails and whenever the process is killed, both leave the same history and the same world.
import type { Knex } from 'knex';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../sandbox/index.ts';
import { createKnex, packageRoot } from '../../src/postgres/index.ts';
import { FINAL, untilStatus } from '../recovery/a-campaign.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';

const FORMS = { ts: 'payment', yaml: 'payment-yaml' } as const;
type Form = keyof typeof FORMS;

let sandbox: TestSandbox;
let databaseUrl: string;
let knex: Knex;
let app: AppProcess;
beforeAll(async () => {
  sandbox = await openSandbox();
  databaseUrl = await createTestDatabase('payment');
  knex = createKnex(databaseUrl, { max: 2, name: 'test' });
  app = await startApp();
});
afterAll(async () => {
  await app.stop();
  await knex.destroy();
  await sandbox[Symbol.asyncDispose]();
});
beforeEach(async () => void (await sandbox.call('POST', '/_reset')));
afterEach(async () => void (await sandbox.call('DELETE', '/_faults')));

const startApp = async (): Promise<AppProcess> => await AppProcess.start({ databaseUrl, sandboxUrl: sandbox.url });

type Runs = Readonly<Record<Form, string>>;

/** Both at once. What they order tells them, and pairs of them, apart. */
async function start(pair = 'one'): Promise<Runs> {
  const order = JSON.parse(await readFile(join(packageRoot(), 'workflows', 'inputs', 'order.json'), 'utf8')) as object;
  const startForm = async (form: Form): Promise<string> => {
    const own = markOf(form, pair);
    const input = { ...order, sku: `clock${own}`, customer: `amara${own}`, address: `quay${own}` };
    const { status, body } = await app.call('POST', '/v1/runs', { workflow: FORMS[form], input });
    expect({ status, body }).toMatchObject({ status: 202 });
    return String(body['id']);
  };
  return { ts: await startForm('ts'), yaml: await startForm('yaml') };
}

function markOf(form: Form, pair: string): string {
  return ` of ${form}, pair ${pair}`;
}

/** All that a run recorded and left behind, without what is different in every run. */
async function historyOf(id: string, mark: string) {
  const run = await untilStatus(app, id, FINAL, 60_000);
  const { status, cause, output, error, compensation } = run;
  return neutral(mark, {
    run: { status, cause, output, code: (error as { code?: string } | undefined)?.code, compensation },
    nodes: await nodesOf(id),
    undos: await undosOf(id),
    world: await worldOf(mark),
  });
}

interface NodeEnd {
  readonly node: string;
  readonly status: string;
  readonly error_code: string | null;
  readonly compensation_status: string | null;
}

/** In the order in which they began. */
async function nodesOf(id: string): Promise<NodeEnd[]> {
  return await knex
    .withSchema('breakwater')
    .table('activity_status')
    .select<NodeEnd[]>('node', 'status', 'error_code', 'compensation_status')
    .where('run', id)
    .whereNot('status', 'skipped')
    .orderBy('position');
}

/** The names of what was taken back, in the order in which it was. */
async function undosOf(id: string): Promise<string[]> {
  const rows = await knex
    .withSchema('dbos')
    .table('operation_outputs')
    .select<{ function_name: string }[]>('function_name')
    .where('workflow_uuid', id)
    .where('function_name', 'like', 'undo %')
    .orderBy('completed_at_epoch_ms');
  return rows.map(({ function_name: name }) => name);
}

async function worldOf(mark: string) {
  const made = new Set<string>();
  const own = (await sandbox.created()).filter(({ id, data }) => {
    const text = JSON.stringify(data);
    const isOwn = text.includes(mark) || [...made].some((other) => text.includes(`"${other}"`));
    if (isOwn) made.add(id);
    return isOwn;
  });
  return own.map(({ vendor, kind, data, deletedAt }) => ({ vendor, kind, data, undone: deletedAt !== undefined }));
}

// Node ids begin with their module in YAML; vendors name what they make as they like.
function neutral(mark: string, history: object): unknown {
  const text = JSON.stringify(history).replaceAll(mark, '').replaceAll('order.', '');
  return JSON.parse(text.replaceAll(/(reservation|charge|shipment)-[0-9a-f-]{36}/g, '$1'));
}

async function compare(runs: Runs, pair = 'one') {
  const ts = await historyOf(runs.ts, markOf('ts', pair));
  const yaml = await historyOf(runs.yaml, markOf('yaml', pair));
  expect(ts).toEqual(yaml);
  return ts;
}

const REFUSED = { fault: 'status', status: 422 } as const;
const HANGS = { fault: 'delay', delayMs: 600_000, times: 2 } as const;
const RESERVE = { vendor: 'inventory', match: { method: 'POST', path: '/reservations' } } as const;
const CHARGE = { vendor: 'payments', match: { method: 'POST', path: '/charges' } } as const;
const SHIP = { vendor: 'inventory', match: { method: 'POST', path: '/shipments' } } as const;
const REFUND = { vendor: 'payments', match: { method: 'POST', path: '/refunds' } } as const;

describe('the payment saga, in both forms', () => {
  it('sets aside, charges and ships once', async () => {
    expect(await compare(await start())).toMatchObject({
      run: { status: 'succeeded', output: { reservation: 'reservation', charge: 'charge', shipment: 'shipment' } },
      nodes: [{ node: 'reserve' }, { node: 'charge' }, { node: 'ship' }],
      undos: [],
      world: [{ kind: 'reservation' }, { kind: 'charge' }, { kind: 'shipment' }].map((each) => ({
        ...each,
        undone: false,
      })),
    });
  });

  it.each<{ what: string; fault: Fault; status: string; undos: readonly string[] }>([
    { what: 'goods', fault: { ...RESERVE, ...REFUSED }, status: 'failed', undos: [] },
    { what: 'money', fault: { ...CHARGE, ...REFUSED }, status: 'compensated', undos: ['undo reserve'] },
    {
      what: 'a carrier',
      fault: { ...SHIP, ...REFUSED },
      status: 'compensated',
      undos: ['undo charge', 'undo reserve'],
    },
  ])('without $what takes back what was done, the last first', async ({ fault, status, undos }) => {
    await sandbox.fault(fault);

    const history = await compare(await start());

    expect(history).toMatchObject({ run: { status, cause: 'failure' }, undos });
    expect((await sandbox.created()).filter(({ deletedAt }) => deletedAt === undefined)).toEqual([]);
  });

  it('ships once though the answer is lost', async () => {
    await sandbox.fault({ ...SHIP, fault: 'reset_after_effect', times: 2 });

    expect(await compare(await start())).toMatchObject({ run: { status: 'succeeded' }, undos: [] });
    expect(await sandbox.created()).toHaveLength(6);
  });
});

/** Waits until both runs of a pair hang at the vendor. */
async function untilBothHang({
  vendor,
  match: { method, path },
}: {
  vendor: string;
  match: { method: string; path: string };
}) {
  const isIt = (call: { method: string; path: string }): boolean => call.method === method && call.path === path;
  await until(async () => (await sandbox.calls(vendor)).filter(isIt).length === 2, {
    what: `both runs to ${method} ${path}`,
    timeoutMs: 30_000,
  });
}

async function goOnInAnother(): Promise<void> {
  await app.kill();
  await sandbox.call('DELETE', '/_faults');
  app = await startApp();
}

const KILLED_MS = 120_000;

describe('the payment saga, in both forms, killed', () => {
  it(
    'between an effect and its record, of each act, does everything once',
    async () => {
      const pairs: [string, Runs][] = [];
      for (const point of [RESERVE, CHARGE, SHIP]) {
        await sandbox.fault({ ...point, ...HANGS });
        pairs.push([point.match.path, await start(point.match.path)]);
        await untilBothHang(point);
      }

      await goOnInAnother();

      for (const [pair, runs] of pairs) {
        expect(await compare(runs, pair)).toMatchObject({ run: { status: 'succeeded' }, undos: [] });
      }
      expect(await sandbox.created()).toHaveLength(18);
    },
    KILLED_MS,
  );

  it(
    'in the middle of an undo takes everything back once',
    async () => {
      await sandbox.fault({ ...SHIP, ...REFUSED });
      await sandbox.fault({ ...REFUND, ...HANGS });
      const runs = await start();
      await untilBothHang(REFUND);

      await goOnInAnother();

      expect(await compare(runs)).toMatchObject({
        run: { status: 'compensated' },
        undos: ['undo charge', 'undo reserve'],
      });
      expect((await sandbox.created()).filter(({ deletedAt }) => deletedAt === undefined)).toEqual([]);
    },
    KILLED_MS,
  );
});
