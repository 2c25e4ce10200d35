// How a status looks: its word, its tone and its sign, so that colour is never all that tells. Pure.
import type { RunStatus } from '../api/shapes.ts';

export type Tone = 'good' | 'bad' | 'warn' | 'busy' | 'undo' | 'plain';

export type Sign =
  | 'dot'
  | 'play'
  | 'hourglass'
  | 'pause'
  | 'hand'
  | 'stop'
  | 'back'
  | 'check'
  | 'cross'
  | 'slash'
  | 'ask'
  | 'alert';

export interface Look {
  readonly word: string;
  readonly tone: Tone;
  readonly sign: Sign;
}

const RUN_LOOKS: Readonly<Record<RunStatus, Look>> = {
  queued: { word: 'queued', tone: 'plain', sign: 'dot' },
  running: { word: 'running', tone: 'busy', sign: 'play' },
  waiting: { word: 'waiting', tone: 'warn', sign: 'hourglass' },
  paused: { word: 'paused', tone: 'plain', sign: 'pause' },
  held: { word: 'held', tone: 'warn', sign: 'hand' },
  stuck: { word: 'stuck', tone: 'bad', sign: 'alert' },
  compensating: { word: 'compensating', tone: 'undo', sign: 'back' },
  succeeded: { word: 'succeeded', tone: 'good', sign: 'check' },
  failed: { word: 'failed', tone: 'bad', sign: 'cross' },
  compensated: { word: 'compensated', tone: 'undo', sign: 'back' },
  rejected: { word: 'rejected', tone: 'plain', sign: 'slash' },
  cancelled: { word: 'cancelled', tone: 'plain', sign: 'slash' },
  compensation_failed: { word: 'compensation failed', tone: 'bad', sign: 'alert' },
};

const FINAL: ReadonlySet<RunStatus> = new Set([
  'succeeded',
  'failed',
  'compensated',
  'rejected',
  'cancelled',
  'compensation_failed',
]);

export function lookOfRun(status: RunStatus): Look {
  return RUN_LOOKS[status];
}

export function isFinal(status: RunStatus): boolean {
  return FINAL.has(status);
}
