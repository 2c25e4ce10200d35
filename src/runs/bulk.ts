// An action on many runs: what is asked, what it would do, and how far it is. Shapes, and what the table of verbs says of many runs. Pure.
import type { PageRequest } from '../kernel/index.ts';
import { decideControl } from './control-decision.ts';
import type { Controllable } from './control-decision.ts';
import type { RunFilter } from './runs.ts';

export const BULK_ACTIONS = ['cancel', 'pause', 'resume', 'compensate', 'release'] as const;
export type BulkAction = (typeof BULK_ACTIONS)[number];

/** No action is on more runs. */
export const MAX_BULK = 10_000;
/** As many runs that refused are told of each action. */
export const MAX_REFUSALS = 100;

/** Which runs of a list are meant: all of them, however many pages they have. */
export type RunMatch = Omit<RunFilter, keyof PageRequest>;

export interface BulkRequest {
  readonly action: BulkAction;
  readonly filter: RunMatch;
  /** How many runs the filter found when somebody looked: nothing is done when it finds more or fewer now. */
  readonly expectedCount: number;
  /** Of a cancel; default true. */
  readonly compensate?: boolean;
  readonly reason?: string;
  /** The same one, with the same request, gives the same action. */
  readonly idempotencyKey?: string;
}

export interface Refusal {
  readonly runId: string;
  readonly reason: string;
}

export interface BulkView {
  readonly id: string;
  readonly action: BulkAction;
  readonly compensate?: boolean;
  readonly reason?: string;
  readonly by: string;
  /** Runs that it is on. */
  readonly count: number;
  readonly done: number;
  /** They were so already. */
  readonly unchanged: number;
  readonly refused: number;
  readonly left: number;
  /** The first of them. */
  readonly refusals: readonly Refusal[];
  readonly createdAt: string;
  readonly finishedAt?: string;
}

/** What an action would do to the runs as they are now. */
export interface BulkPreview {
  readonly count: number;
  readonly accepted: number;
  readonly unchanged: number;
  /** By reason, the most frequent first. */
  readonly refused: readonly { readonly reason: string; readonly count: number }[];
}

export interface BulkActions {
  preview(tenant: string, request: Pick<BulkRequest, 'action' | 'filter'>): Promise<BulkPreview>;
  /** CONFLICT with the count found where it is another than was expected. `created` is false when the key gave an earlier action back. */
  start(actor: { readonly tenant: string; readonly user: string }, request: BulkRequest): Promise<BulkView>;
  /** Answers when it is over or `timeoutMs` is up, whichever is first. */
  get(tenant: string, id: string, timeoutMs?: number): Promise<BulkView>;
}

/** Runs that are in the same state. */
export interface AlikeRuns extends Controllable {
  readonly count: number;
}

export function previewOf(action: BulkAction, states: readonly AlikeRuns[]): BulkPreview {
  const judged = states.map((state) => ({ verdict: decideControl(action, state), count: state.count }));
  const sum = (kind: string): number =>
    judged.reduce((total, { verdict, count }) => total + (verdict.kind === kind ? count : 0), 0);
  return {
    count: states.reduce((total, { count }) => total + count, 0),
    accepted: sum('accepted'),
    unchanged: sum('unchanged'),
    refused: refusalsOf(judged),
  };
}

function refusalsOf(judged: readonly { verdict: ReturnType<typeof decideControl>; count: number }[]) {
  const counts = new Map<string, number>();
  for (const { verdict, count } of judged) {
    if (verdict.kind === 'refused') counts.set(verdict.reason, (counts.get(verdict.reason) ?? 0) + count);
  }
  return [...counts].map(([reason, count]) => ({ reason, count })).toSorted((a, b) => b.count - a.count);
}
