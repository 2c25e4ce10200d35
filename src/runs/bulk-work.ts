// Carries out actions on many runs: each run in a transaction of its own with the note that it is done, so that any process goes on with what another left.
import type { Knex } from 'knex';
import { codeOf, forTenant, isOwnDatabaseError } from '../postgres/index.ts';
import { repeat } from '../durable/index.ts';
import { BreakwaterError, messageOf } from '../kernel/index.ts';
import type { Clock, Emit } from '../kernel/index.ts';
import type { BulkAction } from './bulk.ts';
import { endBulk, listLeft, listOpenBulks, settlePlace, takePlace } from './bulk-store.ts';
import type { BulkPlace, OpenBulk } from './bulk-store.ts';
import type { Why } from './control-verb.ts';
import { cancelRun, pauseRun, releaseRun, resumeRun } from './operate-run.ts';
import { compensateRun } from './reopen-run.ts';
import type { Actor } from './runs.ts';

export interface BulkWorkOptions {
  /** For every tenant: it finds what is to be done. */
  readonly engine: Knex;
  /** Under the role of the API: what is done runs behind the wall of its tenant. */
  readonly api: Knex;
  readonly clock: Clock;
  readonly emit: Emit;
}

export interface BulkWork {
  wake(): void;
  /** Ends with the runs under way; another process goes on. */
  stop(): Promise<void>;
}

/** How soon what another process left, or an API process began, is found. */
const LOOK_MS = 5_000;
const CHUNK = 100;
/** Runs under way at once. */
const LANES = 4;

export function startBulkWork(options: BulkWorkOptions): BulkWork {
  const stopping = new AbortController();
  const work = async (): Promise<number> => {
    for (const bulk of await listOpenBulks(options.engine)) await carryOut(options, bulk, stopping.signal);
    return LOOK_MS;
  };
  const loop = repeat({ name: 'bulk', emit: options.emit, work, errorPauseMs: LOOK_MS });
  return {
    wake: () => loop.wake(),
    async stop() {
      stopping.abort();
      await loop.stop();
    },
  };
}

async function carryOut(options: BulkWorkOptions, bulk: OpenBulk, stopping: AbortSignal): Promise<void> {
  const knex = forTenant(options.api, bulk.tenant);
  let after = 0;
  while (!stopping.aborted) {
    const left = await listLeft(knex, bulk.id, after, CHUNK);
    const last = left.at(-1);
    if (!last) break;
    await inLanes(left, async (place) => {
      if (!stopping.aborted) await carryOutOne(options, knex, bulk, place);
    });
    after = last.ordinal;
  }
  if (stopping.aborted) return;
  const isOver = await knex.transaction(async (trx) => await endBulk(trx, bulk.id));
  if (isOver) options.emit({ level: 'info', name: 'bulk.ended', fields: { bulk: bulk.id, action: bulk.action } });
}

async function inLanes<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const rest = items.values();
  const lane = async (): Promise<void> => {
    for (const item of rest) await work(item);
  };
  const ends = await Promise.allSettled(Array.from({ length: LANES }, lane));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function carryOutOne(
  { clock, emit }: BulkWorkOptions,
  knex: Knex,
  bulk: OpenBulk,
  place: BulkPlace,
): Promise<void> {
  try {
    await knex.transaction(async (trx) => {
      if (!(await takePlace(trx, bulk.id, place))) return;
      const changed = await perform(trx, clock, bulk, place.run_id);
      await settlePlace(trx, bulk.id, place, { outcome: changed ? 'done' : 'unchanged' });
    });
  } catch (error) {
    if (isPassing(error)) throw error;
    if (!(error instanceof BreakwaterError)) tellDefect(emit, bulk, place, error);
    await settlePlace(knex, bulk.id, place, { outcome: 'refused', reason: reasonOf(error) });
  }
}

interface Told {
  readonly knex: Knex.Transaction;
  readonly clock: Clock;
  readonly actor: Actor;
  readonly id: string;
  readonly why: Why;
  readonly compensate: boolean;
}

const VERBS: Readonly<Record<BulkAction, (told: Told) => Promise<boolean>>> = {
  cancel: async ({ knex, actor, id, why, compensate }) => await cancelRun(knex, actor, id, { ...why, compensate }),
  pause: async ({ knex, actor, id, why }) => await pauseRun(knex, actor, id, why),
  resume: async ({ knex, actor, id, why }) => await resumeRun(knex, actor, id, why),
  release: async ({ knex, actor, id, why }) => await releaseRun(knex, actor, id, why),
  compensate: async ({ knex, clock, actor, id, why }) => await compensateRun({ knex, clock }, actor, id, why),
};

// Whoever asked held the role when it was asked.
async function perform(knex: Knex.Transaction, clock: Clock, bulk: OpenBulk, id: string): Promise<boolean> {
  const { action, tenant, actor: user, reason, compensate } = bulk;
  const actor = { tenant, user, roles: ['operator'] };
  const why = { bulk: bulk.id, ...(reason !== null && { reason }) };
  return await VERBS[action]({ knex, clock, actor, id, why, compensate: compensate ?? true });
}

// Another look may succeed. What the server says of the data itself it would say again.
function isPassing(error: unknown): boolean {
  return isOwnDatabaseError(error) && !/^(?:22|23|54|42|0A)/.test(codeOf(error) ?? '');
}

function reasonOf(error: unknown): string {
  return error instanceof BreakwaterError ? error.message : 'could not be done: a defect of ours, which the log has';
}

function tellDefect(emit: Emit, { id, action }: OpenBulk, { run_id: run }: BulkPlace, error: unknown): void {
  emit({ level: 'error', name: 'bulk.defect', fields: { bulk: id, action, run, error: messageOf(error) } });
}
