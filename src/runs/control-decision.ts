// Which verb an operator may use on a run in which state, and why not otherwise: the table of ARCHITECTURE.md. Pure.
import type { RunStatus } from './runs.ts';

export const CONTROL_VERBS = [
  'pause',
  'resume',
  'cancel',
  'release',
  'decide',
  'compensate',
  'rewind',
  'fork',
] as const;
export type ControlVerb = (typeof CONTROL_VERBS)[number];

/** What of a run decides. */
export interface Controllable {
  readonly status: RunStatus;
  /** What it was told and has not yet come to. */
  readonly asked: 'pause' | 'cancel' | undefined;
}

/** `unchanged`: it is so already, so a second click does no harm. */
export type ControlVerdict =
  | { readonly kind: 'accepted' }
  | { readonly kind: 'unchanged' }
  | { readonly kind: 'refused'; readonly reason: string };

/** As they follow "Run run_…". */
export const REFUSALS = {
  over: 'is over',
  undoing: 'is being undone, which goes on to its end',
  cancelling: 'is being cancelled already',
  held: 'is held: decide its failed node, or cancel it',
  stuck: 'is stuck: fix the cause and release it, or cancel it',
  running: 'is not stuck: there is nothing to release',
  undecided: 'asks for no decision: only a held run does, or one whose compensation failed',
  live: 'is not over yet: wait for its end, or cancel it',
  undone: 'is undone already',
  unfinished: 'has compensations that failed: decide each, by retry or done_by_hand',
} as const;

type Refusal = keyof typeof REFUSALS;
type Cell = 'yes' | 'same' | Refusal;

/** What a run was told and has not come to is a state of its own. */
export type ControlState = RunStatus | 'told to pause' | 'told to cancel';

const LIVE = {
  queued: 'live',
  running: 'live',
  waiting: 'live',
  'told to pause': 'live',
  paused: 'live',
  'told to cancel': 'live',
} as const;
const OVER = {
  succeeded: 'over',
  failed: 'over',
  compensated: 'over',
  rejected: 'over',
  cancelled: 'over',
  compensation_failed: 'over',
} as const;
const AT_REST = { compensating: 'undoing', held: 'held', stuck: 'stuck' } as const;
const REPEATABLE = {
  ...LIVE,
  ...AT_REST,
  succeeded: 'yes',
  failed: 'yes',
  compensated: 'yes',
  rejected: 'yes',
  cancelled: 'yes',
  compensation_failed: 'unfinished',
} as const;

const TABLE: Readonly<Record<ControlVerb, Readonly<Record<ControlState, Cell>>>> = {
  pause: {
    ...OVER,
    ...AT_REST,
    queued: 'yes',
    running: 'yes',
    waiting: 'yes',
    'told to pause': 'same',
    paused: 'same',
    'told to cancel': 'cancelling',
  },
  resume: {
    ...OVER,
    ...AT_REST,
    queued: 'same',
    running: 'same',
    waiting: 'same',
    'told to pause': 'yes',
    paused: 'yes',
    'told to cancel': 'cancelling',
  },
  cancel: {
    ...OVER,
    queued: 'yes',
    running: 'yes',
    waiting: 'yes',
    'told to pause': 'yes',
    paused: 'yes',
    held: 'yes',
    stuck: 'yes',
    compensating: 'undoing',
    'told to cancel': 'cancelling',
  },
  release: every('running', { stuck: 'yes' }),
  decide: every('undecided', { held: 'yes', 'told to cancel': 'cancelling', compensation_failed: 'yes' }),
  compensate: { ...REPEATABLE, compensated: 'undone', rejected: 'undone' },
  rewind: REPEATABLE,
  fork: REPEATABLE,
};

export function decideControl(verb: ControlVerb, run: Controllable): ControlVerdict {
  const cell = TABLE[verb][stateOf(run)];
  if (cell === 'yes') return { kind: 'accepted' };
  return cell === 'same' ? { kind: 'unchanged' } : { kind: 'refused', reason: REFUSALS[cell] };
}

// What is stuck, or undone meanwhile, is that first: a stuck run heeds its cancel once it is released.
function stateOf({ status, asked }: Controllable): ControlState {
  const isForward = status === 'queued' || status === 'running' || status === 'waiting';
  if (asked === 'cancel' && (isForward || status === 'paused' || status === 'held')) return 'told to cancel';
  return asked === 'pause' && isForward ? 'told to pause' : status;
}

function every(cell: Cell, other: Partial<Record<ControlState, Cell>>): Record<ControlState, Cell> {
  return {
    queued: cell,
    running: cell,
    waiting: cell,
    'told to pause': cell,
    paused: cell,
    'told to cancel': cell,
    held: cell,
    stuck: cell,
    compensating: cell,
    succeeded: cell,
    failed: cell,
    compensated: cell,
    rejected: cell,
    cancelled: cell,
    compensation_failed: cell,
    ...other,
  };
}
