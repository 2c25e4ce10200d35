// Reads a run's log as of one snapshot: its row, its steps, its events and what became of the breakers of its services meanwhile.
import type { Knex } from 'knex';
import { z } from 'zod';
import type { Plan } from '../../definitions/index.ts';
import { currentSnapshot, readSteps } from '../../durable/index.ts';
import { isJsonObject } from '../../kernel/index.ts';
import type { JsonObject } from '../../kernel/index.ts';
import { inTenant, selectRows } from '../../postgres/index.ts';
import { loadPinned } from '../pinned-definition.ts';
import { executorOf, findRun } from '../run-store.ts';
import { logAsOf } from './run-log.ts';
import type { LoggedEvent, LoggedTransition, RunLog } from './run-log.ts';
import { servicesOf } from './services.ts';
import type { Services } from './services.ts';

export interface LogQuery {
  readonly tenant: string;
  readonly runId: string;
  /** Of each row it is told whether it was there in these. */
  readonly snapshots?: readonly string[];
  /** Which services the acts of a plan go to. */
  readonly services: Services;
}

/** Undefined when the tenant has no such run. */
export async function readLog(
  knex: Knex,
  { tenant, runId, snapshots = [], services }: LogQuery,
): Promise<RunLog | undefined> {
  return await inTenant(knex, tenant, async (trx) => {
    const snapshot = await currentSnapshot(trx);
    const looks = [...snapshots, snapshot];
    const run = await findRun(trx, tenant, runId);
    if (!run) return undefined;
    const plan = (await loadPinned(trx, run))?.plan ?? null;
    const steps = await readSteps(trx, runId, looks);
    const events = await readEvents(trx, runId, looks);
    const transitions = await readTransitions(trx, run, servicesOf({ plan, steps }, services), looks);
    const executor = await executorOf(trx, runId);
    const read = { run, plan, steps, events, transitions, snapshot, ...(executor !== undefined && { executor }) };
    // What was committed between the queries is for the next look.
    return logAsOf(read, snapshots.length);
  });
}

/** What the run executes: null of code. Undefined when the tenant has no such run. */
export async function readPlan(knex: Knex, tenant: string, runId: string): Promise<Plan | null | undefined> {
  return await inTenant(knex, tenant, async (trx) => {
    const run = await findRun(trx, tenant, runId);
    return run && ((await loadPinned(trx, run))?.plan ?? null);
  });
}

const SEEN = (row: string): string =>
  `array(select breakwater.was_there(${row}.xmin, before.snapshot)
           from unnest(:snapshots::text[]) with ordinality as before (snapshot, n) order by before.n) as seen`;

const data = z.custom<JsonObject>(isJsonObject);
const seen = z.array(z.boolean());
const event = z.object({
  id: z.coerce.number(),
  node: z.string().nullable(),
  kind: z.string(),
  data,
  at: z.date(),
  seen,
});

async function readEvents(trx: Knex.Transaction, runId: string, snapshots: readonly string[]): Promise<LoggedEvent[]> {
  return await selectRows(
    trx,
    event,
    `select e.id, e.node, e.kind, e.data, e.at, ${SEEN('e')}
       from breakwater.event e
      where e.run_id = :runId
      order by e.id`,
    { runId, snapshots: [...snapshots] },
  );
}

const transition = z.object({
  id: z.coerce.number(),
  service: z.string(),
  from: z.string(),
  to: z.enum(['open', 'closed', 'half_open']),
  why: z.string(),
  by: z.string().nullable(),
  at: z.date(),
  seen,
});

// Of a tool's breaker, which all tenants share, it is told that it opened, not who of another tenant had a hand in it.
async function readTransitions(
  trx: Knex.Transaction,
  run: RunLog['run'],
  services: readonly string[],
  snapshots: readonly string[],
): Promise<LoggedTransition[]> {
  if (services.length === 0) return [];
  return await selectRows(
    trx,
    transition,
    `select t.id, t.service, t.from_state as from, t.to_state as to, t.why,
            case when t.tenant = :tenant then t.forced_by end as by, t.at, ${SEEN('t')}
       from breakwater.breaker_transition t
      where t.tenant in (:tenant, '*') and t.service = any(:services)
        and t.at between :since and coalesce(:until, clock_timestamp())
      order by t.id`,
    {
      tenant: run.tenant,
      services: [...services],
      since: run.started_at,
      until: run.finished_at,
      snapshots: [...snapshots],
    },
  );
}

const version = z.object({ id: z.string(), version: z.string() });

/** Of each run of the tenant what differs whenever its history has more to tell; in one statement, which reads no record. */
export async function readVersions(
  knex: Knex,
  tenant: string,
  runIds: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const rows = await inTenant(
    knex,
    tenant,
    async (trx) =>
      await selectRows(
        trx,
        version,
        `select r.id,
                concat_ws(' ', r.status, r.finished_at,
                          (select count(*) from dbos.operation_outputs o where o.workflow_uuid = r.id),
                          (select max(e.id) from breakwater.event e where e.run_id = r.id),
                          (select max(t.id) from breakwater.breaker_transition t)) as version
           from breakwater.run r
          where r.tenant = ? and r.id = any(?)`,
        [tenant, [...runIds]],
      ),
  );
  return new Map(rows.map(({ id, version: told }) => [id, told]));
}
