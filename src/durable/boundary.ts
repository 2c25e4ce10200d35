// The instants at which a dying process makes a difference: every durable act tells them. Nobody listens but a crash test.

/**
 * Of a step: `before` its body, `done` with it and nothing written, `recorded`. Of a transaction also: `done` means written and not
 * committed, `committed` that DBOS's checkpoint is missing; of one that is a single statement, that it leaves now, and that it came back. Of a message that is taken: `before`, `recorded`; that is sent: `done`,
 * `committed`. Of a run: `inserted` and not committed, `started` means committed and not begun, `ending` that the body is over and
 * its end not yet in DBOS, `ended`. What is only read from the record passes `recorded` again.
 */
export type BoundaryPhase = 'inserted' | 'started' | 'before' | 'done' | 'committed' | 'recorded' | 'ending' | 'ended';

export interface Boundary {
  readonly phase: BoundaryPhase;
  readonly runId: string;
  /** What the step, transaction or message is called; `run` for the run itself. */
  readonly name: string;
}

/** Called in the middle of things, at once: it must not throw and cannot wait. */
export type BoundaryListener = (boundary: Boundary) => void;

let listener: BoundaryListener | undefined;

/** One listener a process; undefined removes it. */
export function listenAtBoundaries(value: BoundaryListener | undefined): void {
  listener = value;
}

export function reach(phase: BoundaryPhase, runId: string, name: string): void {
  if (listener !== undefined) listener({ phase, runId, name });
}

/** Reached when what `awaited` gives is fulfilled; it is not asked where nobody listens. */
export function reachAfter(awaited: () => Promise<unknown>, phase: BoundaryPhase, runId: string, name: string): void {
  if (listener === undefined) return;
  // A failure reaches nothing; it is told to whoever waits for it in earnest.
  awaited().then(
    () => reach(phase, runId, name),
    () => undefined,
  );
}
