// One execution of a run in this process: who owns it, and the signal that tells its waits to stop.
import { AsyncLocalStorage } from 'node:async_hooks';
import { StepEscape } from './escape.ts';
import type { EscapeClass } from './escape.ts';
import { ExecutionMemory } from './group-memory.ts';

/**
 * Lives from claim to settle. `quiesce` is aborted when the execution must come to rest (K4): nothing new starts,
 * waits return, acts in flight finish.
 */
export interface Execution {
  readonly runId: string;
  readonly ownerXid: string;
  /** Nobody executed the run before: its token is that of its own start, in this process. */
  readonly isFirst: boolean;
  readonly memory: ExecutionMemory;
  readonly quiesce: AbortSignal;
  /** Brings it to rest; the reason decides how its run is given back. */
  comeToRest(reason: EscapeClass): void;
  /** `branch`, which never rejects, is something of this execution that runs on whatever its body does. */
  track(branch: Promise<void>): void;
  /** Resolves once nothing that was tracked is under way (K4). */
  settled(): Promise<void>;
}

const storage = new AsyncLocalStorage<Execution>();
const running = new Set<Execution>();
const idle: (() => void)[] = [];
let stopping: EscapeClass | undefined;

/** Runs `body` as an execution; everything it awaits can ask {@link currentRun}. */
export async function asExecution<T>(
  ids: Pick<Execution, 'runId' | 'ownerXid' | 'isFirst'>,
  body: () => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const underWay = new Set<Promise<void>>();
  const execution: Execution = {
    ...ids,
    memory: new ExecutionMemory(),
    quiesce: controller.signal,
    track(branch) {
      underWay.add(branch);
      void branch.then(() => underWay.delete(branch));
    },
    async settled() {
      while (underWay.size > 0) await Promise.all(underWay);
    },
    comeToRest: (reason) =>
      controller.abort(new StepEscape(ids.runId, reason, new Error(`the execution came to rest: ${reason}`))),
  };
  running.add(execution);
  if (stopping) execution.comeToRest(stopping);
  try {
    return await storage.run(execution, body);
  } finally {
    running.delete(execution);
    if (running.size === 0) for (const resolve of idle.splice(0)) resolve();
  }
}

/** The execution around the caller; a durable call outside of one is a defect. */
export function currentRun(): Execution {
  const execution = findExecution();
  if (!execution) throw new Error('this durable call needs a run around it');
  return execution;
}

/** The execution around the caller, if there is one: also false starts and DBOS's own workflows come through its methods. */
export function findExecution(): Execution | undefined {
  return storage.getStore();
}

/** Brings every execution of this process to rest, and every one that may still begin. */
export function quiesceAll(reason: EscapeClass): void {
  stopping = reason;
  for (const execution of running) execution.comeToRest(reason);
}

/** A new life of the engine in this process may begin. */
export function allowExecutions(): void {
  stopping = undefined;
}

/** Resolves once no execution is left in this process. Their give-backs may still be on their way. */
export async function executionsEnded(): Promise<void> {
  if (running.size > 0)
    await new Promise<void>((resolve) => {
      idle.push(resolve);
    });
}

export function executionCount(): number {
  return running.size;
}

/** Throws the reason once the execution is coming to rest: called before anything new starts. */
export function throwIfQuiescing(): void {
  currentRun().quiesce.throwIfAborted();
}
