// The wall between tenants: every table for the role of requests and for the owner, and everything that requests could try.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openStarts } from '../../src/durable/index.ts';
import { newRunId } from '../../src/kernel/index.ts';
import { createKnex, inTenant } from '../../src/postgres/index.ts';
import { RUN_WORKFLOW } from '../../src/runs/run-input.ts';
import { RUN_COMPANION, type NewRun } from '../../src/runs/run-store.ts';
import { execute } from '../support/database.ts';
import { TRIES_ALL } from '../support/whole.ts';
import { openApi } from './open-api.ts';
import { SEEDS, SHARED } from './table-rows.ts';
import { TENANTS, markOf, openTwoTenants, otherThan, type TenantName, type TwoTenants } from './two-tenants.ts';

let world: TwoTenants;
let owner: pg.Client;

beforeAll(async () => {
  world = await openTwoTenants('tenants');
  for (const seed of Object.values(SEEDS)) {
    for (const tenant of TENANTS) await execute(world.superUrl, seed(tenant));
  }
  owner = new pg.Client({ connectionString: world.ownerUrl });
  await owner.connect();
});

afterAll(async () => {
  await owner.end();
  await world.stop();
});

const call = (tenant: TenantName, path: string, over: Parameters<TwoTenants['api']['call']>[1] = {}) =>
  world.api.call(path, { key: world.of[tenant].key, ...over });

async function tablesOf(): Promise<{ name: string; walled: boolean }[]> {
  const { rows } = await execute(
    world.superUrl,
    `select relname as name, relrowsecurity and relforcerowsecurity as walled
       from pg_class where relnamespace = 'breakwater'::regnamespace and relkind in ('r', 'p') and relname not like 'migration%'
      order by 1`,
  );
  return rows as { name: string; walled: boolean }[];
}

type Attempt =
  | { readonly rows: readonly Record<string, unknown>[]; readonly count: number }
  | { readonly code: string };

/** What becomes of a statement for the tenant `acme`; nothing of it is kept. */
async function attempt(as: 'requests' | 'owner', sql: string): Promise<Attempt> {
  await owner.query('begin');
  try {
    if (as === 'requests') await owner.query('set local role breakwater_app');
    await owner.query(`select set_config('breakwater.tenant', 'acme', true)`);
    const { rows, rowCount } = await owner.query<Record<string, unknown>>(sql);
    return { rows, count: rowCount ?? 0 };
  } catch (error) {
    return { code: error instanceof pg.DatabaseError ? (error.code ?? '') : String(error) };
  } finally {
    await owner.query('rollback');
  }
}

describe.each(['requests', 'owner'] as const)('for %s', (as) => {
  it('shows of every table the rows of the tenant alone, and those of all where that is meant', async () => {
    for (const { name } of await tablesOf()) {
      const seen = await attempt(as, `select distinct tenant from breakwater.${name}`);
      if ('code' in seen) {
        expect({ name, code: seen.code }).toEqual({ name, code: '42501' });
        expect(as).toBe('requests');
      } else {
        const allowed = SHARED.includes(name) ? ['*', 'acme'] : ['acme'];
        expect({ name, strangers: seen.rows.filter(({ tenant }) => !allowed.includes(String(tenant))) }).toEqual({
          name,
          strangers: [],
        });
        expect({ name, own: seen.rows.some(({ tenant }) => tenant === 'acme') }).toEqual({ name, own: true });
      }
    }
  });

  it('changes and deletes nothing of another tenant, and writes nothing in its name', async () => {
    for (const { name } of await tablesOf()) {
      const tries = [
        await attempt(as, `update breakwater.${name} set tenant = tenant where tenant = 'beta'`),
        await attempt(as, `delete from breakwater.${name} where tenant = 'beta'`),
      ];
      for (const tried of tries) {
        expect({ name, tried: 'code' in tried ? tried.code : tried.count }).toEqual({
          name,
          tried: 'code' in tried ? '42501' : 0,
        });
      }
      const seed = SEEDS[name];
      if (!seed) throw new Error(`${name} has no row in test/security/table-rows.ts`);
      expect({ name, tried: await attempt(as, seed('beta')) }).toEqual({ name, tried: { code: '42501' } });
    }
  });
});

it('stands around every table, its owner included', async () => {
  const tables = await tablesOf();

  expect(tables.filter(({ walled }) => !walled)).toEqual([]);
  expect(tables.map(({ name }) => name)).toEqual(Object.keys(SEEDS).toSorted());
});

