// What a run's own row and the engine's steps tell: that it was started, turned round and ended. Pure.
import { recordOfSteps } from '../../durable/index.ts';
import type { JsonObject } from '../../kernel/index.ts';
import { ENGINE_STEP } from '../step-layout.ts';
import { TURN, errorOf } from '../turn.ts';
import type { Turn } from '../turn.ts';
import { PHASE } from './fact.ts';
import type { Draft } from './fact.ts';
import type { RunLog } from './run-log.ts';

export function factsOfRun(log: RunLog, executorAt: (atMs: number) => string | undefined): Draft[] {
  return [...begun(log, executorAt), ...turned(log), ...finished(log)];
}

function begun({ run }: RunLog, executorAt: (atMs: number) => string | undefined): Draft[] {
  const told = { by: run.requester, input: run.input, data: startedWith(run) };
  // Its row is made a moment after its start was, unless a worker took it later.
  const isQueued = run.status === 'queued';
  const wasQueued = isQueued || run.started_at.getTime() > run.created_at.getTime();
  const queued: Draft = { atMs: run.created_at.getTime(), kind: 'run.queued', phase: PHASE.start, ...told };
  if (isQueued) return [queued];
  const atMs = run.started_at.getTime();
  const executor = executorAt(atMs);
  const started: Draft = {
    atMs,
    kind: 'run.started',
    phase: PHASE.start,
    part: 1,
    ...told,
    ...(executor !== undefined && { executor }),
  };
  return wasQueued ? [queued, started] : [started];
}

function startedWith({
  workflow,
  version,
  hash,
  labels,
  parent_run: parent,
  parent_node: node,
  forked_from: fork,
}: RunLog['run']): JsonObject {
  return {
    workflow,
    version,
    hash,
    ...(Object.keys(labels).length > 0 && { labels }),
    ...(parent !== null && { parent: { runId: parent, node } }),
    ...(fork !== null && { forkedFrom: fork }),
  };
}

function turned({ steps }: RunLog): Draft[] {
  const turn = recordOfSteps(steps.filter(({ id }) => id === TURN.id)).read<Turn>(TURN.id);
  if (!turn) return [];
  const { cause, at, atMs, compensate, suspects } = turn;
  const error = errorOf(turn);
  return [
    {
      atMs,
      kind: 'run.turned',
      phase: PHASE.turn,
      number: TURN.id,
      ...(at !== null && { node: at }),
      ...(error !== null && { error }),
      data: { cause, compensate, ...(suspects.length > 0 && { suspects }) },
    },
  ];
}

function finished({ run }: RunLog): Draft[] {
  const { status, cause, progress, finished_at: at, output, error, compensation } = run;
  if (at === null) return [];
  return [
    {
      atMs: at.getTime(),
      kind: 'run.finished',
      phase: PHASE.finish,
      number: ENGINE_STEP.finish,
      output,
      ...(error !== null && { error }),
      data: {
        status,
        cause,
        progress,
        ...(compensation !== null && {
          compensation: {
            total: compensation.total,
            compensated: compensation.compensated,
            failed: compensation.failed,
          },
        }),
      },
    },
  ];
}
