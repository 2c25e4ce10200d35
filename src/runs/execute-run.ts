// The one durable workflow that executes every run, of a YAML definition or of code: loads what the run is pinned to and runs it.
import type { Knex } from 'knex';
import { currentRun, recordAtBegin, registerDurable } from '../durable/index.ts';
import { UNAMENDED, amendmentsOf } from './amendments.ts';
import type { Amendments } from './amendments.ts';
import { runCoded } from './coded-run.ts';
import type { CodedWorkflows } from './coded-workflow.ts';
import type { Engine, RunBase } from './environment.ts';
import { HISTORY_LIMITS, openHistory } from './history.ts';
import type { HistorySize } from './history.ts';
import { takeNewborn } from './newborn.ts';
import type { NewbornRow } from './newborn.ts';
import { createPauseGate } from './pause-gate.ts';
import { loadPinned } from './pinned-definition.ts';
import { RUN_WORKFLOW, runInput } from './run-input.ts';
import type { RunInput } from './run-input.ts';
import { runPlan } from './run-plan.ts';
import { loadRun, markBegun } from './run-store.ts';
import { runTrace } from './run-trace.ts';
import { tell } from './tell.ts';
import type { RunRow } from './run-store.ts';

/** Must be called before launch. */
export function registerRunWorkflow(engine: Engine, coded: CodedWorkflows): void {
  registerDurable(RUN_WORKFLOW, (input) => executeRun(engine, coded, runInput.parse(input)));
}

interface BegunRow extends NewbornRow {
  readonly amended: Amendments;
  /** Something was asked of it before it began. */
  readonly isAsked: boolean;
}

// The time of its start is part of what a run may read: set once, before anything reads it.
async function begunRun(knex: Knex, runId: string, isFirst: boolean): Promise<BegunRow> {
  const newborn = takeNewborn(runId, isFirst);
  if (newborn) return { ...newborn, amended: UNAMENDED, isAsked: false };
  const row = await loadRun(knex, runId);
  if (row.status !== 'queued') return rowOf(row);
  await markBegun(knex, runId);
  return rowOf(await loadRun(knex, runId));
}

function rowOf(row: RunRow): BegunRow {
  const { requester, priority, traceparent, started_at: startedAt } = row;
  return { requester, priority, startedAt, traceparent, amended: amendmentsOf(row), isAsked: row.control !== null };
}

async function executeRun(engine: Engine, coded: CodedWorkflows, pinned: RunInput): Promise<void> {
  const { runId, isFirst } = currentRun();
  const { knex } = engine;
  const [row, definition, record] = await Promise.all([
    begunRun(knex, runId, isFirst),
    loadPinned(knex, pinned),
    recordAtBegin(knex),
  ]);
  if (!definition) throw new Error(`${pinned.workflow} ${pinned.version} is not what run ${runId} was started with`);
  const facts = {
    id: runId,
    name: pinned.workflow,
    version: pinned.version,
    tenant: pinned.tenant,
    startedAt: row.startedAt.toISOString(),
    input: pinned.input,
    changes: row.amended.changes,
  };
  const trace = runTrace(runId, row.traceparent);
  const base: RunBase = {
    ...engine,
    coded,
    facts,
    trace,
    parent: pinned.parent,
    requester: row.requester,
    amended: row.amended,
    priority: row.priority,
    record,
    history: openHistory(record.size, (size) => warnOfHistory({ ...engine, facts, trace }, size)),
    isFirst: isFirst && !row.isAsked,
    gate: createPauseGate(),
    tookOver: record.claims > 1,
  };
  if (definition.plan) return runPlan({ ...base, plan: definition.plan });
  return runCoded(base, coded.get({ name: pinned.workflow, version: pinned.version }));
}

function warnOfHistory(run: Pick<RunBase, 'emit' | 'facts' | 'trace'>, { checkpoints, bytes }: HistorySize): void {
  const most = HISTORY_LIMITS;
  tell(run, 'warn', 'run.history_long', {
    checkpoints,
    bytes,
    maxCheckpoints: most.checkpoints,
    maxBytes: most.bytes,
  });
}
