// A run's row as the outside sees it. Pure.
import type { Plan } from '../definitions/index.ts';
import type { ChildRow } from './child-store.ts';
import { moduleStatus } from './progress.ts';
import type { ActivityRow, RunRow } from './run-store.ts';
import { runTrace } from './run-trace.ts';
import type { RunProgress, RunView } from './runs.ts';

export interface BesideRow {
  readonly attempts: number;
  readonly executor?: string;
  readonly children?: readonly Pick<ChildRow, 'id' | 'parent_node' | 'status'>[];
}

export function runView(row: RunRow, { attempts, executor, children = [] }: BesideRow): RunView {
  return {
    id: row.id,
    workflow: row.workflow,
    version: row.version,
    hash: row.hash,
    status: row.status,
    tenant: row.tenant,
    input: row.input,
    progress: row.progress,
    attempts,
    sandboxed: row.sandboxed,
    priority: row.priority,
    labels: row.labels,
    requester: row.requester,
    traceId: runTrace(row.id, row.traceparent).run.traceId,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at.toISOString(),
    ...(row.parent_run !== null &&
      row.parent_node !== null && { parent: { runId: row.parent_run, node: row.parent_node } }),
    ...(children.length > 0 && {
      children: children.map(({ id, parent_node: node, status }) => ({ node, runId: id, status })),
    }),
    ...(row.cause !== null && { cause: row.cause }),
    ...(row.output !== null && { output: row.output }),
    ...(row.error !== null && { error: errorView(row.error) }),
    ...(row.phase !== null && { phase: row.phase }),
    ...(row.status === 'queued' && { waiting: 'waits for a worker to take it' }),
    ...(row.waiting_for !== null && { waiting: row.waiting_for }),
    ...(row.compensation !== null && { compensation: row.compensation }),
    ...(executor !== undefined && { executor }),
    ...(row.finished_at !== null && { finishedAt: row.finished_at.toISOString() }),
  };
}

function errorView({ code, message, node, remedy }: NonNullable<RunRow['error']>): NonNullable<RunView['error']> {
  return { code, message, ...(node !== undefined && { node }), ...(remedy !== undefined && { remedy }) };
}

/** `now` is the database's, as the run's times are. */
export function progressView(
  row: RunRow,
  plan: Plan | null,
  activities: readonly ActivityRow[],
  now: number,
): RunProgress {
  const end = row.finished_at?.getTime() ?? now;
  const modules = (plan?.modules ?? []).map((module) =>
    moduleView(
      module.id,
      activities.filter((each) => module.nodes.includes(each.node)),
    ),
  );
  const approvals = new Set(plan?.nodes.filter((node) => node.kind === 'approval').map((node) => node.id));
  return {
    percentage: row.progress,
    phase: row.phase,
    startedAt: row.started_at.toISOString(),
    elapsedSeconds: Math.max(0, (end - row.started_at.getTime()) / 1_000),
    modules,
    approvalReceived: activities.some((each) => approvals.has(each.node) && each.status === 'completed'),
  };
}

function moduleView(id: string, activities: readonly ActivityRow[]): RunProgress['modules'][number] {
  const status = moduleStatus(activities.map((each) => each.status));
  const started = times(activities.map((each) => each.started_at));
  const finished = times(activities.map((each) => each.finished_at));
  const settled = !['pending', 'waiting', 'executing', 'compensating'].includes(status);
  return {
    id,
    status,
    ...(started.length > 0 && { startedAt: new Date(Math.min(...started)).toISOString() }),
    ...(settled && finished.length > 0 && { finishedAt: new Date(Math.max(...finished)).toISOString() }),
  };
}

function times(dates: readonly (Date | null)[]): number[] {
  return dates.flatMap((date) => (date === null ? [] : [date.getTime()]));
}
