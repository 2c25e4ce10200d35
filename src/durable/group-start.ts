// Which starts of workflows a group may carry, and their rows. Pure.
import type { RunStart } from './group-store.ts';
import type { ClaimedWorkflow } from './internals.ts';

/** The rows of a plain start: it begins at once, on no queue and with nothing that other rows could conflict with. Else undefined. */
export function plainStart(workflow: ClaimedWorkflow, creatorXid: string | null): RunStart | undefined {
  if (creatorXid === null || workflow.status !== 'PENDING' || hasSpecials(workflow)) return undefined;
  return {
    runId: workflow.workflowUUID,
    ownerXid: creatorXid,
    name: workflow.workflowName,
    // Nulls for what is empty: DBOS in other languages reads these rows too.
    className: workflow.workflowClassName || null,
    configName: workflow.workflowConfigName || null,
    user: workflow.authenticatedUser,
    role: workflow.assumedRole,
    roles: JSON.stringify(workflow.authenticatedRoles),
    executorId: workflow.executorId,
    version: workflow.applicationVersion ?? null,
    applicationId: workflow.applicationID,
    application: workflow.applicationName ?? null,
    priority: workflow.priority,
    deadlineMs: workflow.deadlineEpochMS ?? null,
    timeoutMs: workflow.timeoutMS ?? null,
    serialization: workflow.serialization,
    input: workflow.input,
  };
}

function hasSpecials(workflow: ClaimedWorkflow): boolean {
  const { queueName, deduplicationID, queuePartitionKey, forkedFrom, parentWorkflowID } = workflow;
  const { delayUntilEpochMS, attributes, scheduleName, debounceDeadlineEpochMS, isDebounced } = workflow;
  const specials = [queueName, deduplicationID, queuePartitionKey, forkedFrom, parentWorkflowID, delayUntilEpochMS];
  return isDebounced === true || [...specials, attributes, scheduleName, debounceDeadlineEpochMS].some(isGiven);
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}
