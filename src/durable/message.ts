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
import { waitsOn } from './waits.ts';
import type { Wake } from './waits.ts';

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

/**
 * Waits, in memory only, until a message is on `topic` or `deadlineMs` (database time) has come. Records nothing, so it
 * can be left at any instant: throws the reason when the execution comes to rest, answers undefined when `signal` is aborted.
 * May wake for a message that somebody else has taken meanwhile.
 */
export async function waitForMessage(
  knex: Knex,
  topic: string,
  deadlineMs: number,
  { now, signal: leave }: { now: () => number; signal: AbortSignal },
): Promise<Wake | undefined> {
  const { runId, quiesce } = currentRun();
  quiesce.throwIfAborted();
  if (leave.aborted) return undefined;
  const { promise, resolve: wake, reject: fail } = Promise.withResolvers<Wake | undefined>();
  const rest = (): void => wake(undefined);
  const end = waitsOn(knex).begin({ runId, topic, deadlineMs, now, wake, fail });
  quiesce.addEventListener('abort', rest, { once: true });
  leave.addEventListener('abort', rest, { once: true });
  try {
    const woken = await promise;
    if (woken === undefined) quiesce.throwIfAborted();
    return woken;
  } finally {
    end();
    quiesce.removeEventListener('abort', rest);
    leave.removeEventListener('abort', rest);
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
