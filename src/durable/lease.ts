// The right of this process to own runs: taken before launch, renewed on the database's clock, lost for good by silence (D5).
import type { Knex } from 'knex';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { deleteLease, insertLease, renewLease } from './lease-store.ts';
import type { ExecutorIdentity, Vitals } from './lease-store.ts';
import { startWatchdog } from './watchdog.ts';
import type { Watchdog } from './watchdog.ts';

/** One that hangs in a dead connection must not hold the next one back. */
const RENEWALS_AT_ONCE = 2;

export interface Lease {
  /** Stops renewing and gives the lease up, so that others take over at once. */
  release(): Promise<void>;
  /** Is it renewed in time, as far as this process knows? */
  readonly held: boolean;
  /** Until it runs out unless it is renewed; 0 without one. */
  readonly remainingMs: number;
}

export interface LeaseOptions {
  /** With {@link RENEWALS_AT_ONCE} connections that serve nothing else. */
  readonly knex: Knex;
  readonly executor: ExecutorIdentity;
  readonly ttlMs: number;
  readonly emit: Emit;
  /** What the process tells of itself with each renewal. */
  readonly vitals: () => Vitals;
  /** The lease is lost: the process must exit at once, not stop gently, for others already run its runs. */
  readonly onLost: (reason: string) => void;
}

/**
 * Renews every quarter of the ttl. A ttl without success, by the monotonic clock, ends the process from a thread of its own,
 * whatever the main thread does.
 */
export async function takeLease(options: LeaseOptions): Promise<Lease> {
  const { knex, executor, ttlMs, vitals, onLost } = options;
  let released = false;
  const lost = (reason: string): void => {
    if (!released) onLost(reason);
  };
  // Counted from before the question: the database begins the ttl no earlier.
  const takenAt = process.hrtime.bigint();
  await insertLease(knex, executor, ttlMs, vitals());
  const watchdog = startWatchdog({ executorId: executor.id, ttlMs, takenAt, onFailure: lost });
  const stopRenewing = keepRenewing(options, watchdog, lost);
  return {
    get held() {
      return !released && watchdog.remainingMs > 0;
    },
    get remainingMs() {
      return released ? 0 : Math.max(0, watchdog.remainingMs);
    },
    async release() {
      released = true;
      stopRenewing();
      await watchdog.stop();
      await deleteLease(knex, executor.id);
    },
  };
}

function keepRenewing(
  { knex, executor, ttlMs, vitals, emit }: LeaseOptions,
  watchdog: Watchdog,
  lost: (reason: string) => void,
): () => void {
  let underWay = 0;
  const renew = async (): Promise<void> => {
    const askedAt = process.hrtime.bigint();
    try {
      if (await renewLease(knex, executor.id, ttlMs, vitals())) watchdog.renewed(askedAt);
      else lost('its row has expired or is gone');
    } catch (error) {
      emit({ level: 'warn', name: 'lease.renewal_failed', fields: { executor: executor.id, error: messageOf(error) } });
    }
  };
  const timer = setInterval(() => {
    if (underWay >= RENEWALS_AT_ONCE) return;
    underWay++;
    void renew().finally(() => underWay--);
  }, ttlMs / 4);
  return () => clearInterval(timer);
}
