// What the timeline draws of one node: pieces of a line, each with a meaning of its own. Pure.
import type { NodeState } from './node-state.ts';
import type { Tone } from './status.ts';
import type { Span } from './time-scale.ts';

export interface Piece extends Span {
  /** `queue`: ready, and not begun; `pause`: between two attempts; `wait`: for people, messages, times, other runs. */
  readonly kind: 'queue' | 'attempt' | 'pause' | 'wait' | 'now' | 'undo';
  readonly tone: Tone;
  readonly words: string;
}

const RESULT_TONES = { completed: 'good', failed: 'bad', unknown: 'warn', skipped: 'plain' } as const;

/** `nowMs`: what is not over yet lasts until then. Undefined: the run is over. */
export function lineOf(state: NodeState, nowMs: number | undefined): Piece[] {
  const attempts = state.attempts.toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  return [
    ...queued(state, attempts[0]?.startedAtMs),
    ...waited(state, nowMs),
    ...attempts.flatMap(tried),
    ...now(state, nowMs),
  ];
}

function queued({ readyAtMs }: NodeState, startedAtMs: number | undefined): Piece[] {
  if (readyAtMs === undefined || startedAtMs === undefined || startedAtMs <= readyAtMs) return [];
  return [{ kind: 'queue', tone: 'plain', fromMs: readyAtMs, toMs: startedAtMs, words: 'ready, not begun' }];
}

function waited({ waitingFromMs, settledAtMs, status }: NodeState, nowMs: number | undefined): Piece[] {
  if (waitingFromMs === undefined) return [];
  const toMs = settledAtMs ?? nowMs ?? waitingFromMs;
  const tone = status === 'failed' ? 'bad' : 'warn';
  return [{ kind: 'wait', tone, fromMs: waitingFromMs, toMs, words: settledAtMs === undefined ? 'waits' : 'waited' }];
}

function tried({
  side,
  number,
  item,
  startedAtMs: fromMs,
  endedAtMs: toMs,
  result,
  nextAtMs,
}: NodeState['attempts'][number]): Piece[] {
  const what = `${side === 'undo' ? 'undo' : 'attempt'} ${number ?? ''}${item === undefined ? '' : ` of item ${item}`}`;
  const words = `${what}: ${result}`;
  const tone = side === 'undo' && result === 'completed' ? 'undo' : RESULT_TONES[result];
  const piece: Piece = { kind: side === 'undo' ? 'undo' : 'attempt', tone, fromMs, toMs, words };
  if (nextAtMs === undefined) return [piece];
  return [piece, { kind: 'pause', tone: 'warn', fromMs: toMs, toMs: nextAtMs, words: 'until the next attempt' }];
}

function now({ status, readyAtMs, attempts }: NodeState, nowMs: number | undefined): Piece[] {
  if (nowMs === undefined || status !== 'executing') return [];
  const fromMs = Math.max(readyAtMs ?? nowMs, ...attempts.map(({ endedAtMs }) => endedAtMs));
  return [{ kind: 'now', tone: 'busy', fromMs, toMs: Math.max(nowMs, fromMs), words: 'executing' }];
}

/** Of a list with thousands of elements: neighbours that nobody could tell apart are one piece. */
export function merged(pieces: readonly Piece[], withinMs: number): Piece[] {
  const all: Piece[] = [];
  const open = new Map<string, { at: number; count: number }>();
  for (const piece of pieces.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const look = `${piece.kind} ${piece.tone}`;
    const last = open.get(look);
    const before = last && all[last.at];
    if (last && before && piece.fromMs - before.toMs <= withinMs) {
      last.count += 1;
      const toMs = Math.max(before.toMs, piece.toMs);
      all[last.at] = { ...before, toMs, words: `${last.count} of them` };
    } else {
      open.set(look, { at: all.length, count: 1 });
      all.push(piece);
    }
  }
  return all;
}
