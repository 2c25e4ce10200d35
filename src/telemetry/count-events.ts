// Counts what rooms announce. Each fact comes once, from the process that committed it, so the sum over processes is what happened.
import type { Emit, Facts } from '../kernel/index.ts';
import { boundLabel } from './label-bound.ts';
import type { Series } from './series.ts';

/** The name under which an action is counted. */
export type ActivityName = (action: string) => string;

export function countEvents(series: Series, activityName: ActivityName): Emit {
  const workflow = boundLabel();
  const service = boundLabel();
  return (event) => {
    if (!event.fact) return;
    switch (event.name) {
      case 'run.finished':
        return countRun(series, workflow(event.fields.workflow), event.fields);
      case 'activity.completed':
        return countAttempt(series, activityName(event.fields.action), event.fields, 'completed');
      case 'activity.attempt_failed':
        return countAttempt(series, activityName(event.fields.action), event.fields, endOf(event.fields));
      case 'activity.given_up':
        return series.acts.inc({ activity_name: activityName(event.fields.action), status: failedAs(event.fields) });
      case 'compensation.settled':
        return series.undos.inc({
          workflow_type: workflow(event.fields.workflow),
          reason: event.fields.reason,
          status: event.fields.status,
        });
      case 'approval.settled':
        return series.approvalSeconds.observe(event.fields.waitedMs / 1_000);
      case 'breaker.changed': {
        const { from, to } = event.fields;
        return series.breakerChanges.inc({ service: service(event.fields.service), from_state: from, to_state: to });
      }
      case 'breaker.failure':
        return series.breakerFailures.inc({ service: service(event.fields.service) });
      case 'durable.group':
        // A look commits nothing.
        if (event.fields.kind !== 'look') series.groupSize.observe(event.fields.size);
        return;
      case 'durable.left':
        return series.left.inc({ class: event.fields.class });
      case 'sweep.took_over':
        return series.takenOver.inc(event.fields.count);
      case 'http.request': {
        const { method, route, status, ms } = event.fields;
        return series.requestSeconds.observe({ method, route, status: String(status) }, ms / 1_000);
      }
      case 'telemetry.spans_lost':
        return series.spansLost.inc({ reason: event.fields.reason }, event.fields.spans);
      case 'run.modules':
      case 'tools.requested':
        return;
    }
  };
}

function countRun(series: Series, type: string, { status, startedAtMs, finishedAtMs }: Facts['run.finished']): void {
  series.runs.inc({ workflow_type: type, status });
  series.runSeconds.observe({ workflow_type: type }, Math.max(0, finishedAtMs - startedAtMs) / 1_000);
}

type ActEnd = 'completed' | 'failed' | 'unknown';

function endOf(attempt: Facts['activity.attempt_failed']): ActEnd | undefined {
  return attempt.next === 'retry' ? undefined : failedAs(attempt);
}

function failedAs({ unknown }: { readonly unknown: boolean }): ActEnd {
  return unknown ? 'unknown' : 'failed';
}

// Without an end it is repeated.
function countAttempt(
  series: Series,
  name: string,
  { ms }: Facts['activity.completed'],
  status: ActEnd | undefined,
): void {
  series.attemptSeconds.observe({ activity_name: name }, Math.max(0, ms) / 1_000);
  if (status === undefined) series.retries.inc({ activity_name: name });
  else series.acts.inc({ activity_name: name, status });
}
