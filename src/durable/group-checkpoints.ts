// Group checkpoints (D4), in place of DBOS's starts, outcomes, look-ups, records and taking of messages. A group only ever says yes; an item
// it could not serve is asked again alone on DBOS's own path, which knows every no: lost owners, nondeterminism, bad values.
import type { ClientBase } from 'pg';
import type { Emit } from '../kernel/index.ts';
import { takeEnded } from './ended.ts';
import { findExecution } from './execution.ts';
import { openLanes } from './group-lanes.ts';
import type { Lanes } from './group-lanes.ts';
import type { ExecutionMemory, RecordedStep } from './group-memory.ts';
import { plainStart } from './group-start.ts';
import { RECV, startMany } from './group-store.ts';
import type { RunOutcome, RunStart, Sight, Taken } from './group-store.ts';
import {
  DBOSWorkflowCancelledError,
  afterStartCommit,
  afterStepCommit,
  currentOwnerXid,
  currentStepId,
  dbosVersion,
  replaceCheckpoints,
  withDbRetry,
} from './internals.ts';
import type { Checkpoints } from './internals.ts';

/** The version whose statements group-store.ts repeats. */
const BUILT_FOR = '5.3.0';

/** Call after launch. On a version of DBOS that it was not built for it changes nothing, and says so. */
export function installGroupCheckpoints(emit: Emit, version = dbosVersion()): void {
  if (version !== BUILT_FOR) {
    emit({ level: 'warn', name: 'durable.groups_off', fields: { builtFor: BUILT_FOR, version } });
    return;
  }
  replaceCheckpoints((stock, database) => grouped(stock, openLanes(database, emit)));
}

type Outcome = Omit<RunOutcome, 'ownerXid'>;

