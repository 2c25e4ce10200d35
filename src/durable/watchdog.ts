// Ends this process when its lease runs out, from a thread of its own: nothing that keeps the main thread busy can hold it up.
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What the thread is started with; `renewedAt` is memory that both threads see. */
export interface WatchdogOrder {
  /** Of the last renewal: nanoseconds of the monotonic clock, the same in every thread. */
  readonly renewedAt: BigInt64Array;
  readonly ttlMs: number;
  /** Said on stderr before the end. */
  readonly lastWords: string;
}

export interface WatchdogOptions {
  readonly executorId: string;
  readonly ttlMs: number;
  /** When the lease was taken, by `process.hrtime.bigint()`. */
  readonly takenAt: bigint;
  /** The thread itself is gone: nothing would end this process any more. */
  readonly onFailure: (reason: string) => void;
}

export interface Watchdog {
  /** The lease is good for a ttl from `askedAt`. An earlier instant than one known changes nothing. */
  renewed(askedAt: bigint): void;
  /** Until the process is ended; negative when it is about to be. */
  readonly remainingMs: number;
  stop(): Promise<void>;
}

/** Does not keep the process alive. */
export function startWatchdog({ executorId, ttlMs, takenAt, onFailure }: WatchdogOptions): Watchdog {
  const renewedAt = new BigInt64Array(new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT));
  Atomics.store(renewedAt, 0, takenAt);
  const thread = startThread({ renewedAt, ttlMs, lastWords: lastWords(executorId, ttlMs) });
  let stopped = false;
  thread.on('error', (error: Error) => onFailure(`the watchdog of its lease failed: ${error.message}`));
  thread.on('exit', () => !stopped && onFailure('the watchdog of its lease ended'));
  return {
    renewed(askedAt) {
      if (askedAt > Atomics.load(renewedAt, 0)) Atomics.store(renewedAt, 0, askedAt);
    },
    get remainingMs() {
      return ttlMs - Number(process.hrtime.bigint() - Atomics.load(renewedAt, 0)) / 1e6;
    },
    async stop() {
      stopped = true;
      await thread.terminate();
    },
  };
}

// The thread's file lies beside this one, as source or built. Flags of this process, such as preloads, are none of its business.
function startThread(order: WatchdogOrder): Worker {
  const file = new URL(`./watchdog-thread${extname(import.meta.url)}`, import.meta.url);
  const thread = new Worker(file, { workerData: order, execArgv: ['--disable-warning=ExperimentalWarning'] });
  thread.unref();
  return thread;
}

function lastWords(executorId: string, ttlMs: number): string {
  return `breakwater: executor ${executorId} has not renewed its lease for ${ttlMs} ms and ends at once: others take its runs over. Its main thread was busy, the process was stopped, or the database did not answer.\n`;
}
