// The watchdog's thread: looks at the last renewal in shared memory and kills the process when it is a ttl old. Touches nothing else.
import { write } from 'node:fs';
import { workerData } from 'node:worker_threads';
import type { WatchdogOrder } from './watchdog.ts';

const STDERR = 2;
/** How long the last words may take: from here on others may run what this process still runs. */
const WORDS_MS = 100;

// oxlint-disable-next-line typescript/no-unsafe-assignment -- started by watchdog.ts alone, which writes it
const { renewedAt, ttlMs, lastWords }: WatchdogOrder = workerData;

watch();

function watch(): void {
  const sinceMs = Number(process.hrtime.bigint() - Atomics.load(renewedAt, 0)) / 1e6;
  if (sinceMs >= ttlMs) end();
  else setTimeout(watch, Math.ceil(ttlMs - sinceMs));
}

function end(): void {
  const kill = (): boolean => process.kill(process.pid, 'SIGKILL');
  // Written by the thread pool: where nobody empties the pipe, a write from here would never return.
  write(STDERR, lastWords, kill);
  setTimeout(kill, WORDS_MS);
}
