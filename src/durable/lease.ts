// The right of this process to own runs: taken before launch, renewed on the database's clock, lost for good by silence (D5).
import type { Knex } from 'knex';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { deleteLease, insertLease, renewLease } from './lease-store.ts';

export interface Lease {
  /** Stops renewing and gives the lease up, so that others take over at once. */
  release(): Promise<void>;
  /** Is it renewed in time, as far as this process knows? */
  readonly held: boolean;
}

export interface LeaseOptions {
  readonly knex: Knex;
  readonly executor: { id: string; host: string; pid: number; role: string };
  readonly ttlMs: number;
  readonly emit: Emit;
  /** The lease is lost: the process must exit at once, not stop gently, for others already run its runs. */
  readonly onLost: (reason: string) => void;
}

/** Renews every quarter of the ttl; a ttl without success by the monotonic clock is a lost lease. */
export async function takeLease({ knex, executor, ttlMs, emit, onLost }: LeaseOptions): Promise<Lease> {
  let renewedAt = performance.now();
  await insertLease(knex, executor, ttlMs);
  let released = false;
  let timer: NodeJS.Timeout | undefined;

  const lost = (reason: string): void => {
    if (!released) onLost(reason);
  };
  const renew = async (): Promise<void> => {
    const askedAt = performance.now();
    try {
      if (!(await renewLease(knex, executor.id, ttlMs))) return lost('its row has expired or is gone');
      // Counted from before the question: the database began the new ttl no earlier.
      renewedAt = askedAt;
    } catch (error) {
      emit({ level: 'warn', name: 'lease.renewal_failed', fields: { executor: executor.id, error: messageOf(error) } });
    }
  };
  const watchdog = setInterval(() => {
    if (performance.now() - renewedAt > ttlMs) lost(`no renewal succeeded for ${ttlMs} ms`);
  }, ttlMs / 10);
  const schedule = (): void => {
    timer = setTimeout(() => void renew().finally(() => !released && schedule()), ttlMs / 4);
  };
  schedule();

  return {
    get held() {
      return !released && performance.now() - renewedAt <= ttlMs;
    },
    async release() {
      released = true;
      clearInterval(watchdog);
      clearTimeout(timer);
      await deleteLease(knex, executor.id);
    },
  };
}
