// What an operator may ask of a run in which status, as ARCHITECTURE.md's table says; the API has the last word. Pure.
import type { RunStatus } from '../api/shapes.ts';

export const VERBS = ['pause', 'resume', 'release', 'decide', 'rewind', 'fork', 'compensate', 'cancel'] as const;
export type Verb = (typeof VERBS)[number];

const ALLOWED: Readonly<Record<RunStatus, readonly Verb[]>> = {
  queued: ['pause', 'cancel'],
  running: ['pause', 'cancel'],
  waiting: ['pause', 'cancel'],
  paused: ['resume', 'cancel'],
  held: ['decide', 'cancel'],
  stuck: ['release', 'cancel'],
  compensating: [],
  succeeded: ['rewind', 'fork', 'compensate'],
  failed: ['rewind', 'fork', 'compensate'],
  compensated: ['rewind', 'fork'],
  rejected: ['rewind', 'fork'],
  cancelled: ['rewind', 'fork', 'compensate'],
  compensation_failed: ['decide'],
};

export function verbsFor(status: RunStatus): readonly Verb[] {
  return ALLOWED[status];
}

export interface VerbWords {
  readonly name: string;
  /** What the button says that asks for it. */
  readonly confirm: string;
  /** What happens, before it is asked for. */
  readonly says: string;
  readonly isDangerous: boolean;
}

export const VERB_WORDS: Readonly<Record<Verb, VerbWords>> = {
  pause: {
    name: 'Pause',
    confirm: 'Pause the run',
    says: 'Attempts in flight finish, nothing new starts. Deadlines run on; decisions are accepted and take effect on resume.',
    isDangerous: false,
  },
  resume: { name: 'Resume', confirm: 'Resume the run', says: 'The run goes on where it stopped.', isDangerous: false },
  release: {
    name: 'Release',
    confirm: 'Release the run',
    says: 'The run goes back on the queue and on where it stopped. Do this once its cause is fixed: else it is stuck again.',
    isDangerous: false,
  },
  decide: { name: 'Decide', confirm: 'Decide so', says: 'Say what becomes of what failed.', isDangerous: false },
  rewind: {
    name: 'Rewind',
    confirm: 'Rewind the run',
    says: 'A node and all that was built on it is taken back and forgotten; the run goes on from there, with new keys.',
    isDangerous: true,
  },
  fork: {
    name: 'Fork',
    confirm: 'Start the fork',
    says: 'A new run begins at a node, with the outcomes of all that is not repeated. This run stays as it is.',
    isDangerous: false,
  },
  compensate: {
    name: 'Take back',
    confirm: 'Take it back',
    says: 'What the run did and left is taken back.',
    isDangerous: true,
  },
  cancel: {
    name: 'Cancel',
    confirm: 'Cancel the run',
    says: 'Nothing new starts. Attempts in flight are aborted and count as unknown: they are looked for before they are taken back.',
    isDangerous: true,
  },
};