it('shows requests only what DBOS keeps of runs of their tenant, and of no run what went in', async () => {
  const { runId } = world.of.beta;
  for (const [table, column] of [
    ['operation_outputs', 'workflow_uuid'],
    ['workflow_output', 'workflow_uuid'],
    ['notifications', 'destination_uuid'],
    ['transaction_completion', 'workflow_id'],
  ] as const) {
    const seen = await attempt('requests', `select 1 from dbos.${table} where ${column} = '${runId}'`);
    expect({ table, seen }).toEqual({ table, seen: { rows: [], count: 0 } });
  }
  const own = await attempt(
    'requests',
    `select 1 from dbos.operation_outputs where workflow_uuid = '${world.of.acme.runId}'`,
  );
  expect(own).toMatchObject({ count: expect.any(Number) });
  expect('count' in own && own.count).toBeGreaterThan(0);
  for (const column of ['inputs', 'output', 'error', 'authenticated_user']) {
    expect(await attempt('requests', `select ${column} from dbos.workflow_status`)).toEqual({ code: '42501' });
  }
  expect(await attempt('requests', 'select inputs from dbos.workflow_input')).toEqual({ code: '42501' });
});

it('wakes no run of another tenant', async () => {
  const forged = `insert into dbos.notifications (message_uuid, destination_uuid, topic, message)
                  values ('forged', '${world.of.beta.runId}', '_:review:0', 'null')`;

  expect(await attempt('requests', forged)).toEqual({ code: '42501' });
});

it('leaves requests no right to the audit but to read and to add', async () => {
  for (const sql of [
    'update breakwater.audit set actor = actor',
    'delete from breakwater.audit',
    'truncate breakwater.audit',
  ]) {
    expect(await attempt('requests', sql)).toEqual({ code: '42501' });
  }
});

describe('a request', () => {
  it('is told of another tenant what it is told of nothing', async () => {
    const { runId, approvalId } = world.of.beta;
    const unknown = 'run_00000000-0000-7000-8000-000000000000';
    for (const path of ['', '/progress', '/history', '/timeline', '/effects', '/events']) {
      const theirs = await call('acme', `/v1/runs/${runId}${path}`);
      const nobodys = await call('acme', `/v1/runs/${unknown}${path}`);
      expect({ path, status: theirs.status }).toEqual({ path, status: 404 });
      const plain = (text: string, id: string) => text.replaceAll(id, 'ID').replace(/"requestId":"[^"]*"/, '');
      expect(plain(theirs.text, runId)).toBe(plain(nobodys.text, unknown));
    }
    expect((await call('acme', `/v1/approvals/${approvalId}`)).status).toBe(404);
  });

  it.each([
    [
      'a header',
      { headers: { 'x-tenant': 'beta', 'x-tenant-id': 'beta', tenant: 'beta', 'x-breakwater-tenant': 'beta' } },
    ],
    ['the query', { query: '?tenant=beta' }],
  ])(
    'cannot say another tenant in %s',
    async (_where, { headers = {}, query = '' }: { headers?: object; query?: string }) => {
      const { runId } = world.of.beta;
      const theirs = await call('acme', `/v1/runs/${runId}${query}`, { headers: { ...headers } });
      const all = await call('acme', `/v1/runs${query}`, { headers: { ...headers } });

      expect([400, 404]).toContain(theirs.status);
      expect(all.text).not.toContain('beta');
    },
  );

  it('cannot take an idempotency key from another tenant', async () => {
    const headers = { 'idempotency-key': 'taken' };
    const start = async (tenant: TenantName) =>
      await call(tenant, '/v1/runs', { headers, body: { workflow: 'quick' } });

    const [first, second] = [await start('acme'), await start('beta')];

    expect([first.status, second.status]).toEqual([202, 202]);
    expect((first.body as { id: string }).id).not.toBe((second.body as { id: string }).id);
    const recall = { headers, body: { action: 'recall', arguments: { key: 'note' } } };
    for (const tenant of TENANTS) {
      const { status, text } = await call(tenant, '/v1/adapters/memory/execute', recall);
      expect({ status, mine: text.includes(markOf(tenant)) }).toEqual({ status: 200, mine: true });
    }
  });

  it.each(['%', '_', '%%', '\\', "' or 1=1 --", 'mark-of-beta', 'review-beta'])(
    'finds nothing of another tenant by looking for %s',
    async (wanted) => {
      const { status, text } = await call('acme', `/v1/runs?q=${encodeURIComponent(wanted)}`);

      expect(status).toBe(200);
      expect(text).not.toMatch(/beta/);
    },
  );

  it.each(['_:review:0', '_:write.draft:0', '_', 'u:x', '%5F:review:0', 'review', '*'])(
    'decides nothing by a message to %s',
    async (topic) => {
      for (const tenant of TENANTS) {
        const { status } = await call(tenant, `/v1/runs/${world.of.acme.runId}/messages/${topic}`, {
          headers: { 'idempotency-key': `forged ${topic}` },
          body: { approval: world.of.acme.approvalId, decision: 'approve' },
        });
        expect(status).toBeGreaterThanOrEqual(400);
      }
      const { body } = await call('acme', `/v1/approvals/${world.of.acme.approvalId}`);
      expect(body).toMatchObject({ status: 'pending', decisions: [] });
    },
  );
});

