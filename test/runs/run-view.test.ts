// A run's row as the outside sees it.
import { describe, expect, it } from 'vitest';
import type { ActivityRow, RunRow } from '../../src/runs/run-store.ts';
import { progressView, runView } from '../../src/runs/run-view.ts';
import { aRunRow } from './a-run-row.ts';
import { planOf } from './plan-of.ts';

const at = (second: number): Date => new Date(Date.UTC(2026, 0, 1, 12, 0, second));

function aRow(over: Partial<RunRow> = {}): RunRow {
  return aRunRow({
    tenant: 'acme',
    input: { budget: 5 },
    progress: 20,
    labels: { team: 'growth' },
    created_at: at(0),
    started_at: at(1),
    ...over,
  });
}

function anActivity(node: string, status: ActivityRow['status'], started?: number, finished?: number): ActivityRow {
  const started_at = started === undefined ? null : at(started);
  return { node, status, attempts: '1', started_at, finished_at: finished === undefined ? null : at(finished) };
}

describe('runView', () => {
  it('leaves out what is not there yet', () => {
    const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;

    expect(runView(aRow({ traceparent }), { attempts: 3 })).toEqual({
      id: 'run_1',
      tenant: 'acme',
      workflow: 'launch',
      version: '1.0.0',
      hash: 'h',
      status: 'running',
      input: { budget: 5 },
      progress: 20,
      attempts: 3,
      sandboxed: false,
      priority: 'normal',
      labels: { team: 'growth' },
      requester: 'sam',
      traceId: 'a'.repeat(32),
      createdAt: '2026-01-01T12:00:00.000Z',
      startedAt: '2026-01-01T12:00:01.000Z',
    });
  });

  it('shows all that is there', () => {
    const compensation = { total: 1, compensated: 1, failed: 0, failures: [], standing: [] };
    const row = aRow({
      status: 'compensated',
      cause: 'failure',
      phase: 'ship',
      waiting_for: 'waits for approval "review"',
      output: { url: 'x' },
      error: { code: 'DEFECT', message: 'TypeError: x', node: 'work.a', remedy: 'Fix the cause.' },
      compensation,
      finished_at: at(9),
    });

    expect(runView(row, { attempts: 3, executor: 'e1' })).toMatchObject({
      cause: 'failure',
      phase: 'ship',
      waiting: 'waits for approval "review"',
      output: { url: 'x' },
      error: { code: 'DEFECT', message: 'TypeError: x', node: 'work.a', remedy: 'Fix the cause.' },
      compensation,
      executor: 'e1',
      finishedAt: '2026-01-01T12:00:09.000Z',
    });
  });

  it('shows of an error what a person reads, and nothing of the machinery', () => {
    const error = { code: 'TIMEOUT', message: 'no answer', kind: 'timeout', retryable: true, unknown: true } as const;
    expect(runView(aRow({ error }), { attempts: 0 }).error).toEqual({ code: 'TIMEOUT', message: 'no answer' });
  });

  it.each([false, 0, ''])('keeps an output of %j', (output) => {
    expect(runView(aRow({ output }), { attempts: 0 }).output).toBe(output);
  });
});

describe('progressView', () => {
  const plan = planOf({ work: { acts: ['a', 'b'] }, review: { after: ['work'], approval: {} } });
  const now = at(11).getTime();

  it('tells of each module its status, when it began and when all of it was done', () => {
    const activities = [
      anActivity('work.a', 'completed', 2, 5),
      anActivity('work.b', 'completed', 3, 4),
      anActivity('review', 'waiting', 6),
    ];

    expect(progressView(aRow({ phase: 'review' }), plan, activities, now)).toEqual({
      percentage: 20,
      phase: 'review',
      startedAt: '2026-01-01T12:00:01.000Z',
      elapsedSeconds: 10,
      modules: [
        {
          id: 'work',
          status: 'completed',
          startedAt: '2026-01-01T12:00:02.000Z',
          finishedAt: '2026-01-01T12:00:05.000Z',
        },
        { id: 'review', status: 'waiting', startedAt: '2026-01-01T12:00:06.000Z' },
      ],
      approvalReceived: false,
    });
  });

  it('ends a module of one activity with it', () => {
    const { modules } = progressView(aRow(), plan, [anActivity('review', 'completed', 6, 7)], now);
    expect(modules.at(-1)).toMatchObject({ status: 'completed', finishedAt: '2026-01-01T12:00:07.000Z' });
  });

  it('gives no end to a module of which something is still to be done', () => {
    const activities = [
      anActivity('work.a', 'completed', 2, 5),
      anActivity('work.b', 'pending'),
      anActivity('review', 'pending'),
    ];
    expect(progressView(aRow(), plan, activities, now).modules).toEqual([
      { id: 'work', status: 'executing', startedAt: '2026-01-01T12:00:02.000Z' },
      { id: 'review', status: 'pending' },
    ]);
  });

  it('stops the clock when the run has finished, and never runs it backwards', () => {
    expect(progressView(aRow({ finished_at: at(4) }), plan, [], now).elapsedSeconds).toBe(3);
    expect(progressView(aRow(), plan, [], at(0).getTime()).elapsedSeconds).toBe(0);
  });

  it('tells that an approval was received once one is decided', () => {
    const decided = [anActivity('work.a', 'completed', 2, 5), anActivity('review', 'completed', 6, 7)];
    expect(progressView(aRow(), plan, decided, now).approvalReceived).toBe(true);
    expect(progressView(aRow(), plan, decided.slice(0, 1), now).approvalReceived).toBe(false);
  });

  it('has no modules for a run of code, which has no plan', () => {
    expect(progressView(aRow(), null, [], now)).toMatchObject({ modules: [], approvalReceived: false });
  });
});
