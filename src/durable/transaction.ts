// Exactly-once transactions on our own tables: the work and the proof that it was done commit together, in DBOS's record of the step or, on its
// own path, in a data source's.
import { DBOS } from '@dbos-inc/dbos-sdk';
import {
  DBOSStepAlreadyRecordedError,
  migrateDataSourcePG,
  registerDataSource,
  replayRecordedStep,
  runTransaction as runOnDataSource,
} from '@dbos-inc/dbos-sdk/datasource';
import type { DataSourceTransactionHandler } from '@dbos-inc/dbos-sdk/datasource';
import type { Knex } from 'knex';
import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import SuperJSON from 'superjson';
import { reach } from './boundary.ts';
import { findCompletion, insertCompletion, isOwnerLocked, removeCompletions } from './completion-store.ts';
import { TransactionEscape, classifyEscape } from './escape.ts';
import { currentRun } from './execution.ts';
import { DBOSWorkflowConflictError, withStepIdsFrom } from './internals.ts';
import { recordWithWork } from './recorded-transaction.ts';
import type { TransactionStep } from './recorded-transaction.ts';

const DATA_SOURCE = 'breakwater';
const MAX_RETRY_DELAY_MS = 2_000;

/** The call around a body. */
interface Call {
  readonly name: string;
  readonly trx?: Knex.Transaction;
}

const current = new AsyncLocalStorage<Call>();

class KnexTransactionHandler implements DataSourceTransactionHandler {
  readonly name = DATA_SOURCE;
  #knex: Knex;

  constructor(knex: Knex) {
    this.#knex = knex;
  }

  /** DBOS keeps a data source for the life of the process, which may be longer than that of a pool. */
  use(knex: Knex): void {
    this.#knex = knex;
  }

  async initialize(): Promise<void> {
    await migrateTransactionCompletions(this.#knex);
  }

  async destroy(): Promise<void> {
    // The pool belongs to the composition root.
  }

  async deleteCheckpoints(runId: string, startStep: number, beforeCommit?: () => Promise<void>): Promise<void> {
    await this.#knex.transaction(async (trx) => {
      await removeCompletions(trx, runId, startStep);
      await beforeCommit?.();
    });
  }

  async invokeTransactionFunction<This, Args extends unknown[], Return>(
    _config: unknown,
    target: This,
    body: (this: This, ...args: Args) => Promise<Return>,
    ...args: Args
  ): Promise<Return> {
    return await retried(() => this.#attempt(currentRun().runId, () => body.call(target, ...args)));
  }

  async tryRecordWithWork<T>(step: TransactionStep<T>): Promise<{ value: T } | undefined> {
    return await retried(() => recordWithWork(this.#knex, step));
  }

  async #attempt<Return>(runId: string, body: () => Promise<Return>): Promise<Return> {
    const id = DBOS.stepID;
    if (id === undefined) throw new Error('a durable transaction needs a step id');
    const recorded = await findCompletion(this.#knex, runId, id);
    if (recorded) return replayRecordedStep<Return>(recorded);
    const { name } = currentCall();
    try {
      const committed = await this.#knex.transaction(async (trx) => {
        reach('before', runId, name);
        const value = await current.run({ name, trx }, body);
        const inserted = await insertCompletion(trx, runId, id, SuperJSON.stringify(value));
        if (!inserted) throw new DBOSStepAlreadyRecordedError(runId, id);
        if (!(await isOwnerLocked(trx, currentRun()))) throw new DBOSWorkflowConflictError(runId);
        reach('done', runId, name);
        return value;
      });
      reach('committed', runId, name);
      return committed;
    } catch (error) {
      if (!(error instanceof DBOSStepAlreadyRecordedError)) throw error;
      const winner = await findCompletion(this.#knex, runId, id);
      if (!winner) throw error;
      return replayRecordedStep<Return>(winner);
    }
  }
}

// Infrastructure errors are retried here for ever, as DBOS retries its own writes: nothing else can move meanwhile.
async function retried<T>(attempt: () => Promise<T>): Promise<T> {
  const { runId, quiesce } = currentRun();
  for (let delayMs = 50; ; delayMs = Math.min(delayMs * 2, MAX_RETRY_DELAY_MS)) {
    try {
      return await attempt();
    } catch (error) {
      if (error instanceof DBOSWorkflowConflictError) throw error;
      const kind = classifyEscape(error);
      if (kind !== 'infrastructure' || quiesce.aborted) throw new TransactionEscape(runId, kind, error);
      await sleep(delayMs);
    }
  }
}

function currentCall(): Call {
  const call = current.getStore();
  if (!call) throw new Error('the data source is entered only by a durable transaction');
  return call;
}

let handler: KnexTransactionHandler | undefined;

/** Must be called before each launch. */
export function registerTransactions(knex: Knex): void {
  if (handler) return handler.use(knex);
  handler = new KnexTransactionHandler(knex);
  registerDataSource(handler);
}

export async function migrateTransactionCompletions(knex: Knex): Promise<void> {
  await knex.transaction(async (trx) => {
    await migrateDataSourcePG(async (sql) => {
      const result = await trx.raw<{ rows?: Record<string, unknown>[] }>(sql);
      return result.rows ?? [];
    }, 'dbos');
  });
}

/**
 * Runs `body` in one transaction whose effects happen exactly once, whatever is killed when, and records its value under `id`.
 * `body` must use the transaction it is given for everything it writes.
 */
export async function runTransaction<T>(
  id: number,
  name: string,
  body: (trx: Knex.Transaction) => Promise<T>,
): Promise<T> {
  if (!handler) throw new Error('durable transactions are registered before launch');
  const done = await handler.tryRecordWithWork({ id, name, body });
  const value = done ? done.value : await runOnDbos(id, name, body);
  reach('recorded', currentRun().runId, name);
  return value;
}

async function runOnDbos<T>(id: number, name: string, body: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  const callback = async (): Promise<T> => {
    const { trx } = currentCall();
    if (!trx) throw new Error('the data source opened no transaction');
    return await body(trx);
  };
  return await current.run({ name }, () =>
    withStepIdsFrom(id, () => runOnDataSource(callback, name, { dsName: DATA_SOURCE })),
  );
}
