// Begins the runs that were claimed; one that can never begin here or anywhere is set aside with what to do about it.
import type { Knex } from 'knex';
import { messageOf } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { executeClaimed, inputProblem, loadClaimed } from './internals.ts';
import type { ClaimedWorkflow } from './internals.ts';
import { setAsideAsStuck } from './set-aside.ts';
import type { OnStuck } from './set-aside.ts';
import { StuckError } from './stuck-error.ts';
import { isRegistered } from './workflow.ts';

export interface Dispatch {
  readonly knex: Knex;
  readonly emit: Emit;
  readonly onStuck: OnStuck;
}

/** What fails on the way is left to the audit, which frees rows that this process owns but does not run. */
export async function dispatchClaimed(dispatch: Dispatch, runIds: readonly string[], ownerXid: string): Promise<void> {
  const claimed = await loadClaimed(runIds);
  for (const runId of runIds) {
    const workflow = claimed.get(runId);
    if (!workflow) continue;
    try {
      await begin(dispatch, workflow, ownerXid);
    } catch (error) {
      dispatch.emit({ level: 'warn', name: 'claim.dispatch_failed', fields: { run: runId, error: messageOf(error) } });
    }
  }
}

async function begin(dispatch: Dispatch, workflow: ClaimedWorkflow, ownerXid: string): Promise<void> {
  const obstacle = await findObstacle(workflow);
  if (!obstacle) return await executeClaimed(workflow, ownerXid);
  const runId = workflow.workflowUUID;
  await setAsideAsStuck(dispatch, { runId, ownerXid }, obstacle);
  dispatch.emit({
    level: 'error',
    name: 'claim.set_aside',
    fields: { run: runId, code: obstacle.code, error: obstacle.message },
  });
}

// DBOS would log the first and leave the row with us for ever, and end the run with an error for the second.
async function findObstacle(workflow: ClaimedWorkflow): Promise<StuckError | undefined> {
  const { workflowName: name } = workflow;
  if (!isRegistered(name)) {
    return new StuckError(
      'UNKNOWN_WORKFLOW',
      `This version of the app has no workflow named "${name}"`,
      'Deploy a version that has it (a stored name is never renamed), then release the run; it goes on where it stopped.',
    );
  }
  const cause = await inputProblem(workflow);
  if (cause === undefined) return undefined;
  return new StuckError(
    'UNREADABLE_INPUT',
    `The stored input of the workflow cannot be read: ${messageOf(cause)}`,
    'Nothing was begun. Repair its row in dbos.workflow_input, then release the run, or start it anew.',
    { cause },
  );
}
