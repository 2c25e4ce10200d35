// The tables breakwater.circuit_breaker and breaker_transition: one row a service, read, and changed under its lock.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRow, selectRows } from '../postgres/index.ts';
import { NEW_BREAKER } from './breaker.ts';
import type { BreakerState, Force, HalfOpen, Probe, Step } from './breaker.ts';

/** Told when a row changed. */
export const BREAKER_CHANNEL = 'breakwater_breaker';

/** Of tools, whose credentials are the installation's. */
export const EVERY_TENANT = '*';

/** Transitions kept of each service. */
const KEPT_TRANSITIONS = 200;

export interface BreakerKey {
  /** {@link EVERY_TENANT}, or the tenant whose definitions name the service. */
  readonly tenant: string;
  readonly service: string;
}

export interface StoredBreaker extends BreakerKey {
  readonly state: BreakerState;
  /** 0: there is no row yet. */
  readonly version: number;
}

export interface Change {
  readonly before: StoredBreaker;
  readonly after: StoredBreaker;
  /** The database's time at which it was decided. */
  readonly nowMs: number;
}

const instant = z.coerce.number().nullable();
const row = z.object({
  tenant: z.string(),
  service: z.string(),
  state: z.enum(['closed', 'open', 'half_open']),
  epoch: z.coerce.number(),
  version: z.coerce.number(),
  failures: z.number(),
  lastFailureAtMs: instant,
  calls: z.array(z.tuple([z.number(), z.number(), z.number()])),
  openedAtMs: instant,
  nextProbeAtMs: instant,
  successes: z.number(),
  probeToken: z.string().nullable(),
  probeHolder: z.string().nullable(),
  probeExpiresAtMs: instant,
  isOrphaned: z.boolean(),
  forcedBy: z.string().nullable(),
  forcedReason: z.string().nullable(),
  forcedUntilMs: instant,
  nowMs: z.coerce.number(),
});
type Row = z.output<typeof row>;

const ms = (column: string): string => `(extract(epoch from ${column}) * 1000)::bigint`;

// A probe whose executor has lost its lease will not tell how it went.
const COLUMNS = `b.tenant, b.service, b.state, b.epoch, b.version, b.failures, ${ms('b.last_failure_at')} as "lastFailureAtMs",
            b.calls, ${ms('b.opened_at')} as "openedAtMs", ${ms('b.next_probe_at')} as "nextProbeAtMs", b.successes,
            b.probe_token as "probeToken", b.probe_holder as "probeHolder", ${ms('b.probe_expires_at')} as "probeExpiresAtMs",
            b.probe_holder is not null and not exists (
              select 1 from breakwater.executor e where e.id = b.probe_holder and e.expires_at > clock_timestamp()) as "isOrphaned",
            b.forced_by as "forcedBy", b.forced_reason as "forcedReason", ${ms('b.forced_until')} as "forcedUntilMs",
            ${ms('clock_timestamp()')} as "nowMs"`;

export async function loadBreakers(knex: Knex): Promise<StoredBreaker[]> {
  const rows = await selectRows(knex, row, `select ${COLUMNS} from breakwater.circuit_breaker b`);
  return rows.map(storedOf);
}

/** Decides on the row under its lock, and tells every process when that changed anything. Its transition is kept. */
export async function changeBreaker(
  knex: Knex,
  key: BreakerKey,
  decide: (state: BreakerState, nowMs: number) => Step,
  forcedBy?: string,
): Promise<Change> {
  return await knex.transaction(async (trx) => {
    const locked = await lockBreaker(trx, key);
    const before = storedOf(locked);
    const { state, why } = decide(before.state, locked.nowMs);
    if (state === before.state) return { before, after: before, nowMs: locked.nowMs };
    const { version } = await saveBreaker(trx, key, state);
    if (why !== undefined) await keepTransition(trx, key, before.state, state, { why, forcedBy });
    return { before, after: { ...key, state, version }, nowMs: locked.nowMs };
  });
}

