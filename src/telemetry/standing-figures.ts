// Figures that are read when somebody asks for them: facts of the database, the same whichever process is asked, and facts of this
// process.
import type { Knex } from 'knex';
import { countPending } from '../approvals/index.ts';
import { queueDepths } from '../durable/index.ts';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import type { PoolFigures } from '../postgres/index.ts';
import { breakerStates } from '../resilience/index.ts';
import { WAITING_REASONS, countWaiting } from '../runs/index.ts';
import { boundLabel } from './label-bound.ts';
import type { Series } from './series.ts';

/** Whoever asks more often is answered with what was read before. */
const FRESH_MS = 5_000;
const BREAKER_STATE = { closed: 0, open: 1, half_open: 2 } as const;

/** Of this process at this moment. */
export interface Vitals {
  /** Absent where no runs are executed. */
  readonly slots?: { readonly used: number; readonly queued: number; readonly capacity: number };
  readonly leaseRemainingMs: number;
  readonly pools: Readonly<Record<string, PoolFigures>>;
}

export interface FiguresOptions {
  readonly series: Series;
  /** Sees every tenant's rows. */
  readonly knex: Knex;
  readonly vitals: () => Vitals;
  readonly emit: Emit;
}

/** What it gives has every gauge show what is so now. */
export function standingFigures({ series, knex, vitals, emit }: FiguresOptions): () => Promise<void> {
  const service = boundLabel();
  let readAtMs = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | undefined;
  const readOnce = async (): Promise<void> => {
    try {
      await readShared(series, knex, service);
    } catch (error) {
      // Old figures would be taken for true ones.
      for (const gauge of sharedOf(series)) gauge.reset();
      emit({ level: 'warn', name: 'metrics.unread', fields: { error: messageOf(error) } });
    }
    readAtMs = performance.now();
  };
  return async () => {
    showVitals(series, vitals());
    if (performance.now() - readAtMs < FRESH_MS) return;
    reading ??= readOnce().finally(() => {
      reading = undefined;
    });
    await reading;
  };
}

function sharedOf({ approvalsPending, approvalOldest, waiting, queued, breakerState }: Series) {
  return [approvalsPending, approvalOldest, waiting, queued, breakerState];
}

async function readShared(series: Series, knex: Knex, boundService: (name: string) => string): Promise<void> {
  const [pending, waiting, queues, breakers] = await Promise.all([
    countPending(knex),
    countWaiting(knex),
    queueDepths(knex),
    breakerStates(knex),
  ]);
  for (const gauge of sharedOf(series)) gauge.reset();
  series.approvalsPending.set(pending.count);
  series.approvalOldest.set(pending.oldestSeconds);
  for (const reason of WAITING_REASONS) series.waiting.set({ reason }, 0);
  for (const { reason, runs } of waiting) series.waiting.set({ reason }, runs);
  for (const { queue, runs } of queues) series.queued.set({ queue }, runs);
  for (const { service, state } of breakers)
    series.breakerState.set({ service: boundService(service) }, BREAKER_STATE[state]);
}

function showVitals({ slots, leaseSeconds, connections }: Series, vitals: Vitals): void {
  const { used = 0, queued = 0, capacity = 0 } = vitals.slots ?? {};
  slots.set({ state: 'used' }, used);
  slots.set({ state: 'free' }, capacity - used);
  slots.set({ state: 'queued' }, queued);
  leaseSeconds.set(vitals.leaseRemainingMs / 1_000);
  for (const [pool, figures] of Object.entries(vitals.pools)) {
    connections.set({ pool, state: 'used' }, figures.used);
    connections.set({ pool, state: 'free' }, figures.free);
    connections.set({ pool, state: 'waiting' }, figures.waiting);
  }
}
