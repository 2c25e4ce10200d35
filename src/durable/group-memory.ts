// What this process knows of an execution without asking: what is recorded under its owner token, and when it was last seen to own its run. No I/O.
/** A recorded step as DBOS reads it. */
export interface RecordedStep {
  readonly output: string | null;
  readonly error: string | null;
  readonly childWorkflowID: string | null;
  readonly functionName: string;
  readonly serialization: string | null;
}

/** A replayed step has no effect, so it may rest on a sight of the run that is this old. */
const REPLAY_SIGHT_MS = 50;

let turn = 0;
let isTurnCounted = false;

/** The number of this turn of the event loop. */
export function currentTurn(): number {
  if (!isTurnCounted) {
    isTurnCounted = true;
    setImmediate(() => {
      turn++;
      isTurnCounted = false;
    });
  }
  return turn;
}

/**
 * Lives as long as the execution. Complete as long as the token owns the run: whoever else would record first takes the token away, and waits for the
 * row lock of every record under way. What the execution itself records, it never looks up again; if it does, the database is asked.
 */
export class ExecutionMemory {
  /** Undefined: nothing is known. */
  #unread: Map<number, RecordedStep> | undefined;
  readonly #answered = new Set<number>();
  #seenInTurn = -1;
  #seenAtMs = Number.NEGATIVE_INFINITY;

  get isComplete(): boolean {
    return this.#unread !== undefined;
  }

  /** These are all records of the run, read in a snapshot that shows the token as its owner. What was learnt first stays. */
  learn(records: ReadonlyMap<number, RecordedStep>): void {
    this.#unread ??= new Map(records);
  }

  /** The token no longer owns the run. */
  forget(): void {
    this.#unread = undefined;
  }

  /** The execution records `id` itself: only the database can tell what is there now. */
  own(id: number): void {
    this.#answered.add(id);
  }

  /** The database has just shown the token as the owner. */
  see(): void {
    this.#seenInTurn = currentTurn();
    this.#seenAtMs = performance.now();
  }

  /** Was it so in this very turn, as far as a query's answer can ever tell? */
  get isSeenNow(): boolean {
    return this.#seenInTurn === currentTurn();
  }

  /** May step `id` go on without a look at the run? */
  vouchesFor(id: number | undefined): boolean {
    return this.isSeenNow || (this.#replays(id) && performance.now() - this.#seenAtMs < REPLAY_SIGHT_MS);
  }

  /** What is recorded under `id`, each id once; undefined when only the database can tell. */
  take(id: number): { recorded: RecordedStep | undefined } | undefined {
    const isRepeated = this.#answered.has(id);
    this.#answered.add(id);
    if (!this.#unread || isRepeated) return undefined;
    const recorded = this.#unread.get(id);
    this.#unread.delete(id);
    return { recorded };
  }

  /** Is it certain that nothing is recorded under `id`? */
  isUnrecorded(id: number): boolean {
    return this.#unread !== undefined && !this.#unread.has(id) && !this.#answered.has(id);
  }

  #replays(id: number | undefined): boolean {
    return id !== undefined && (this.#unread?.has(id) ?? false);
  }
}
