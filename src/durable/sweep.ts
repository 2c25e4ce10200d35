// The sweep: every process frees the runs of dead executors, without state, so that any number of them may do it at once (D5).
import type { Knex } from 'knex';
import type { Emit } from '../kernel/index.ts';
import { notifyClaimers } from './claim-store.ts';
import { deleteDeadLeases } from './lease-store.ts';
import { repeat } from './loop.ts';
import type { Loop } from './loop.ts';
import { isOnProbation, judgeOrphans, POISON_AT } from './poison.ts';
import type { Judgement } from './poison.ts';
import { STUCK_QUEUE } from './protocol.ts';
import { countCrashes, enqueueOrphans, findDeaths, forgetCrashes, lockOrphans } from './recovery-store.ts';
import type { DeathRow, OrphanRow } from './recovery-store.ts';
import type { OnStuck } from './set-aside.ts';
import { StuckError } from './stuck-error.ts';

/** Runs freed in one transaction. */
const CHUNK = 500;
/** Chunks of one tick: the rest is for the other sweepers, or for the next tick. */
const CHUNKS_A_TICK = 4;

const POISON_REMEDY =
  'Nothing was undone and nothing is lost: the run keeps its record. Find what in it ends the process (memory, an endless loop, a call to exit), deploy, then release the run; it goes on where it stopped.';

export interface SweepOptions {
  readonly knex: Knex;
  readonly ttlMs: number;
  readonly emit: Emit;
  readonly onStuck: OnStuck;
}

/** Every third of the ttl with jitter, and once at the start. */
export function startSweep(options: SweepOptions): Loop {
  const { knex, ttlMs, emit } = options;
  const pauseMs = (): number => (ttlMs / 3) * (0.75 + Math.random() * 0.5);
  const sweep = async (): Promise<number> => {
    for (let chunk = 0; chunk < CHUNKS_A_TICK; chunk++) if ((await sweepChunk(options)) < CHUNK) break;
    await deleteDeadLeases(knex);
    return pauseMs();
  };
  return repeat({ name: 'sweep', emit, work: sweep, errorPauseMs: ttlMs / 3 });
}

/** Judges and frees one chunk in one transaction. Answers how many runs it freed. */
export async function sweepChunk({ knex, emit, onStuck }: Omit<SweepOptions, 'ttlMs'>): Promise<number> {
  const judgements = await knex.transaction(async (trx) => {
    const judged = await judgeChunk(trx);
    await free(trx, judged, onStuck);
    return judged;
  });
  announce(judgements, emit);
  return judgements.length;
}

async function judgeChunk(trx: Knex.Transaction): Promise<Judgement[]> {
  const orphans = await lockOrphans(trx, CHUNK);
  if (orphans.length === 0) return [];
  const byExecutor = Map.groupBy(orphans, (orphan) => orphan.executorId);
  const deaths = await findDeaths(trx, [...byExecutor.keys()]);
  return deaths.flatMap((death) => {
    const { crashed, probationers } = death;
    return judgeOrphans(takeable(byExecutor.get(death.executorId) ?? [], death), {
      crashed,
      hadProbationer: probationers > 0,
    });
  });
}

// A probationer goes last: as long as it is there, every chunk of its neighbours sees who was to blame.
function takeable(orphans: readonly OrphanRow[], { innocents }: DeathRow): readonly OrphanRow[] {
  const neighbours = orphans.filter((orphan) => !isOnProbation(orphan));
  return innocents > neighbours.length ? neighbours : orphans;
}

async function free(trx: Knex.Transaction, judgements: readonly Judgement[], onStuck: OnStuck): Promise<void> {
  if (judgements.length === 0) return;
  const { requeue = [], quarantine = [] } = Object.groupBy(judgements, ({ verdict }) => verdict);
  await countCrashes(trx, requeue);
  await enqueueOrphans(trx, idsOf(requeue));
  await notifyClaimers(trx);
  if (quarantine.length === 0) return;
  await enqueueOrphans(trx, idsOf(quarantine), STUCK_QUEUE);
  await forgetCrashes(trx, idsOf(quarantine));
  for (const { runId } of quarantine) await onStuck(trx, runId, poisonError());
}

function poisonError(): StuckError {
  const message = `The process that executed this run ended ${POISON_AT} times in a row without the run getting any further`;
  return new StuckError('POISON', message, POISON_REMEDY);
}

function announce(judgements: readonly Judgement[], emit: Emit): void {
  const { requeue = [], quarantine = [] } = Object.groupBy(judgements, ({ verdict }) => verdict);
  if (requeue.length > 0) {
    const fields = { count: requeue.length, runs: idsOf(requeue.slice(0, 10)) };
    emit({ level: 'info', name: 'sweep.took_over', fact: true, fields });
  }
  for (const { runId, crashes } of quarantine)
    emit({ level: 'error', name: 'sweep.quarantined', fields: { run: runId, crashes, remedy: POISON_REMEDY } });
}

function idsOf(judgements: readonly Judgement[]): string[] {
  return judgements.map(({ runId }) => runId);
}
