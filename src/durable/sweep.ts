// Two stateless loops that every process runs: the sweep frees runs of dead executors, the audit frees runs we own but do not run (D5).
import type { Knex } from 'knex';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { giveBackNow } from './give-back-store.ts';
import { isRunningHere } from './internals.ts';
import { deleteDeadLeases, listOwned, reenqueueOrphans } from './lease-store.ts';

const SWEEP_LIMIT = 100;

export interface Loop {
  stop(): Promise<void>;
}

/** Every third of the ttl with jitter, and once at the start. */
export function startSweep(knex: Knex, ttlMs: number, emit: Emit): Loop {
  return repeat(
    'sweep',
    emit,
    () => (ttlMs / 3) * (0.75 + Math.random() * 0.5),
    async () => {
      for (;;) {
        const runs = await reenqueueOrphans(knex, SWEEP_LIMIT);
        if (runs.length > 0)
          emit({ level: 'info', name: 'sweep.took_over', fields: { count: runs.length, runs: runs.slice(0, 10) } });
        if (runs.length < SWEEP_LIMIT) break;
      }
      await deleteDeadLeases(knex);
    },
  );
}

/** A row owned by this process, not running here and seen so twice under the same token, goes back to the queue. */
export function startAudit(knex: Knex, executorId: string, emit: Emit, everyMs = 3_000): Loop {
  let suspected = new Set<string>();
  return repeat(
    'audit',
    emit,
    () => everyMs,
    async () => {
      const idle = (await listOwned(knex, executorId)).filter((owned) => !isRunningHere(owned.runId));
      for (const owned of idle.filter((each) => suspected.has(`${each.runId} ${each.ownerXid}`))) {
        if (await giveBackNow(knex, owned))
          emit({ level: 'warn', name: 'audit.freed', fields: { runId: owned.runId } });
      }
      suspected = new Set(idle.map((owned) => `${owned.runId} ${owned.ownerXid}`));
    },
  );
}

function repeat(name: string, emit: Emit, delayMs: () => number, work: () => Promise<void>): Loop {
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  let wake: () => void = () => undefined;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      try {
        await work();
      } catch (error) {
        emit({ level: 'warn', name: `${name}.failed`, fields: { error: messageOf(error) } });
      }
      if (stopped) return;
      await new Promise<void>((resolve) => {
        wake = resolve;
        timer = setTimeout(resolve, delayMs());
      });
    }
  };
  const done = loop();
  return {
    async stop() {
      stopped = true;
      clearTimeout(timer);
      wake();
      await done;
    },
  };
}