it('mixes up no answer of two tenants whose requests take turns on two sessions', async () => {
  const narrow = await openApi(world, { sessions: 2 });
  const total = TRIES_ALL ? 10_000 : 270;
  const ask = async (serial: number): Promise<void> => {
    const tenant = TENANTS[serial % 2] ?? 'acme';
    const [own, theirs] = [world.of[tenant], world.of[otherThan(tenant)]];
    const authorization = `Bearer ${own.key}`;
    const post = (body: unknown) => ({
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const requests: readonly [string, RequestInit, number][] = [
      ['/v1/runs?limit=3', { headers: { authorization } }, 200],
      [`/v1/runs/${own.runId}`, { headers: { authorization } }, 200],
      [`/v1/runs/${theirs.runId}`, { headers: { authorization } }, 404],
      [`/v1/approvals`, { headers: { authorization } }, 200],
      [`/v1/approvals/${theirs.approvalId}`, { headers: { authorization } }, 404],
      ['/v1/definitions', { headers: { authorization } }, 200],
      ['/v1/adapters/memory/execute', post({ action: 'recall', arguments: { key: 'note' } }), 200],
      [`/v1/runs/${theirs.runId}/cancel`, post({}), 404],
      ['/v1/runs', post({ workflow: 'quick', labels: { of: markOf(tenant) } }), 202],
    ];
    const [path, init, expected] = requests[Math.floor(serial / 2) % requests.length]!;
    const response = await fetch(`${narrow.url}${path}`, init);
    const text = await response.text();
    expect({ path, status: response.status }).toEqual({ path, status: expected });
    expect(text).not.toContain(markOf(otherThan(tenant)));
  };
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < total) await ask(next++);
  };

  await Promise.all(Array.from({ length: 20 }, worker));
  await narrow.close();

  const { rows } = await execute(
    world.superUrl,
    `select tenant, labels ->> 'of' as mark, count(*)::int as runs from breakwater.run where labels ? 'of' group by 1, 2 order by 1`,
  );
  expect(rows).toMatchObject([
    { tenant: 'acme', mark: markOf('acme') },
    { tenant: 'beta', mark: markOf('beta') },
  ]);
}, 300_000);

it("begins runs of two tenants that start at one moment apart, each tenant's together", async () => {
  const requests = createKnex(world.ownerUrl, { max: 2, name: 'starts', role: 'breakwater_app' });
  const startTogether = openStarts(requests, RUN_COMPANION);
  const { body } = await call('acme', '/v1/definitions/quick');
  const { hash } = body as { hash: string };
  const rows = Array.from({ length: 6 }, (_, serial) => newRun(TENANTS[serial % 2] ?? 'acme', hash));

  const started = await Promise.all(
    rows.map(async (row) => {
      const { id: runId, tenant, workflow, version, input } = row;
      const start = { runId, name: RUN_WORKFLOW, input: { tenant, workflow, version, hash, input } };
      return { tenant, inserted: await startTogether(start, row) };
    }),
  );

  // What a statement leaves out is started alone: no harm, but then each tenant would wait for the other's.
  expect(started.filter(({ inserted }) => !inserted)).toEqual([]);
  for (const { inserted } of started) await inserted?.begin();
  await requests.destroy();
});

function newRun(tenant: TenantName, hash: string): NewRun {
  const of = { tenant, workflow: 'quick', version: '1.0.0', hash, input: {}, requester: 'ann', requestDigest: 'd' };
  const rest = {
    status: 'running',
    priority: 'normal',
    labels: {},
    sandboxed: false,
    idempotencyKey: null,
    traceparent: null,
  } as const;
  return { id: newRunId(Date.now()), ...of, ...rest, startedAt: new Date() };
}

