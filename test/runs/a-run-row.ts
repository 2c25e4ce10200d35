// A row of the table run as it begins, for tests of what is made of one.
import type { RunRow } from '../../src/runs/run-store.ts';

const BEGAN = new Date(Date.UTC(2026, 0, 1, 12));

export function aRunRow(over: Partial<RunRow> = {}): RunRow {
  return {
    id: 'run_1',
    tenant: 't',
    workflow: 'launch',
    version: '1.0.0',
    hash: 'h',
    input: {},
    status: 'running',
    cause: null,
    phase: null,
    progress: 0,
    waiting_for: null,
    output: null,
    error: null,
    compensation: null,
    priority: 'normal',
    labels: {},
    requester: 'sam',
    sandboxed: false,
    control: null,
    epochs: {},
    decisions: {},
    forked_from: null,
    inherited: [],
    changes: [],
    idempotency_key: null,
    request_digest: 'd',
    parent_run: null,
    parent_node: null,
    traceparent: null,
    created_at: BEGAN,
    started_at: BEGAN,
    finished_at: null,
    ...over,
  };
}
