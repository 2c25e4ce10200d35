// What operators do to a run that is not over: cancel, pause, resume, release it. Each is one transaction with its wake.
import type { Knex } from 'knex';
import { releaseInTransaction } from '../durable/index.ts';
import { BreakwaterError, uuidv7 } from '../kernel/index.ts';
import { listChildren } from './child-store.ts';
import { savePaused, saveResumed, writeControl } from './control-store.ts';
import type { Control } from './control-store.ts';
import { performVerb } from './control-verb.ts';
import type { Why } from './control-verb.ts';
import type { RunRow } from './run-store.ts';
import { isFinal } from './runs.ts';
import type { Actor } from './runs.ts';
import { wakeRun, wakeWaitingNodes } from './wake-run.ts';

/** Asks the run to stop; it does so itself, at its next step. One that is stuck is released to do so. */
export async function cancelRun(
  knex: Knex,
  actor: Actor,
  id: string,
  { compensate, ...why }: Why & { compensate: boolean },
): Promise<boolean> {
  return await performVerb(knex, actor, { ...why, verb: 'cancel', id }, async (trx, { run, asked }) => {
    await cancelInTransaction(trx, run, { ...asked, compensate });
    return { compensate };
  });
}

/** Writes the cancel and wakes whatever of the run waits. */
export async function cancelInTransaction(
  trx: Knex.Transaction,
  run: RunRow,
  cancel: NonNullable<Control['cancel']>,
): Promise<void> {
  const { id, status } = run;
  await writeControl(trx, id, { cancel });
  await wakeWaitingNodes(trx, run, () => true, `cancel ${id}`);
  await wakeRun(trx, id, `cancel ${id}`);
  if (status === 'stuck') await release(trx, id);
}

/** Attempts in flight finish, nothing new starts. A run that acts says that it is paused once it has come to rest. */
export async function pauseRun(knex: Knex, actor: Actor, id: string, why: Why = {}): Promise<boolean> {
  const changed = await performVerb(
    knex,
    actor,
    { ...why, verb: 'pause', id },
    async (trx, { run, control, asked }) => {
      const waitedFor = run.status === 'waiting' ? (run.waiting_for ?? undefined) : undefined;
      await writeControl(trx, id, { ...control, pause: { ...asked, waitedFor } });
      if (run.status === 'waiting') await savePaused(trx, id, asked);
      await wakeRun(trx, id, `pause ${uuidv7(Date.now())}`);
      return {};
    },
  );
  await ofChildren(knex, id, async (child) => await pauseRun(knex, actor, child, why));
  return changed;
}

/** What was decided, sent or ran out of time meanwhile takes effect now. */
export async function resumeRun(knex: Knex, actor: Actor, id: string, why: Why = {}): Promise<boolean> {
  const changed = await performVerb(knex, actor, { ...why, verb: 'resume', id }, async (trx, { control }) => {
    await writeControl(trx, id, undefined);
    await saveResumed(trx, id, control.pause?.waitedFor);
    await wakeRun(trx, id, `resume ${uuidv7(Date.now())}`);
    return {};
  });
  await ofChildren(knex, id, async (child) => await resumeRun(knex, actor, child, why));
  return changed;
}

// The runs that it began do as it does, each in a transaction of its own unless the caller has one: asked again, the verb goes down again.
async function ofChildren(knex: Knex, id: string, perform: (childId: string) => Promise<unknown>): Promise<void> {
  for (const child of (await listChildren(knex, id)).values()) {
    if (isFinal(child.status)) continue;
    try {
      await perform(child.id);
    } catch (error) {
      // It is being undone, or has ended meanwhile: there is nothing to hold up.
      if (!(error instanceof BreakwaterError && error.code === 'CONFLICT')) throw error;
    }
  }
}

/** Gives a run that met a defect back to the executors: it goes on where it stopped. */
export async function releaseRun(knex: Knex, actor: Actor, id: string, why: Why = {}): Promise<boolean> {
  return await performVerb(knex, actor, { ...why, verb: 'release', id }, async (trx, { run }) => {
    await release(trx, id);
    return { defect: run.error?.code ?? null };
  });
}

async function release(trx: Knex.Transaction, id: string): Promise<void> {
  await saveResumed(trx, id);
  if (!(await releaseInTransaction(trx, id))) throw new Error(`run ${id} is stuck, but not on the queue of such runs`);
}
