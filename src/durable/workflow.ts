// The wrapper around every durable workflow, YAML or coded: what escapes the body gives the run back, it never ends it (D2, K1-K4).
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Knex } from 'knex';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { takeBirth } from './birth.ts';
import type { Birth } from './birth.ts';
import { reach } from './boundary.ts';
import { takeEnded } from './ended.ts';
import { causeOfEscape, classifyEscape } from './escape.ts';
import type { EscapeClass } from './escape.ts';
import { asExecution, currentRun } from './execution.ts';
import type { Execution } from './execution.ts';
import { giveBackLater, giveBackNow } from './give-back-store.ts';
import type { Owned } from './give-back-store.ts';
import { DBOSWorkflowConflictError, currentExecution } from './internals.ts';
import { setAsideAsStuck } from './set-aside.ts';
import type { OnStuck } from './set-aside.ts';

// A run outlives any number of restarts: poison is our own rule, counted by progress, not DBOS's count of claims.
const MAX_RECOVERY_ATTEMPTS = 1_000_000_000;
const MAX_DELAY_MS = 300_000;
const LEVEL = { defect: 'error', infrastructure: 'warn', ownership: 'info', shutdown: 'info' } as const;
const STORM = { giveBacks: 50, withinMs: 10_000 };

/** What the wrapper needs from the process around it. */
export interface Guard {
  readonly knex: Knex;
  readonly emit: Emit;
  /** Writes that the run is stuck, and why, in the transaction that sets it aside. */
  readonly onStuck: OnStuck;
  /** This process gives runs back faster than it can serve them: it must go. */
  readonly onStorm: () => void;
}

let guard: Guard | undefined;
const registered = new Set<string>();
const giveBacks = new Map<string, number>();
let recent: number[] = [];

export function installGuard(value: Guard): void {
  guard = value;
}

/** Registers `body` under a stored `name`. Must be called before launch. The input is what the start gave, parsed by the body. */
export function registerDurable(name: string, body: (input: unknown) => Promise<void>): void {
  registered.add(name);
  DBOS.registerWorkflow((input: unknown) => guarded(() => body(input)), {
    name,
    maxRecoveryAttempts: MAX_RECOVERY_ATTEMPTS,
  });
}

/** Does this process know the stored `name`? */
export function isRegistered(name: string): boolean {
  return registered.has(name);
}

// Waiting runs are many: none of the calls around a body that have nothing left to do keeps a frame.
function guarded(body: () => Promise<void>): Promise<void> {
  const owned = currentExecution();
  if (!owned) throw new Error('a durable workflow runs only under DBOS');
  const birth = takeBirth(owned.ownerXid);
  return asExecution({ ...owned, isFirst: birth !== undefined }, async () => {
    try {
      if (birth) begin(currentRun(), birth);
      await body();
      reach('ending', owned.runId, 'run');
      giveBacks.delete(owned.runId);
    } catch (error) {
      const kind = classifyEscape(error);
      // DBOS does not come to write an outcome.
      takeEnded(owned.ownerXid);
      // What escaped may have come past the branches: none of them may act once another execution begins.
      currentRun().comeToRest(kind);
      await currentRun().settled();
      await leave(owned, kind, causeOfEscape(error));
      throw new DBOSWorkflowConflictError(owned.runId);
    }
  });
}

// Whoever else would record something for the run first takes the token away, and then our own records are refused (K12).
function begin({ memory }: Execution, { isSeenNow }: Birth): void {
  memory.learn(new Map());
  if (isSeenNow) memory.see();
}

// Postgres may be what failed: the give-back itself is tried until it is known to have worked or no longer matters.
async function leave(owned: Owned, kind: EscapeClass, cause: unknown): Promise<void> {
  if (!guard || kind === 'ownership') return;
  const { emit } = guard;
  emit({
    level: LEVEL[kind],
    name: 'durable.left',
    fact: true,
    fields: { run: owned.runId, class: kind, error: messageOf(cause) },
  });
  for (let delayMs = 100; ; delayMs = Math.min(delayMs * 2, 5_000)) {
    try {
      await giveBack(guard, owned, kind, cause);
      return;
    } catch (error) {
      const again = classifyEscape(error);
      // A closing pool leaves the row to the sweep: the lease of this process is ending.
      if (again === 'shutdown') return;
      emit({
        level: 'warn',
        name: 'durable.give_back_failed',
        fields: { run: owned.runId, error: messageOf(error) },
      });
      await sleep(delayMs);
    }
  }
}

async function giveBack(settings: Guard, owned: Owned, kind: EscapeClass, cause: unknown): Promise<void> {
  if (kind === 'defect') return await setAsideAsStuck(settings, owned, cause);
  const { knex, onStorm } = settings;
  if (kind === 'shutdown') {
    await giveBackNow(knex, owned);
    return;
  }
  const count = (giveBacks.get(owned.runId) ?? 0) + 1;
  if (await giveBackLater(knex, owned, Math.min(1_000 * 2 ** (count - 1), MAX_DELAY_MS)))
    giveBacks.set(owned.runId, count);
  if (isStorm(performance.now())) onStorm();
}

function isStorm(now: number): boolean {
  recent = [...recent.filter((at) => now - at < STORM.withinMs), now];
  return recent.length > STORM.giveBacks;
}
