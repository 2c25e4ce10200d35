// Every series that GET /metrics shows, by name, labels and buckets. docs/observability.md says what each is for.
import { Counter, Gauge, Histogram, Registry } from 'prom-client';

const SECOND = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60] as const;
const RUN = [10, 30, 60, 120, 300, 600, 1_800, 3_600] as const;
const ANSWER = [60, 300, 900, 3_600, 4 * 3_600, 8 * 3_600, 24 * 3_600, 72 * 3_600, 168 * 3_600] as const;
const GROUP = [1, 2, 5, 10, 20, 50, 100, 200, 500] as const;

export type Series = ReturnType<typeof createSeries>;

export function createSeries() {
  const registry = new Registry();
  const registers = [registry];
  const counter = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Counter({ name, help, labelNames, registers });
  const gauge = <Label extends string>(name: string, help: string, ...labelNames: Label[]) =>
    new Gauge({ name, help, labelNames, registers });
  const histogram = <Label extends string>(
    name: string,
    help: string,
    buckets: readonly number[],
    ...labelNames: Label[]
  ) => new Histogram({ name, help, buckets: [...buckets], labelNames, registers });
  return {
    registry,
    runs: counter('workflow_executions_total', 'Runs that ended, by final status', 'workflow_type', 'status'),
    runSeconds: histogram('workflow_duration_seconds', 'From the start of a run to its end', RUN, 'workflow_type'),
    acts: counter('activity_executions_total', 'Acts that came to an outcome, undos too', 'activity_name', 'status'),
    attemptSeconds: histogram('activity_duration_seconds', 'Of each attempt of an act', SECOND, 'activity_name'),
    retries: counter('activity_retry_count', 'Attempts that failed and are repeated', 'activity_name'),
    undos: counter('saga_compensations_total', 'Acts taken back, or not, by why', 'workflow_type', 'reason', 'status'),
    breakerState: gauge('circuit_breaker_state', '0 closed, 1 open, 2 half-open', 'service'),
    breakerChanges: counter(
      'circuit_breaker_state_changes',
      'Transitions that this process brought about',
      'service',
      'from_state',
      'to_state',
    ),
    breakerFailures: counter('circuit_breaker_failures_total', 'Calls that a breaker counted as failed', 'service'),
    approvalsPending: gauge('approvals_pending', 'Open questions to people'),
    approvalOldest: gauge('approval_oldest_seconds', 'How long the oldest question is open'),
    approvalSeconds: histogram('approval_wait_seconds', 'From a question to its settlement', ANSWER),
    waiting: gauge('runs_waiting', 'Runs that do not move, by what they wait for', 'reason'),
    queued: gauge('queue_depth', 'Runs that no executor has', 'queue'),
    slots: gauge('activity_slots', 'Of this process', 'state'),
    groupSize: histogram('checkpoint_group_size', 'What committed together: starts, steps, messages, ends', GROUP),
    leaseSeconds: gauge('executor_lease_seconds', 'Until the lease of this process runs out unless it is renewed'),
    takenOver: counter('runs_taken_over_total', 'Runs of dead executors that this process put back on the queue'),
    left: counter('runs_given_back_total', 'Executions that left their run without an end, by why', 'class'),
    connections: gauge('database_pool_connections', 'Of this process, by pool', 'pool', 'state'),
    spansLost: counter('trace_spans_lost_total', 'Spans that were not delivered, by why', 'reason'),
    requestSeconds: histogram(
      'http_request_duration_seconds',
      'Requests answered by this process',
      SECOND,
      'method',
      'route',
      'status',
    ),
  };
}
