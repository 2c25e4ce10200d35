// Reads what may hold a run up at this moment: its place in the queue, open questions, services that are down, attempts to come.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRow, selectRows } from '../../postgres/index.ts';
import type { RunRow } from '../run-store.ts';
import type { Situation } from './waiting-words.ts';

export type HeldUp = Pick<Situation, 'approvals' | 'breakers' | 'backOffs' | 'queue' | 'slots'>;

/** `run` is not over. */
export async function readHeldUp(knex: Knex, run: RunRow): Promise<HeldUp> {
  const [approvals, breakers, backOffs, place] = await Promise.all([
    readApprovals(knex, run),
    readBreakers(knex, run),
    readBackOffs(knex, run),
    readPlace(knex, run),
  ]);
  return { approvals, breakers, backOffs, ...place };
}

const approval = z.object({
  node: z.string(),
  approvers: z.array(z.string()),
  deadline: z.date(),
  quorum: z.int(),
  approved: z.int(),
});

async function readApprovals(knex: Knex, { id, tenant }: RunRow): Promise<HeldUp['approvals']> {
  return await selectRows(
    knex,
    approval,
    `select a.node, a.approvers, a.deadline, a.quorum,
            (select count(*)::int from breakwater.approval_decision d where d.approval_id = a.id and d.decision = 'approve') as approved
       from breakwater.approval a
      where a.run_id = :id and a.tenant = :tenant and a.status = 'pending'
      order by a.created_at`,
    { id, tenant },
  );
}

const breaker = z.object({
  service: z.string(),
  openedAt: z.date(),
  nextProbeAt: z.date().nullable(),
  forcedBy: z.string().nullable(),
});

// Only those that the run says it waits for. Who forced a tool's, which all tenants share, may be of another tenant.
async function readBreakers(knex: Knex, { tenant, waiting_for: said }: RunRow): Promise<HeldUp['breakers']> {
  const services = [...(said ?? '').matchAll(/ for service "([^"]+)"/g)].flatMap(([, service]) => service ?? []);
  if (services.length === 0) return [];
  return await selectRows(
    knex,
    breaker,
    `select b.service, b.opened_at as "openedAt", b.next_probe_at as "nextProbeAt",
            case when b.tenant = :tenant then b.forced_by end as "forcedBy"
       from breakwater.circuit_breaker b
      where b.tenant in (:tenant, '*') and b.service = any(:services) and b.opened_at is not null
      order by b.service`,
    { tenant, services },
  );
}

const backOff = z.object({ act: z.string(), attempt: z.coerce.number(), code: z.string(), nextAt: z.date() });

// Checkpoints of attempts that are repeated, of which the time has not come. The text is looked at first: few are worth reading.
async function readBackOffs(knex: Knex, { id }: RunRow): Promise<HeldUp['backOffs']> {
  return await selectRows(
    knex,
    backOff,
    `select r.act, r.attempt, r.code, r.next_at as "nextAt"
       from (select o.function_name as act, c.value ->> 'attempt' as attempt, c.value #>> '{error,code}' as code,
                    to_timestamp((c.value ->> 'retryAt')::float8 / 1000) as next_at
               from dbos.operation_outputs o
               cross join lateral (select breakwater.checkpoint(o.output) as value offset 0) c
              where o.workflow_uuid = ? and position('"retryAt":' in o.output) > 0) r
      where r.next_at > clock_timestamp() and r.code is not null
      order by r.next_at
      limit 20`,
    [id],
  );
}

const place = z.object({
  isQueued: z.boolean(),
  before: z.int(),
  workers: z.int(),
  notBefore: z.date().nullable(),
  used: z.int().nullable(),
  capacity: z.int().nullable(),
  queued: z.int().nullable(),
});

async function readPlace(knex: Knex, { id }: RunRow): Promise<Pick<HeldUp, 'queue' | 'slots'>> {
  const { isQueued, before, workers, notBefore, used, capacity, queued } = await selectRow(
    knex,
    place,
    `select coalesce(w.status in ('ENQUEUED', 'DELAYED'), false) as "isQueued",
            case when w.status = 'DELAYED' then to_timestamp(w.delay_until_epoch_ms / 1000.0) end as "notBefore",
            case when w.status = 'ENQUEUED' then
              (select count(*)::int
                 from dbos.workflow_status o
                where o.status = 'ENQUEUED' and o.queue_name = w.queue_name
                  and (o.priority, o.created_at) < (w.priority, w.created_at))
            else 0 end as before,
            (select count(*)::int
               from breakwater.executor e
              where e.protocol = w.application_version and e.role <> 'api' and e.expires_at > clock_timestamp()) as workers,
            own.slots_used as used, own.slots_capacity as capacity, own.slots_queued as queued
       from (select :id::text as id) run
       left join dbos.workflow_status w on w.workflow_uuid = run.id
       left join breakwater.executor own on own.id = w.executor_id and w.status = 'PENDING'`,
    { id },
  );
  return {
    ...(isQueued && { queue: { before, workers, notBefore } }),
    ...(used !== null && capacity !== null && queued !== null && { slots: { used, capacity, queued } }),
  };
}
