// A campaign's result: what its run put out, under the words its users know. Pure.
import { isJsonObject } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import type { RunStatus, RunView } from '../runs/index.ts';

const STATUS: Partial<Record<RunStatus, string>> = {
  succeeded: 'success',
  rejected: 'rejected',
  cancelled: 'cancelled',
};

/** Only a finished run has one. `status` is success, rejected, cancelled or, for all the rest, failed. */
function campaignResult({ status, output, startedAt, finishedAt }: RunView): JsonObject | undefined {
  if (finishedAt === undefined) return undefined;
  const durationMs = Date.parse(finishedAt) - Date.parse(startedAt);
  return {
    status: STATUS[status] ?? 'failed',
    ...(isJsonObject(output) ? output : {}),
    duration_seconds: durationMs / 1_000,
  };
}

/** The campaign's run with its result as the output. */
export function campaignView(run: RunView): RunView {
  const output = campaignResult(run);
  return output === undefined ? run : { ...run, output };
}
