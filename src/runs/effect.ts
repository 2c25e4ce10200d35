// What a run changed outside and whether it still stands, as operators ask for it; and why something stands that was to be taken back. Pure.

export const EFFECT_STATES = ['intended', 'done', 'failed', 'unknown', 'compensated', 'compensation_failed'] as const;
export type EffectState = (typeof EFFECT_STATES)[number];

/** One act with an effect. */
export interface EffectView {
  readonly node: string;
  readonly item?: number;
  readonly epoch: number;
  /** What the vendor, or our probe, recognises a repeat by. Absent while no attempt is recorded, as are the times. */
  readonly key?: string;
  /** Absent where code began an act that has no record. */
  readonly tool?: string;
  readonly action?: string;
  /** Of the arguments. */
  readonly digest?: string;
  /** What its vendor calls the thing. */
  readonly externalId?: string;
  readonly state: EffectState;
  /** May the change be there now? */
  readonly stands: boolean;
  /** The action that takes it back, or `irreversible`. */
  readonly takenBackBy?: string;
  /** What the look for an effect in doubt found before the undo. */
  readonly probed?: string;
  readonly errorCode?: string;
  readonly undoErrorCode?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
  readonly undoneAt?: string;
}

/** An effect that stands although its run was taken back. */
export interface LeakView extends EffectView {
  readonly runId: string;
  readonly workflow: string;
  readonly runStatus: string;
  readonly runFinishedAt: string;
  /** In words. */
  readonly why: string;
}

/** States in which the change may be at its vendor's. */
export const STANDING = [
  'intended',
  'done',
  'unknown',
  'compensation_failed',
] as const satisfies readonly EffectState[];

export function stands(state: EffectState): boolean {
  return STANDING.some((standing) => standing === state);
}

export function whyItStands({
  state,
  takenBackBy,
  undoErrorCode,
}: Pick<EffectView, 'state' | 'takenBackBy' | 'undoErrorCode'>): string {
  if (state === 'compensation_failed')
    return `its compensation failed${undoErrorCode === undefined ? '' : `: ${undoErrorCode}`}`;
  if (takenBackBy === 'irreversible') return 'it is irreversible';
  if (takenBackBy === undefined) {
    return state === 'unknown' ? 'it may have happened, and nothing takes it back' : 'nothing takes it back';
  }
  return 'it was not taken back';
}
