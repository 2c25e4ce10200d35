// Which executor had a run at which time: told by who lost it, and by who has it now. Pure.
import type { LoggedEvent } from './run-log.ts';

/** Told when a run leaves an executor: which died, or let go of it. */
const DEPARTURES: ReadonlySet<string> = new Set(['run.taken_over', 'run.given_back']);

export function executorsOf(
  events: readonly LoggedEvent[],
  current: string | undefined,
): (atMs: number) => string | undefined {
  const lost = events
    .filter(({ kind }) => DEPARTURES.has(kind))
    .map(({ at, data }) => ({ untilMs: at.getTime(), executor: textOf(data['from']) }));
  return (atMs) => {
    const after = lost.find(({ untilMs }) => atMs <= untilMs);
    return after ? after.executor : current;
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
