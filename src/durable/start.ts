// Starting a run: its rows are inserted in the caller's transaction, its body begins right after the commit (K11).
import type { Knex } from 'knex';
import { randomUUID } from 'node:crypto';
import type { ClientBase } from 'pg';
import { rawClient } from '../postgres/index.ts';
import { expectBirth } from './birth.ts';
import { reach, reachAfter } from './boundary.ts';
import { notifyClaimers } from './claim-store.ts';
import { takeFrom } from './change-record-store.ts';
import { durableClient } from './client.ts';
import { executeInserted, insertWorkflow } from './internals.ts';
import type { ClaimedWorkflow, NewWorkflow } from './internals.ts';
import { ENGINE_PROTOCOL, RUN_QUEUE } from './protocol.ts';

/** A run whose rows are inserted but perhaps not committed. `begin` is called once, after the commit. */
export interface Inserted {
  begin(): Promise<void>;
}

export interface Start {
  readonly runId: string;
  /** Stored: registered by `registerDurable` in whichever process will execute it. */
  readonly name: string;
  readonly input: unknown;
  /** Where it stands on the run queue: 0, the default, goes first. */
  readonly priority?: number;
}

/** Does this process execute what it starts? Otherwise a run waits on the queue for a worker. */
export function executesHere(): boolean {
  return durableClient() === undefined;
}

/** Inserts the workflow row of `start.runId`. A roll-back leaves nothing. */
export async function startInTransaction(trx: Knex.Transaction, start: Start): Promise<Inserted> {
  return executesHere() ? await insertHere(trx, start) : await enqueue(trx, start);
}

async function enqueue(trx: Knex.Transaction, start: Start): Promise<Inserted> {
  const client: ClientBase = await rawClient(trx);
  const options = {
    workflowID: start.runId,
    workflowName: start.name,
    queueName: RUN_QUEUE,
    appVersion: ENGINE_PROTOCOL,
    priority: start.priority,
    workflowIDReusePolicy: 'reject',
  } as const;
  await durableClient()?.enqueueInTransaction(client, options, start.input);
  await notifyClaimers(trx);
  return { begin: async () => undefined };
}

/** As {@link startInTransaction}, for a run that begins with a record: whoever claims it reads that first. */
export async function enqueueInTransaction(trx: Knex.Transaction, start: Start): Promise<void> {
  await startInTransaction(trx, start);
  if (!executesHere()) return;
  await takeFrom(trx, start.runId, 'waiting');
  await notifyClaimers(trx);
}

async function insertHere(trx: Knex.Transaction, start: Start): Promise<Inserted> {
  const client: ClientBase = await rawClient(trx);
  const begun = newWorkflow(start);
  const workflow = await insertWorkflow(client, begun);
  reach('inserted', start.runId, 'run');
  return insertedHere(workflow, begun.ownerXid);
}

/** What begins here begins under a token of its own. */
export function newWorkflow({ runId, name, input, priority = 0 }: Start): NewWorkflow {
  return { runId, name, args: [input], priority, ownerXid: randomUUID() };
}

/** `seenInTurn`: the turn of the event loop in which the answer to its commit came. */
export function insertedHere(workflow: ClaimedWorkflow, ownerXid: string, seenInTurn?: number): Inserted {
  const { workflowUUID: runId } = workflow;
  return {
    async begin() {
      reach('started', runId, 'run');
      expectBirth(ownerXid, seenInTurn);
      const run = await executeInserted(workflow, ownerXid);
      reachAfter(async () => await run.ended(), 'ended', runId, 'run');
    },
  };
}
