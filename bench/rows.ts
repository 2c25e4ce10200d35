// The rows of the table: their names, units and what each one says. Pure; the order is the table's.

export interface Row {
  readonly name: string;
  readonly unit: string;
  /** Which way is good. */
  readonly better: 'more' | 'less';
  readonly what: string;
}

const row = (name: string, unit: string, better: Row['better'], what: string): Row => ({ name, unit, better, what });

export const ROWS: readonly Row[] = [
  row('seq_steps_c1', 'steps/s', 'more', 'ten-step workflows, one after another'),
  row('seq_steps_c50', 'steps/s', 'more', 'ten-step workflows, 50 at a time'),
  row('seq_steps_c200', 'steps/s', 'more', 'ten-step workflows, 200 at a time'),
  row('seq_latency_c1_ms', 'ms', 'less', 'a ten-step workflow alone, from start to its committed outcome, p50'),
  row('fanout_50_ms', 'ms', 'less', 'a workflow of 50 parallel steps, p50'),
  row('fanout_500_ms', 'ms', 'less', 'a workflow of 500 parallel steps, p50'),
  row('diamond_over_critical_path', '×', 'less', 'a graph of 1,000 uneven nodes: its time over its critical path'),
  row('long_run_last_over_first', '×', 'less', 'a run of 10,000 steps: its last 1,000 over its first 1,000'),
  row('long_run_recovery_ms', 'ms', 'less', '10,000 recorded steps: from claim to the first new step'),
  row('start_to_first_activity_ms', 'ms', 'less', 'from the call that starts a run to its first activity, p50'),
  row('start_to_first_activity_5000_waiting_ms', 'ms', 'less', 'the same while 5,000 runs wait, p50'),
  row('send_to_wake_p50_ms', 'ms', 'less', 'from the call that sends a message to the next activity, p50'),
  row('send_to_wake_p95_ms', 'ms', 'less', 'the same, p95'),
  row('waiting_5000_statements_per_s', 'statements/s', 'less', 'while 5,000 runs wait and nothing else happens'),
  row('waiting_5000_bytes_each', 'bytes', 'less', 'resident memory of a waiting run'),
  row(
    'waiting_approvals_10000_statements_per_s',
    'statements/s',
    'less',
    'while 10,000 approvals wait and nothing else happens',
  ),
  row('waiting_approvals_10000_resident_mb', 'MB', 'less', 'resident memory of the whole process meanwhile'),
  row(
    'waiting_approvals_10000_wake_p95_ms',
    'ms',
    'less',
    'from the call that approves one of them to its next activity, p95',
  ),
  row('takeover_p95_ms', 'ms', 'less', 'kill -9 with 100 runs in flight: until each has made progress, p95'),
  row('commit_limit_c1', 'rows/s', 'more', 'one-row inserts, one commit each, on 1 connection'),
  row('commit_limit_c16', 'rows/s', 'more', 'the same on 16 connections'),
  row('commit_limit_c50', 'rows/s', 'more', 'the same on 50 connections'),
  row('cancel_waiting_ms', 'ms', 'less', 'from the call that cancels a waiting run to its rest, p50'),
  row('breaker_closed_call_us', 'µs', 'less', 'what a closed circuit breaker adds to a call, mean'),
  row('breaker_refusal_p99_us', 'µs', 'less', 'from a call to its refusal by an open circuit breaker, p99'),
  row('breaker_change_seen_ms', 'ms', 'less', 'from the failure that opens a breaker until another process knows, p50'),
  row('breaker_change_seen_p95_ms', 'ms', 'less', 'the same, p95'),
  row(
    'event_overhead',
    '×',
    'less',
    'ten YAML activities, 50 runs at a time: with log, metrics and traces over without',
  ),
  row('yaml_activity_overhead', '×', 'less', 'a YAML activity on a no-op tool over a bare durable step'),
];
