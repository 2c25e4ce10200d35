// Which run is to blame when a process dies, and which one is set aside for it. Counts crashes without progress, never deploys. Pure.

/** From this many crashes in a row on, a run is on probation: claimed alone. */
export const PROBATION_FROM = 2;
/** At this many crashes in a row without progress a run is set aside. */
export const POISON_AT = 5;

/** A run that a dead executor left behind. */
export interface Orphan {
  readonly runId: string;
  /** Counted so far; 0 when it has been on no executor that crashed. */
  readonly crashes: number;
  /** It has made a checkpoint since the last crash that was counted. */
  readonly progressed: boolean;
  /** It waits, is paused or is held: it did nothing that could bring a process down. */
  readonly resting: boolean;
}

/** How the executor came to its end, as far as it cannot be seen from some of its orphans. */
export interface Death {
  /** It did not leave of its own will, and the database was up all the while. */
  readonly crashed: boolean;
  /** It ran a probationer, perhaps one that is not among these orphans. */
  readonly hadProbationer: boolean;
}

export interface Judgement {
  readonly runId: string;
  /** The new count; undefined when this death is not laid to the run. */
  readonly crashes: number | undefined;
  readonly verdict: 'requeue' | 'quarantine';
}

/** A probationer is claimed alone: at most one at a time on an executor, until it gets on, waits or ends. */
export function isOnProbation({ crashes, progressed, resting }: Omit<Orphan, 'runId'>): boolean {
  return crashes >= PROBATION_FROM && !progressed && !resting;
}

/** A probationer takes the whole blame: its neighbours were only there. */
export function judgeOrphans(orphans: readonly Orphan[], { crashed, hadProbationer }: Death): Judgement[] {
  const probationerBlamed = hadProbationer || orphans.some(isOnProbation);
  return orphans.map((orphan) => {
    const blamed = crashed && !orphan.resting && (!probationerBlamed || isOnProbation(orphan));
    if (!blamed) return { runId: orphan.runId, crashes: undefined, verdict: 'requeue' };
    const crashes = orphan.progressed ? 1 : orphan.crashes + 1;
    return { runId: orphan.runId, crashes, verdict: crashes >= POISON_AT ? 'quarantine' : 'requeue' };
  });
}
