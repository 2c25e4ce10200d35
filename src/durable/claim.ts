// The claim loop: takes runs off the run queue a quota at a time, so that executors share a herd and none takes all of it (K10).
import { randomUUID } from 'node:crypto';
import { listen } from '../postgres/index.ts';
import { claimRuns } from './claim-store.ts';
import type { Claim } from './claim-store.ts';
import { dispatchClaimed } from './dispatch.ts';
import type { Dispatch } from './dispatch.ts';
import { repeat } from './loop.ts';
import type { Loop } from './loop.ts';
import { CLAIM_CHANNEL } from './protocol.ts';

/** Runs of one round; the next one begins when these are dispatched. */
const QUOTA = 50;
/** Between two looks at the queue when nobody told of anything. */
const POLL_MS = 1_000;
/** While probationers wait for their turn: a notification does not tell when the one before has got on. */
const PROBATION_POLL_MS = 50;
/** A delayed run is due to the millisecond; looking earlier finds nothing. */
const MIN_PAUSE_MS = 10;

export interface ClaimOptions extends Dispatch {
  readonly databaseUrl: string;
  readonly executorId: string;
}

export function startClaiming(options: ClaimOptions): Pick<Loop, 'stop'> {
  const { databaseUrl, emit } = options;
  const loop = repeat({
    name: 'claim',
    emit,
    work: async () => pauseAfter(await claimRound(options)),
    errorPauseMs: POLL_MS,
  });
  const listener = listen(databaseUrl, {
    channel: CLAIM_CHANNEL,
    name: 'breakwater-claim',
    onNotice: () => loop.wake(),
    emit,
  });
  return {
    async stop() {
      await Promise.all([loop.stop(), listener.stop()]);
    },
  };
}

async function claimRound(options: ClaimOptions): Promise<Claim> {
  const { knex, executorId } = options;
  const ownerXid = randomUUID();
  const claim = await claimRuns(knex, { executorId, ownerXid, limit: QUOTA });
  if (claim.runIds.length > 0) await dispatchClaimed(options, claim.runIds, ownerXid);
  return claim;
}

/** 0 when there is more to take. */
function pauseAfter({ runIds, nextDueMs, probationersWait }: Claim): number {
  if (runIds.length >= QUOTA) return 0;
  const pauseMs = probationersWait ? PROBATION_POLL_MS : POLL_MS;
  return Math.max(Math.min(pauseMs, nextDueMs ?? pauseMs), MIN_PAUSE_MS);
}