// What requests may do, each right because something uses it: a right that is not here is one too many.
const RIGHTS: Readonly<Record<string, string>> = {
  'breakwater.activity_record': 'SELECT',
  'breakwater.activity_status': 'SELECT',
  'breakwater.approval': 'SELECT UPDATE',
  'breakwater.approval_decision': 'INSERT SELECT',
  'breakwater.audit': 'INSERT SELECT',
  'breakwater.breaker_transition': 'DELETE INSERT SELECT',
  'breakwater.bulk': 'INSERT SELECT UPDATE',
  'breakwater.bulk_run': 'DELETE INSERT SELECT UPDATE',
  'breakwater.circuit_breaker': 'INSERT SELECT UPDATE',
  'breakwater.definition': 'INSERT SELECT',
  'breakwater.effect': 'SELECT',
  'breakwater.event': 'INSERT SELECT',
  'breakwater.executor': 'SELECT',
  'breakwater.memory': 'DELETE INSERT SELECT UPDATE',
  'breakwater.recovery': 'DELETE SELECT',
  'breakwater.run': 'INSERT SELECT UPDATE',
  'breakwater.run_status': 'SELECT',
  'dbos.notifications': 'DELETE INSERT SELECT',
  'dbos.operation_outputs': 'DELETE INSERT SELECT',
  'dbos.transaction_completion': 'DELETE SELECT',
  'dbos.workflow_input': 'INSERT',
  'dbos.workflow_output': 'DELETE SELECT',
  'dbos.workflow_status': 'INSERT UPDATE',
};

/** Of what requests may read in part: these columns, and none that holds what users said. */
const COLUMNS: Readonly<Record<string, string>> = {
  'dbos.workflow_input': 'workflow_uuid',
  'dbos.workflow_status':
    'application_name application_version class_name config_name created_at creator_xid deduplication_id delay_until_epoch_ms ' +
    'executor_id name owner_xid priority queue_name recovery_attempts serialization status updated_at workflow_uuid',
};

/** `current_tenant` and `was_there` read what is said, `checkpoint…` what they are given; the others are behind the wall. */
const FUNCTIONS = 'checkpoint checkpoint_count current_tenant key_owner tell_again was_there';

it('lets requests call no function, and read no column, more than they use', async () => {
  const { rows: columns } = await execute(
    world.superUrl,
    `select attrelid::regclass::text as relation, string_agg(attname, ' ' order by attname) as columns
       from pg_attribute, aclexplode(attacl) as granted
      where granted.grantee = 'breakwater_app'::regrole and granted.privilege_type = 'SELECT' group by 1`,
  );
  const { rows: functions } = await execute(
    world.superUrl,
    `select string_agg(proname, ' ' order by proname) as may
       from pg_proc
      where pronamespace = 'breakwater'::regnamespace and has_function_privilege('breakwater_app', oid, 'execute')`,
  );

  expect(Object.fromEntries(columns.map((row) => [row['relation'], row['columns']]))).toEqual(COLUMNS);
  expect(functions).toEqual([{ may: FUNCTIONS }]);
});

it('shows in every view what its reader may see, not what its owner may', async () => {
  const { rows: views } = await execute(
    world.superUrl,
    `select relname as name, coalesce(reloptions::text, '') as options
       from pg_class where relnamespace = 'breakwater'::regnamespace and relkind = 'v' order by 1`,
  );

  expect(views.map(({ options }) => options)).toEqual(views.map(() => '{security_invoker=true}'));
  expect(views.map(({ name }) => name)).toContain('run_status');
  for (const { name } of views) {
    const seen = await attempt('requests', `select distinct tenant from breakwater.${String(name)}`);
    expect({ name, seen }).toEqual({ name, seen: { rows: [{ tenant: 'acme' }], count: 1 } });
  }
});

it('holds up what requests call with the rights of the owner', async () => {
  const { approvalId } = world.of.beta;
  const told = `insert into breakwater.approval_notice (approval_id, ordinal, tenant, kind, tool, target, state, due_at, ended_at)
                values ('${approvalId}', 7, 'beta', 'asked', 'slack', '#beta', 'sent', clock_timestamp(), clock_timestamp())`;
  await execute(world.superUrl, told);

  await inTenant(world.api.knex, 'acme', async (trx) => {
    await trx.raw('select breakwater.tell_again(?)', [approvalId]);
  });

  const { rows } = await execute(
    world.superUrl,
    `select ordinal from breakwater.approval_notice where approval_id = '${approvalId}'`,
  );
  expect(rows).toEqual([{ ordinal: 7 }]);
});

it('gives requests no right more than they use', async () => {
  const { rows } = await execute(
    world.superUrl,
    `select table_schema || '.' || table_name as relation, string_agg(privilege_type, ' ' order by privilege_type) as rights
       from information_schema.role_table_grants
      where grantee = 'breakwater_app' and table_schema in ('breakwater', 'dbos') group by 1 order by 1`,
  );

  expect(Object.fromEntries(rows.map(({ relation, rights }) => [relation, rights]))).toEqual(RIGHTS);
});
