// When an execution in this process is over, its outcome committed. Nothing in the app waits for that; a measurement must.
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';

/** Resolves once nothing of `runId` runs here any more. */
export async function executionEnded(runId: string): Promise<void> {
  const running = DBOSExecutor.globalInstance?.systemDatabase.runningWorkflowMap.get(runId) ?? [];
  await Promise.all(running.map(({ promise }) => promise));
}
