// Concurrent branches of one run, with one rule: on the first error that escapes, nothing new starts and everything settles first (K4).
import { currentRun } from './execution.ts';
import { classifyEscape } from './escape.ts';

/** A branch that came to its end. */
export interface Settled<Key, Value> {
  readonly key: Key;
  readonly value: Value;
}

export interface Branches<Key, Value> {
  /** What `next` still has to tell: of branches that run, that settled, and of an escape. */
  readonly size: number;
  has(key: Key): boolean;
  start(key: Key, body: () => Promise<Value>): void;
  /**
   * The next branch to settle, or undefined after an interrupt. When one escaped: waits for all others, then throws what
   * escaped first.
   */
  next(): Promise<Settled<Key, Value> | undefined>;
  /** Makes `next` return so that the caller can think again. */
  interrupt(): void;
  /** Waits for all, throws what escaped first if anything did. */
  drain(): Promise<void>;
}

export function openBranches<Key, Value>(): Branches<Key, Value> {
  const execution = currentRun();
  const running = new Map<Key, Promise<void>>();
  const settled: Settled<Key, Value>[] = [];
  let escaped: { error: unknown } | undefined;
  let wake: () => void = () => undefined;
  let interrupted = false;
  execution.quiesce.addEventListener('abort', () => wake(), { once: true });

  const run = async (key: Key, body: () => Promise<Value>): Promise<void> => {
    try {
      settled.push({ key, value: await body() });
    } catch (error) {
      escaped ??= { error };
      execution.comeToRest(classifyEscape(error));
    } finally {
      running.delete(key);
      wake();
    }
  };

  const drain = async (): Promise<void> => {
    while (running.size > 0) await Promise.all(running.values());
    if (escaped) throw escaped.error;
  };

  return {
    get size() {
      return running.size + settled.length + (escaped ? 1 : 0);
    },
    has: (key) => running.has(key),
    start(key, body) {
      execution.quiesce.throwIfAborted();
      if (running.has(key)) throw new Error(`branch ${String(key)} is already running`);
      const branch = run(key, body);
      running.set(key, branch);
      execution.track(branch);
    },
    async next() {
      for (;;) {
        if (escaped || execution.quiesce.aborted) {
          await drain();
          execution.quiesce.throwIfAborted();
        }
        const first = settled.shift();
        if (first) return first;
        if (interrupted) {
          interrupted = false;
          return undefined;
        }
        if (running.size === 0) throw new Error('no branch is running');
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
    interrupt() {
      interrupted = true;
      wake();
    },
    drain,
  };
}