// Held to the commit: changes of one service come one after the other.
async function lockBreaker(trx: Knex.Transaction, key: BreakerKey): Promise<Row> {
  const sql = `select ${COLUMNS} from breakwater.circuit_breaker b where b.tenant = :tenant and b.service = :service for update`;
  const [known] = await selectRows(trx, row, sql, { ...key });
  if (known) return known;
  await trx
    .withSchema('breakwater')
    .table('circuit_breaker')
    .insert({ ...key, state: NEW_BREAKER.kind, epoch: NEW_BREAKER.epoch })
    .onConflict()
    .ignore();
  return await selectRow(trx, row, sql, { ...key });
}

async function saveBreaker(
  trx: Knex.Transaction,
  { tenant, service }: BreakerKey,
  state: BreakerState,
): Promise<{ version: number }> {
  const columns = columnsOf(state);
  const names = Object.keys(columns);
  return await selectRow(
    trx,
    z.object({ version: z.coerce.number() }),
    `with changed as (
       update breakwater.circuit_breaker
          set ${names.map((name) => `${name} = ${valueOf(name)}`).join(', ')},
              version = version + 1, updated_at = clock_timestamp()
        where tenant = :tenant and service = :service
       returning version)
     select version, pg_notify('${BREAKER_CHANNEL}', '') from changed`,
    { tenant, service, ...columns },
  );
}

function valueOf(name: string): string {
  return /_(?:at|until)$/.test(name) ? `to_timestamp(:${name}::float8 / 1000)` : `:${name}`;
}

function columnsOf(state: BreakerState) {
  const forced = state.kind === 'half_open' ? undefined : state.forced;
  const probe = state.kind === 'half_open' ? state.probe : undefined;
  return {
    state: state.kind,
    epoch: state.epoch,
    failures: state.kind === 'closed' ? state.failures : 0,
    last_failure_at: (state.kind === 'closed' ? state.lastFailureAtMs : undefined) ?? null,
    calls: JSON.stringify(
      state.kind === 'closed' ? state.window.map(({ second, ok, failed }) => [second, ok, failed]) : [],
    ),
    opened_at: state.kind === 'closed' ? null : state.openedAtMs,
    next_probe_at: state.kind === 'open' ? state.nextProbeAtMs : null,
    successes: state.kind === 'half_open' ? state.successes : 0,
    probe_token: probe?.token ?? null,
    probe_holder: probe?.holder ?? null,
    probe_expires_at: probe?.expiresAtMs ?? null,
    forced_by: forced?.by ?? null,
    forced_reason: forced?.reason ?? null,
    forced_until: forced?.untilMs ?? null,
  };
}

function storedOf(from: Row): StoredBreaker {
  const { tenant, service, version } = from;
  return { tenant, service, version, state: stateOf(from) };
}

function stateOf(from: Row): BreakerState {
  const { epoch, openedAtMs, nextProbeAtMs } = from;
  const forced = forceIn(from);
  if (from.state === 'closed' || openedAtMs === null) {
    return {
      kind: 'closed',
      epoch,
      failures: from.failures,
      ...(from.lastFailureAtMs !== null && { lastFailureAtMs: from.lastFailureAtMs }),
      window: from.calls.map(([second, ok, failed]) => ({ second, ok, failed })),
      ...forced,
    };
  }
  if (from.state === 'half_open' || nextProbeAtMs === null) return halfOpenIn(from, openedAtMs);
  return { kind: 'open', epoch, openedAtMs, nextProbeAtMs, ...forced };
}

function halfOpenIn({ epoch, successes, ...from }: Row, openedAtMs: number): HalfOpen {
  const probe = probeIn(from);
  return { kind: 'half_open', epoch, openedAtMs, successes, ...(probe && { probe }) };
}

