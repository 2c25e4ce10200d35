// What people see of the breakers, and their word that forces one: it goes to the shared row, which every process follows.
import type { Knex } from 'knex';
import { BreakwaterError, didYouMean, pageOfNamed, silent } from '../kernel/index.ts';
import type { Clock, Emit, Page, PageRequest } from '../kernel/index.ts';
import { NEW_BREAKER, force, forceOf } from './breaker.ts';
import type { BreakerState } from './breaker.ts';
import {
  EVERY_TENANT,
  changeBreaker,
  listNamedServices,
  listTransitions,
  loadBreakers,
  recordForce,
} from './breaker-store.ts';
import type { BreakerKey, StoredBreaker, StoredTransition } from './breaker-store.ts';
import { announceChange } from './breakers.ts';

export interface BreakerView {
  readonly service: string;
  /** Of a tool: one for all tenants, which only an admin forces. */
  readonly shared: boolean;
  readonly state: BreakerState['kind'];
  /** In a row. */
  readonly failures: number;
  readonly openedAt?: string;
  /** When one call may try the service. */
  readonly nextProbeAt?: string;
  /** An operator's word that still holds. */
  readonly forced?: { readonly by: string; readonly reason: string; readonly until: string };
  /** The last ones, newest first. */
  readonly transitions: readonly BreakerTransition[];
}

export interface BreakerTransition {
  readonly from: BreakerState['kind'];
  readonly to: BreakerState['kind'];
  readonly at: string;
  readonly why: string;
  /** The operator who forced it. */
  readonly by?: string;
}

export interface ForceRequest {
  readonly to: 'open' | 'closed';
  readonly reason: string;
  readonly forMs: number;
}

/** Who forces a breaker: at least an operator of the tenant. */
export interface BreakerActor {
  readonly tenant: string;
  readonly user: string;
  readonly isAdmin: boolean;
}

export interface BreakerBoard {
  /** Of every service that a tool or a definition of the tenant goes to, by name. */
  list(tenant: string, page: PageRequest): Promise<Page<BreakerView>>;
  /** Unknown: BreakwaterError NOT_FOUND with the nearest name. Another's to force: FORBIDDEN. */
  force(actor: BreakerActor, service: string, request: ForceRequest): Promise<BreakerView>;
}

export interface BoardOptions {
  /** Sees and writes the rows of that tenant, and those that belong to all. */
  readonly knexOf: (tenant: string) => Knex;
  /** Tools that go to a service, by name. */
  readonly tools: readonly string[];
  readonly clock: Clock;
  readonly emit?: Emit;
}

const SHOWN_TRANSITIONS = 10;

export function createBreakerBoard({ knexOf, tools, clock, emit = silent }: BoardOptions): BreakerBoard {
  const keysOf = async (tenant: string): Promise<BreakerKey[]> => await listKeys(knexOf(tenant), tools, tenant);
  const view = async (tenant: string, keys: readonly BreakerKey[]): Promise<BreakerView[]> => {
    const knex = knexOf(tenant);
    const [stored, transitions] = await Promise.all([
      loadBreakers(knex),
      listTransitions(knex, [EVERY_TENANT, tenant], SHOWN_TRANSITIONS),
    ]);
    return keys.map((key) => viewOf(key, stored.find(isOf(key)), transitions.filter(isOf(key)), clock.now()));
  };
  return {
    async list(tenant, request) {
      const page = pageOfNamed(await keysOf(tenant), request, ({ service }) => service);
      return { ...page, items: await view(tenant, page.items) };
    },
    async force(actor, service, { to, reason, forMs }) {
      const keys = await keysOf(actor.tenant);
      const key = keys.find((each) => each.service === service);
      if (!key) throw unknownService(service, keys);
      if (key.tenant === EVERY_TENANT && !actor.isAdmin) throw notYours(service);
      const change = await knexOf(actor.tenant).transaction(async (trx) => {
        const by = actor.user;
        const forced = await changeBreaker(
          trx,
          key,
          (state, nowMs) => force(state, to, { by, reason, untilMs: nowMs + forMs }, nowMs),
          by,
        );
        await recordForce(trx, actor, { service, to, reason, forMs });
        return forced;
      });
      announceChange(emit, change, actor.user);
      const [forced] = await view(actor.tenant, [key]);
      if (!forced) throw new Error(`the breaker of ${service} was forced and is not there`);
      return forced;
    },
  };
}

// A row may outlive the definition that named it.
async function listKeys(knex: Knex, tools: readonly string[], tenant: string): Promise<BreakerKey[]> {
  const [named, stored] = await Promise.all([listNamedServices(knex, tenant), loadBreakers(knex)]);
  const own = [...named, ...stored.filter((each) => each.tenant === tenant).map(({ service }) => service)];
  return [
    ...tools.map((service) => ({ tenant: EVERY_TENANT, service })),
    ...[...new Set(own)].filter((service) => !tools.includes(service)).map((service) => ({ tenant, service })),
  ];
}

function isOf(key: BreakerKey): (each: BreakerKey) => boolean {
  return ({ tenant, service }) => tenant === key.tenant && service === key.service;
}

function viewOf(
  { tenant, service }: BreakerKey,
  stored: StoredBreaker | undefined,
  transitions: readonly StoredTransition[],
  nowMs: number,
): BreakerView {
  const state = stored?.state ?? NEW_BREAKER;
  const forced = forceOf(state, nowMs);
  return {
    service,
    shared: tenant === EVERY_TENANT,
    state: state.kind,
    failures: state.kind === 'closed' ? state.failures : 0,
    ...(state.kind !== 'closed' && { openedAt: toText(state.openedAtMs) }),
    ...(state.kind === 'open' && { nextProbeAt: toText(state.nextProbeAtMs) }),
    ...(forced && { forced: { by: forced.by, reason: forced.reason, until: toText(forced.untilMs) } }),
    transitions: transitions.map(({ from, to, at, why, by }) => ({
      from,
      to,
      at: at.toISOString(),
      why,
      ...(by !== null && { by }),
    })),
  };
}

function toText(ms: number): string {
  return new Date(ms).toISOString();
}

function unknownService(service: string, keys: readonly BreakerKey[]): BreakwaterError {
  const names = keys.map((key) => key.service);
  return new BreakwaterError('NOT_FOUND', `No breaker "${service}"${didYouMean(service, names) || '.'}`);
}

function notYours(service: string): BreakwaterError {
  return new BreakwaterError(
    'FORBIDDEN',
    `The breaker of ${service} belongs to all tenants, as the tool does: forcing it needs the role admin.`,
  );
}
