// Every touch of DBOS's unpublished modules (`@dbos-inc/dbos-sdk/internal/*`), one by one with why (D11).
// They carry no version promise: the SDK is pinned, and test/durable/internals.test.ts fails on a bump that moves one of them.
import { currentOwnerXid, getCurrentContextStore, runWithParentContext } from '@dbos-inc/dbos-sdk/internal/context';
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import {
  DEBUG_TRIGGER_INITWF_COMMIT,
  DEBUG_TRIGGER_STEP_COMMIT,
  debugTriggerPoint,
} from '@dbos-inc/dbos-sdk/internal/debugpoint';
import { DBOSWorkflowCancelledError, DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk/internal/error';
import {
  deserializePositionalArgs,
  serializeFunctionInputOutput,
  serializeValue,
} from '@dbos-inc/dbos-sdk/internal/serialization';
import {
  ensureSystemDatabase,
  retriablePostgresException,
  withDbRetry,
} from '@dbos-inc/dbos-sdk/internal/system_database';
import type { SystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database';
import { GlobalLogger } from '@dbos-inc/dbos-sdk/internal/telemetry/logs';
import { dbRetryConfig, globalParams } from '@dbos-inc/dbos-sdk/internal/utils';
import type { ClientBase, Pool } from 'pg';

// The two errors that DBOS never records as a step's or workflow's outcome: how an execution leaves without a verdict (K1).
export { DBOSWorkflowCancelledError, DBOSWorkflowConflictError };

/** Where an execution stands: its run, its ownership token, its next step id. */
export interface ExecutionContext {
  readonly runId: string;
  readonly ownerXid: string;
}

function executor(): DBOSExecutor {
  const instance = DBOSExecutor.globalInstance;
  if (!instance) throw new Error('DBOS is not launched');
  return instance;
}

/** Why: give-back compares and sets on the owner token (K1), which only the context knows. */
export function currentExecution(): ExecutionContext | undefined {
  const context = getCurrentContextStore();
  if (context?.workflowId === undefined || context.ownerXid === undefined) return undefined;
  return { runId: context.workflowId, ownerXid: context.ownerXid };
}

/** Why: what runs inside a transaction of ours may not call DBOS, as inside one of a data source. */
export async function asTransaction<T>(stepId: number, body: () => Promise<T>): Promise<T> {
  const context = getCurrentContextStore();
  if (!context) throw new Error('a durable transaction needs a workflow around it');
  return await runWithParentContext(context, { curTxFunctionId: stepId }, body);
}

/** Why: a transaction that records its own step writes the value as DBOS does, and goes on with what a replay would read. */
export async function serializeOutput<T>(value: T, name: string): Promise<{ text: string | null; value: T }> {
  const { deserialized, stringified } = await serializeFunctionInputOutput(
    value,
    [name, '<result>'],
    executor().serializer,
  );
  return { text: stringified, value: deserialized };
}

/** Why: the same look at the record, and for a cancel, that DBOS makes before a transaction. */
export async function isStepRecorded(runId: string, stepId: number): Promise<boolean> {
  return (await executor().systemDatabase.getOperationResultAndThrowIfCancelled(runId, stepId)) !== undefined;
}

/** Why: stored with each step. */
export function applicationName(): string | undefined {
  return executor().systemDatabase.appName;
}

/** Why: a branch numbers its steps in a range of its own, so that concurrent nodes replay with the same ids (D3). */
export async function withStepIdsFrom<T>(base: number, body: () => Promise<T>): Promise<T> {
  const context = getCurrentContextStore();
  if (!context) throw new Error('a branch needs a workflow around it');
  return await runWithParentContext(context, { curWFFunctionId: base }, body);
}

/** A workflow that is to begin in this process, under a token that its start makes. */
export interface NewWorkflow {
  readonly runId: string;
  readonly name: string;
  readonly args: readonly unknown[];
  readonly priority: number;
  readonly ownerXid: string;
}

/** Why: run row and workflow row commit together (K11); `DBOS.startWorkflow` cannot join a transaction. */
export async function insertWorkflow(client: ClientBase, start: NewWorkflow): Promise<ClaimedWorkflow> {
  const workflow = await describeWorkflow(start);
  await executor().systemDatabase.initWorkflowStatus(workflow, start.ownerXid, client, 'reject');
  return workflow;
}

/** Why: starts that share a statement write this row themselves. */
export async function describeWorkflow(start: NewWorkflow): Promise<ClaimedWorkflow> {
  const { serializer } = executor();
  const input = await serializeFunctionInputOutput([...start.args], [start.name, '<arguments>'], serializer);
  return {
    workflowUUID: start.runId,
    status: 'PENDING',
    workflowName: start.name,
    workflowClassName: '',
    workflowConfigName: '',
    output: null,
    error: null,
    input: input.stringified,
    serialization: input.sername,
    authenticatedUser: '',
    assumedRole: '',
    authenticatedRoles: [],
    executorId: globalParams.executorID,
    applicationVersion: globalParams.appVersion,
    applicationID: globalParams.appID,
    applicationName: globalParams.appName,
    priority: start.priority,
  };
}

/**
 * Why: what {@link insertWorkflow} inserted runs here and now, without a queue's poll (K11). The row is not read back: whoever
 * took the run away since its commit is met by the first step, as after any other instant.
 */
export async function executeInserted(workflow: ClaimedWorkflow, ownerXid: string): Promise<InsertedRun> {
  const handle = await executor().executeDequeuedWorkflow(workflow, ownerXid);
  return { ended: async () => await handle.getResult() };
}

export interface InsertedRun {
  /** Fulfilled when its outcome is recorded. */
  ended(): Promise<unknown>;
}

/** Why: a decision and the message that wakes its run are one transaction (D10). */
export async function insertMessage(
  client: ClientBase,
  message: { runId: string; topic: string; value: unknown; key: string },
): Promise<void> {
  const { systemDatabase, serializer } = executor();
  const body = await serializeValue(message.value, serializer, undefined);
  const { serializedValue, serialization } = body;
  await systemDatabase.sendDirect(message.runId, serializedValue, message.topic, serialization, message.key, client);
}

/** Why: waiting must end when the run quiesces (K4); `DBOS.recv` cannot be interrupted, its wake-up signal can be shared. */
export function onMessage(runId: string, topic: string, wake: () => void): () => void {
  const { notificationsMap } = executor().systemDatabase;
  const registration = notificationsMap.registerCallback(`${runId}::${topic}`, () => wake());
  return () => notificationsMap.deregisterCallback(registration);
}

/** Why: the audit frees rows that this process owns but does not run (D5). */
export function isRunningHere(runId: string): boolean {
  return executor().systemDatabase.checkForRunningWorkflow(runId);
}

/** Why: a stopping process claims nothing more while its runs come to rest; `DBOS.shutdown` stops claiming and drains in one. */
export async function stopClaiming(): Promise<void> {
  await executor().deactivateEventReceivers();
}

/** Why: migrations run before launch, under our own start-up lock and from `breakwater migrate`. */
export async function createDbosSchema(url: string, pool: Pool): Promise<void> {
  const silence = (): void => undefined;
  const logger = new GlobalLogger(undefined, {
    logger: { debug: silence, info: silence, warn: silence, error: silence },
  });
  await ensureSystemDatabase(url, logger, pool, 'dbos', true);
}

/** Why: after an outage a run should move within seconds, not after DBOS's 60 s cap; give-backs poll seldom (K1). */
export function tuneRetries(): void {
  dbRetryConfig.initialBackoffSec = 0.25;
  dbRetryConfig.maxBackoffSec = 5;
}

export function tuneParkedPolling(intervalMs: number): void {
  executor().systemDatabase.dbPollingIntervalResultMs = intervalMs;
}

/** A workflow's row with its input, as DBOS's own dispatch reads it. */
export type ClaimedWorkflow = Parameters<DBOSExecutor['executeDequeuedWorkflow']>[0];

/** Why: one query for all runs of a claim, as DBOS's own `dispatchDequeuedWorkflows` has it. Ids without a row are left out. */
export async function loadClaimed(runIds: readonly string[]): Promise<ReadonlyMap<string, ClaimedWorkflow>> {
  return await executor().systemDatabase.getWorkflowStatuses([...runIds]);
}

/** Why: our own claim loop has a quota per executor (K10), which no setting of a DBOS queue gives. */
export async function executeClaimed(workflow: ClaimedWorkflow, ownerXid: string): Promise<void> {
  await executor().executeDequeuedWorkflow(workflow, ownerXid);
}

/** Why: DBOS would record an input that it cannot read as the run's outcome; what is wrong with it, or undefined. */
export async function inputProblem({ input, serialization }: ClaimedWorkflow): Promise<unknown> {
  if (!input) return new Error('it is missing');
  try {
    await deserializePositionalArgs(input, serialization, executor().serializer);
    return undefined;
  } catch (error) {
    return error;
  }
}

/** Why: delays run out on the database's clock (D12), in our claim; DBOS would end them on this process's. */
export function keepDelaysToTheDatabase(): void {
  executor().systemDatabase.transitionDelayedWorkflows = async () => undefined;
}

/** What group checkpoints stand in for (K12), and nothing else. */
export type Checkpoints = Pick<
  SystemDatabase,
  | 'initWorkflowStatus'
  | 'getOperationResultAndThrowIfCancelled'
  | 'checkIfCanceled'
  | 'recordOperationResult'
  | 'recv'
  | 'recordWorkflowOutput'
  | 'recordWorkflowError'
>;

export interface CheckpointDatabase {
  readonly pool: Pool;
  /** Stored with each step. */
  readonly application: string | undefined;
}

let replacedOn: SystemDatabase | undefined;

/** Why: what writes DBOS's rows by itself must leave it to DBOS where group checkpoints are off. */
export function areCheckpointsReplaced(): boolean {
  return replacedOn !== undefined && replacedOn === DBOSExecutor.globalInstance?.systemDatabase;
}

/** Why: group checkpoints write DBOS's rows for it (D4). `make` gets the methods as they were, each with its own retries. */
export function replaceCheckpoints(make: (stock: Checkpoints, database: CheckpointDatabase) => Checkpoints): void {
  const { systemDatabase } = executor();
  const stock: Checkpoints = {
    initWorkflowStatus: systemDatabase.initWorkflowStatus.bind(systemDatabase),
    getOperationResultAndThrowIfCancelled: systemDatabase.getOperationResultAndThrowIfCancelled.bind(systemDatabase),
    checkIfCanceled: systemDatabase.checkIfCanceled.bind(systemDatabase),
    recordOperationResult: systemDatabase.recordOperationResult.bind(systemDatabase),
    recv: systemDatabase.recv.bind(systemDatabase),
    recordWorkflowOutput: systemDatabase.recordWorkflowOutput.bind(systemDatabase),
    recordWorkflowError: systemDatabase.recordWorkflowError.bind(systemDatabase),
  };
  Object.assign(systemDatabase, make(stock, { pool: systemDatabase.pool, application: systemDatabase.appName }));
  replacedOn = systemDatabase;
}

/** Why: group checkpoints know the statements of one version of DBOS. */
export function dbosVersion(): string {
  return globalParams.dbosVersion;
}

// Why: what stands in for a method of DBOS retries, finds its owner token and can be stopped at the same point as the method did.
export { currentOwnerXid, retriablePostgresException, withDbRetry };

/** Why: DBOS asks whether a run is cancelled just after it gave the step its id and before it looks the step up. */
export function currentStepId(): number | undefined {
  const next = getCurrentContextStore()?.curWFFunctionId;
  return next === undefined ? undefined : next - 1;
}

/** Why: as {@link afterStepCommit}, after the commit of a start. */
export async function afterStartCommit(): Promise<void> {
  await debugTriggerPoint(DEBUG_TRIGGER_INITWF_COMMIT);
}

/** Why: crash tests stop DBOS after the commit of a step, or lose its answer there. */
export async function afterStepCommit(): Promise<void> {
  await debugTriggerPoint(DEBUG_TRIGGER_STEP_COMMIT);
}
