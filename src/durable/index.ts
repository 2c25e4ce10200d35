// The durable room's face: everything that survives a kill goes through here; no other room imports DBOS.
export { openBranches } from './branches.ts';
export type { Branches, Settled } from './branches.ts';
export { launchDurable, migrateDurableSchema } from './durable.ts';
export type { Durable, DurableOptions } from './durable.ts';
export { currentRun, throwIfQuiescing } from './execution.ts';
export { listExecutors } from './lease-store.ts';
export type { ExecutorRow } from './lease-store.ts';
export { sendInTransaction, takeMessage, userTopic, waitForMessage, wakeTopic } from './message.ts';
export type { Wake } from './message.ts';
export { loadRecord } from './record.ts';
export type { Checkpoint, RunRecord } from './record.ts';
export { claimCount } from './record-store.ts';
export { startInTransaction } from './start.ts';
export type { Inserted } from './start.ts';
export { ENGINE_RANGE, runStep, stepId } from './step.ts';
export type { StepIds } from './step.ts';
export { runTransaction } from './transaction.ts';
export { registerDurable } from './workflow.ts';
