// Shows a run's movements on stderr as the app announces them: a line a change, the same in a terminal and in a log.
import { styleText } from 'node:util';
import { formatDuration } from '../../src/kernel/index.ts';
import type { Emit, RoomEvent } from '../../src/kernel/index.ts';

const WIDTH = 24;

export interface Watch {
  /** Subscribes to what the app announces. */
  readonly emit: Emit;
  /** The run to show; what was announced of it before is shown at once. Called at the moment its start was asked for. */
  follow(runId: string, askedAtMs: number): void;
  /** When the first attempt of the run's first activity began, on the clock of `performance.now()`. */
  firstActivityAtMs(runId: string): number;
}

interface Seen {
  readonly event: RoomEvent;
  readonly atMs: number;
}

/** Warnings of any run are shown too. */
export function watchRun(): Watch {
  const early: Seen[] = [];
  let followed: { runId: string; askedAtMs: number } | undefined;
  const firstAtMs = new Map<unknown, number>();
  let shown = '';

  const show = ({ event, atMs }: Seen): void => {
    if (event.fields['run'] !== followed?.runId || !followed) return;
    const line = lineOf(event);
    if (line === undefined || line === shown) return;
    shown = line;
    console.error(`${styleText('dim', `+${formatDuration(atMs - followed.askedAtMs).padEnd(6)}`)} ${line}`);
  };

  return {
    emit(event) {
      const seen = { event, atMs: performance.now() };
      // What DBOS says of handed-over runs is for a log, not for a person who watches one.
      if ((event.level === 'warn' || event.level === 'error') && event.name !== 'dbos') warn(event);
      if (event.name === 'activity.started' && !firstAtMs.has(event.fields['run']))
        firstAtMs.set(event.fields['run'], seen.atMs);
      if (followed) show(seen);
      else early.push(seen);
    },
    follow(runId, askedAtMs) {
      followed = { runId, askedAtMs };
      early.splice(0).forEach(show);
    },
    firstActivityAtMs: (runId) => firstAtMs.get(runId) ?? Number.NaN,
  };
}

function lineOf({ name, fields }: RoomEvent): string | undefined {
  if (name === 'run.moved') return bar(fields['percentage'], textOf(fields['waitingFor']) || textOf(fields['phase']));
  if (name === 'run.turned') return styleText('yellow', `turned round: ${String(fields['cause'])}; undoing`);
  if (name === 'activity.attempt_failed')
    return styleText('yellow', `${String(fields['node'])}: ${String(fields['code'])}, ${String(fields['message'])}`);
  return name === 'run.finished' ? bar(fields['percentage'], String(fields['status'])) : undefined;
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function bar(percentage: unknown, what: string): string {
  const filled = Math.round((Number(percentage) / 100) * WIDTH);
  return `${'█'.repeat(filled)}${'░'.repeat(WIDTH - filled)} ${String(percentage).padStart(3)} %  ${what}`;
}

function warn({ name, fields }: RoomEvent): void {
  console.error(styleText('yellow', `${name} ${JSON.stringify(fields)}`));
}
