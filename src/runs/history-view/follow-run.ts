// Follows one run: what there is at once, then what becomes known, until its last fact is told.
import { setTimeout as pause } from 'node:timers/promises';
import { BreakwaterError } from '../../kernel/index.ts';
import type { Feed } from './feed.ts';
import { openReader, resumeReader, snapshotsOf } from './follow-facts.ts';
import type { Reader, ToldFact } from './follow-facts.ts';
import { decodePosition } from './position.ts';
import type { RunLog } from './run-log.ts';

export interface Following {
  readonly tenant: string;
  readonly runId: string;
  /** Where it stopped before. */
  readonly from?: string;
  /** Nobody follows any more. */
  readonly signal: AbortSignal;
}

export interface FollowParts {
  readonly feed: Feed;
  /** As of now; of each row whether it was there in these snapshots. Undefined: the tenant has no such run. */
  readonly read: (tenant: string, runId: string, snapshots: readonly string[]) => Promise<RunLog | undefined>;
}

/** A record that takes long to read is read so much less often. */
const REST_PER_LOOK = 20;

/** The first facts at once, also when there are none; nothing at all when a run that is over was told to its end. */
export async function* followRun(
  { feed, read }: FollowParts,
  { tenant, runId, from, signal }: Following,
): AsyncGenerator<readonly ToldFact[], void, void> {
  const position = from === undefined ? undefined : decodePosition(from);
  const watch = feed.watch(tenant, runId);
  const leave = (): void => watch.end();
  signal.addEventListener('abort', leave, { once: true });
  try {
    const first = await read(tenant, runId, position ? snapshotsOf(position) : []);
    if (!first) throw new BreakwaterError('NOT_FOUND', `No run "${runId}".`);
    const reader: Reader = position ? resumeReader(position, first) : openReader();
    const facts = reader.tell(first);
    if (facts.length === 0 && isOver(first)) return;
    yield facts;
    let goesOn = !isOver(first);
    while (goesOn) {
      await watch.changed();
      if (signal.aborted) return;
      const began = performance.now();
      const log = await read(tenant, runId, []);
      if (!log) return;
      yield reader.tell(log);
      goesOn = !isOver(log);
      if (goesOn) await rest((performance.now() - began) * REST_PER_LOOK, signal);
    }
  } finally {
    signal.removeEventListener('abort', leave);
    watch.end();
  }
}

function isOver({ run }: RunLog): boolean {
  return run.finished_at !== null;
}

async function rest(ms: number, signal: AbortSignal): Promise<void> {
  if (ms < 1_000) return;
  // Aborted, there is nothing left to rest for.
  await pause(ms, undefined, { signal }).catch(() => undefined);
}
