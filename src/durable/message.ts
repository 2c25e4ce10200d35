// Durable messages to a run: sent in the sender's transaction, waited for without holding anything, taken exactly once.
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Knex } from 'knex';
import type { ClientBase } from 'pg';
import { sha256 } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { rawClient } from '../postgres/index.ts';
import { reach, reachAfter } from './boundary.ts';
import { durableClient } from './client.ts';
import { currentRun } from './execution.ts';
import { insertMessage, onMessage, withStepIdsFrom } from './internals.ts';
import { createGroup } from './group.ts';
import type { Group } from './group.ts';
import { haveMessages } from './message-store.ts';
import type { Wait } from './message-store.ts';

/** NOTIFY does the waking; this poll only bounds the wait when a notification was lost. */
const POLL_MS = 5_000;
/** Node's timers cannot wait longer. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The engine's own topic that wakes a waiting node. Users cannot name it: theirs begin with `u:`. */
export function wakeTopic(nodeId: string, epoch: number): string {
  return `_:${nodeId}:${epoch}`;
}

export function userTopic(topic: string): string {
  return `u:${topic}`;
}

/**
 * Stores a message for `runId` in the caller's transaction. The same `key` twice stores it once.
 * The run must exist; the receiver is woken when the transaction commits.
 */
export async function sendInTransaction(
  trx: Knex.Transaction,
  message: { runId: string; topic: string; value: Json; key: string },
): Promise<void> {
  const client: ClientBase = await rawClient(trx);
  const { runId, topic, value } = message;
  const key = sha256(`${topic}\n${message.key}`);
  const remote = durableClient();
  if (remote) await remote.sendInTransaction(client, runId, value, topic, key);
  else await insertMessage(client, { runId, topic, value, key });
  reach('done', message.runId, `send ${message.topic}`);
  reachAfter(async () => void (await trx.executionPromise), 'committed', message.runId, `send ${message.topic}`);
}

/** Calls `wake` whenever a message for the run comes to `topic`. Hears only what is told now: returns the end of it. */
export function onWake(runId: string, topic: string, wake: () => void): () => void {
  return onMessage(runId, topic, wake);
}

/** Why a wait ended. */
export type Wake = 'message' | 'deadline';

/**
 * Waits, in memory only, until a message is on `topic` or `deadlineMs` (database time) has come. Records nothing, so it
 * can be left at any instant: throws the reason when the execution comes to rest, answers undefined when `signal` is aborted.
 */
export async function waitForMessage(
  knex: Knex,
  topic: string,
  deadlineMs: number,
  { now, signal: leave }: { now: () => number; signal: AbortSignal },
): Promise<Wake | undefined> {
  const { runId, quiesce } = currentRun();
  const either = AbortSignal.any([quiesce, leave]);
  for (;;) {
    quiesce.throwIfAborted();
    if (leave.aborted) return undefined;
    const signal = wakeSignal(runId, topic, either);
    try {
      if (await looksOn(knex).add({ runId, topic })) return 'message';
      const remainingMs = deadlineMs - now();
      if (remainingMs <= 0) return 'deadline';
      await signal.wait(Math.min(remainingMs, untilPoll(), MAX_TIMER_MS));
    } finally {
      signal.dispose();
    }
  }
}

/** Takes the oldest message of `topic`, or null when there is none, and records that it did: ids `id` and `id + 1`. */
export async function takeMessage(id: number, topic: string): Promise<Json> {
  const { runId } = currentRun();
  reach('before', runId, `take ${topic}`);
  const taken = await withStepIdsFrom(id, async () => (await DBOS.recv<Json>(topic, { timeoutSeconds: 0 })) ?? null);
  reach('recorded', runId, `take ${topic}`);
  return taken;
}

const looks = new WeakMap<Knex, Group<Wait, boolean>>();

// However many runs wait, one query for what they ask in one turn.
function looksOn(knex: Knex): Group<Wait, boolean> {
  const known = looks.get(knex);
  if (known) return known;
  const group = createGroup<Wait, boolean>({
    send: async (waits) => await haveMessages(knex, waits),
    keyOf: ({ runId, topic }) => `${runId} ${topic}`,
    twins: 'share',
    maxSize: 1_000,
    maxInFlight: 2,
  });
  looks.set(knex, group);
  return group;
}

// All waits of the process poll at the same instants, so that they ask together.
function untilPoll(): number {
  return POLL_MS - (performance.now() % POLL_MS);
}

// Subscribed before the look-up, so a message that comes between the two is not missed.
function wakeSignal(runId: string, topic: string, ended: AbortSignal) {
  let wake: () => void = () => undefined;
  let woken = false;
  const fire = (): void => {
    woken = true;
    wake();
  };
  const unsubscribe = onMessage(runId, topic, fire);
  ended.addEventListener('abort', fire, { once: true });
  let timer: NodeJS.Timeout | undefined;
  return {
    wait: async (ms: number): Promise<void> =>
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (woken) resolve();
        timer = setTimeout(resolve, ms);
      }),
    dispose: (): void => {
      clearTimeout(timer);
      unsubscribe();
      ended.removeEventListener('abort', fire);
    },
  };
}