function probeIn(from: Pick<Row, 'probeToken' | 'probeHolder' | 'probeExpiresAtMs' | 'isOrphaned'>): Probe | undefined {
  const { probeToken: token, probeHolder: holder, probeExpiresAtMs: expiresAtMs } = from;
  if (token === null || expiresAtMs === null || from.isOrphaned) return undefined;
  return { token, expiresAtMs, ...(holder !== null && { holder }) };
}

function forceIn({ forcedBy: by, forcedReason: reason, forcedUntilMs: untilMs }: Row): { forced?: Force } {
  return by === null || reason === null || untilMs === null ? {} : { forced: { by, reason, untilMs } };
}

async function keepTransition(
  trx: Knex.Transaction,
  { tenant, service }: BreakerKey,
  from: BreakerState,
  to: BreakerState,
  { why, forcedBy }: { why: string; forcedBy: string | undefined },
): Promise<void> {
  await trx.raw(
    `with kept as (
       insert into breakwater.breaker_transition (tenant, service, from_state, to_state, epoch, why, forced_by)
       values (:tenant, :service, :from, :to, :epoch, :why, :forcedBy))
     delete from breakwater.breaker_transition
      where tenant = :tenant and service = :service
        and id < (select min(id)
                    from (select id from breakwater.breaker_transition
                           where tenant = :tenant and service = :service
                           order by id desc limit ${KEPT_TRANSITIONS}) newest)`,
    { tenant, service, from: from.kind, to: to.kind, epoch: to.epoch, why, forcedBy: forcedBy ?? null },
  );
}

const transition = z.object({
  tenant: z.string(),
  service: z.string(),
  from: z.enum(['closed', 'open', 'half_open']),
  to: z.enum(['closed', 'open', 'half_open']),
  why: z.string(),
  by: z.string().nullable(),
  at: z.date(),
});
export type StoredTransition = z.output<typeof transition>;

/** The last `limit` of each service, newest first. */
export async function listTransitions(
  knex: Knex,
  tenants: readonly string[],
  limit: number,
): Promise<StoredTransition[]> {
  return await selectRows(
    knex,
    transition,
    `select t.tenant, t.service, t.from_state as "from", t.to_state as "to", t.why, t.forced_by as "by", t.at
       from breakwater.circuit_breaker b
       cross join lateral (
         select * from breakwater.breaker_transition t
          where t.tenant = b.tenant and t.service = b.service order by t.id desc limit :limit) t
      where b.tenant = any(:tenants)
      order by t.id desc`,
    { tenants: [...tenants], limit },
  );
}

/** Services that a tenant's definitions name. */
export async function listNamedServices(knex: Knex, tenant: string): Promise<string[]> {
  const rows = await selectRows(
    knex,
    z.object({ service: z.string() }),
    `select distinct n #>> '{breaker,service}' as service
       from breakwater.definition d
       cross join lateral jsonb_array_elements(d.plan -> 'nodes') n
      where d.tenant = :tenant and d.plan is not null and n #>> '{breaker,service}' is not null`,
    { tenant },
  );
  return rows.map(({ service }) => service);
}

/** Keeps who forced what, and why. */
export async function recordForce(
  trx: Knex.Transaction,
  { tenant, user }: { readonly tenant: string; readonly user: string },
  { service, to, reason, forMs }: { service: string; to: 'open' | 'closed'; reason: string; forMs: number },
): Promise<void> {
  await trx
    .withSchema('breakwater')
    .table('audit')
    .insert({
      tenant,
      actor: user,
      action: to === 'open' ? 'breaker.open' : 'breaker.close',
      subject: service,
      data: JSON.stringify({ reason, forMs }),
    });
}

const known = z.object({ service: z.string(), state: z.enum(['closed', 'open', 'half_open']) });

/** Of each service the state, of all tenants; where several have one of that name, the worst. */
export async function breakerStates(knex: Knex): Promise<z.infer<typeof known>[]> {
  return await selectRows(
    knex,
    known,
    `select distinct on (service) service, state
       from breakwater.circuit_breaker
      order by service, array_position(array['open', 'half_open', 'closed'], state)`,
  );
}