function grouped(stock: Checkpoints, lanes: Lanes): Checkpoints {
  // Throws what DBOS throws when the run is cancelled; undefined when it must be asked alone.
  const look = async (runId: string, stepId: number | null): Promise<Sight | undefined> => {
    const sight = await withDbRetry(async () => await lanes.look({ runId, stepId }));
    if (sight?.status === 'CANCELLED') throw new DBOSWorkflowCancelledError(runId);
    if (sight) remember(runId, sight);
    return sight;
  };
  const check = async (runId: string, stepId: number | undefined): Promise<void> => {
    if (memoryHere(runId)?.vouchesFor(stepId)) return;
    if (!(await look(runId, null))) await stock.checkIfCanceled(runId);
  };
  const finish = async (outcome: Outcome, ownerXid: string | undefined): Promise<boolean> => {
    if (ownerXid === undefined) return false;
    return (await withDbRetry(async () => await lanes.finish({ ...outcome, ownerXid }))) ?? false;
  };

  const start = async (item: RunStart, client: ClientBase | undefined): Promise<boolean> => {
    if (client) return (await startMany(client, [item]))[0] ?? false;
    return await withDbRetry(async () => {
      const isStarted = (await lanes.start(item)) ?? false;
      if (isStarted) await afterStartCommit();
      return isStarted;
    });
  };

  const readStep = async (runId: string, stepId: number) => {
    const memory = memoryHere(runId);
    if (memory?.isComplete && !memory.vouchesFor(stepId)) await check(runId, stepId);
    const known = memory?.take(stepId);
    if (known) return known.recorded;
    const sight = await look(runId, stepId);
    return sight ? recordedStep(sight) : await stock.getOperationResultAndThrowIfCancelled(runId, stepId);
  };
  // Undefined when DBOS must be asked.
  const take = async (runId: string, stepId: number, topic: string): Promise<Taken | undefined> => {
    const ownerXid = currentOwnerXid(runId);
    if (ownerXid === undefined) return undefined;
    const startedAt = Date.now();
    // The statement that takes sees for itself whose the run is: what is known to be unrecorded needs no look before it.
    const known = memoryHere(runId)?.isUnrecorded(stepId) ? undefined : await readStep(runId, stepId);
    if (known) return known.functionName === RECV ? takenBefore(known) : undefined;
    memoryHere(runId)?.own(stepId);
    const item = { runId, ownerXid, stepId, topic, startedAt, completedAt: Date.now() };
    const taken = await withDbRetry(async () => await lanes.take(item));
    if (taken) memoryHere(runId)?.see();
    return taken;
  };

  return {
    async initWorkflowStatus(workflow, creatorXid, client, reusePolicy) {
      const item = plainStart(workflow, creatorXid);
      const isStarted = item !== undefined && (await start(item, client));
      if (!isStarted) return await stock.initWorkflowStatus(workflow, creatorXid, client, reusePolicy);
      return { status: 'PENDING', shouldExecuteOnThisExecutor: true, serialization: workflow.serialization };
    },

    async checkIfCanceled(runId) {
      await check(runId, currentStepId());
    },

    async getOperationResultAndThrowIfCancelled(runId, stepId) {
      return await readStep(runId, stepId);
    },

    async recordOperationResult(runId, stepId, name, checkConflict, startedAt, completedAt, values = {}) {
      const ownerXid = currentOwnerXid(runId);
      const recordAlone = async () =>
        await stock.recordOperationResult(runId, stepId, name, checkConflict, startedAt, completedAt, values);
      if (ownerXid === undefined || !checkConflict) return await recordAlone();
      const memory = memoryHere(runId);
      memory?.own(stepId);
      const { output = null, error = null, childWorkflowID: childRunId = null, serialization = null } = values;
      const texts = { name, output, error, childRunId, serialization };
      const isRecorded = await withDbRetry(async () => {
        const recorded = await lanes.record({ runId, ownerXid, stepId, ...texts, startedAt, completedAt });
        if (recorded) await afterStepCommit();
        return recorded;
      });
      if (!isRecorded) return await recordAlone();
      // The run was ours until the commit: the best that a look could tell now.
      memory?.see();
    },

    async recv(runId, stepId, timeoutStepId, topic, timeoutSeconds, pollingIntervalMs) {
      // Waiting for a message is DBOS's; taking one that may be there is ours.
      const taken = topic !== undefined && timeoutSeconds === 0 ? await take(runId, stepId, topic) : undefined;
      if (!taken) return await stock.recv(runId, stepId, timeoutStepId, topic, timeoutSeconds, pollingIntervalMs);
      return { serializedValue: taken.message, serialization: taken.serialization };
    },

    async recordWorkflowOutput(runId, status, ownerXid = currentOwnerXid(runId)) {
      if (ownerXid !== undefined && takeEnded(ownerXid)) return true;
      const outcome: Outcome = { runId, status: 'SUCCESS', output: status.output, error: null };
      return (await finish(outcome, ownerXid)) || (await stock.recordWorkflowOutput(runId, status, ownerXid));
    },

    async recordWorkflowError(runId, status, ownerXid = currentOwnerXid(runId)) {
      const outcome: Outcome = { runId, status: 'ERROR', output: null, error: status.error };
      return (await finish(outcome, ownerXid)) || (await stock.recordWorkflowError(runId, status, ownerXid));
    },
  };
}

/** Of the execution that asks about its own run; a workflow outside our wrapper has none. */
function memoryHere(runId: string): ExecutionMemory | undefined {
  const execution = findExecution();
  return execution?.runId === runId && execution.ownerXid === currentOwnerXid(runId) ? execution.memory : undefined;
}

function remember(runId: string, { owner_xid: owner, creator_xid: creator }: Sight): void {
  const memory = memoryHere(runId);
  if (!memory) return;
  const token = currentOwnerXid(runId);
  if (owner !== token) return memory.forget();
  memory.see();
  // The token that a start made, and no claim since: nobody has recorded anything for this run before us.
  if (creator === token) memory.learn(new Map());
}

function recordedStep(sight: Sight): RecordedStep | undefined {
  const { function_name: functionName, output, error, child_workflow_id: childWorkflowID, serialization } = sight;
  return functionName === null ? undefined : { functionName, output, error, childWorkflowID, serialization };
}

function takenBefore({ output = null, serialization = null }: Partial<RecordedStep>): Taken {
  return { message: output, serialization };
}
