// The sweep: every process frees the runs of dead executors, without state, so that any number of them may do it at once (D5).
import type { Knex } from 'knex';
import type { Emit } from '../kernel/index.ts';
import { deleteDeadLeases, reenqueueOrphans } from './lease-store.ts';
import { repeat } from './loop.ts';
import type { Loop } from './loop.ts';

const SWEEP_LIMIT = 100;

/** Every third of the ttl with jitter, and once at the start. */
export function startSweep(knex: Knex, ttlMs: number, emit: Emit): Loop {
  const pauseMs = (): number => (ttlMs / 3) * (0.75 + Math.random() * 0.5);
  const sweep = async (): Promise<number> => {
    for (;;) {
      const runs = await reenqueueOrphans(knex, SWEEP_LIMIT);
      if (runs.length > 0)
        emit({ level: 'info', name: 'sweep.took_over', fields: { count: runs.length, runs: runs.slice(0, 10) } });
      if (runs.length < SWEEP_LIMIT) break;
    }
    await deleteDeadLeases(knex);
    return pauseMs();
  };
  return repeat({ name: 'sweep', emit, work: sweep, errorPauseMs: ttlMs / 3 });
}
