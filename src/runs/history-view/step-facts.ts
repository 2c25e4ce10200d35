// What one recorded step tells: an attempt, how a node settled, an undo, a look for an effect in doubt, a wait's opening. Pure.
import type { LoggedStep } from '../../durable/index.ts';
import { isJsonObject } from '../../kernel/index.ts';
import type { Failure, Json, JsonObject } from '../../kernel/index.ts';
import { MAX_ATTEMPTS } from '../fold-record.ts';
import { isFinalCheckpoint } from '../node-result.ts';
import type { AttemptCheckpoint, FinalCheckpoint, RetryCheckpoint } from '../node-result.ts';
import { PROBE_OFFSET } from '../step-layout.ts';
import { PHASE } from './fact.ts';
import type { Draft } from './fact.ts';
import type { StepPlace } from './step-place.ts';

/** What the steps of a run cannot tell by themselves. */
export interface Telling {
  /** Who executed the run at that time. */
  readonly executorAt: (atMs: number) => string | undefined;
  /** The arguments of an act. Undefined where nobody knows them any more. */
  readonly inputOf: (place: StepPlace) => Json | undefined;
  /** Of the deepest node: undos come in reverse. */
  readonly maxDepth: number;
}

/** Of one node the parts in their order; those of its events are between. A list is settled after its items. */
export const PART = { ready: 0, started: 1, told: 2, ended: 3, settled: 4 } as const;

export function factsOfStep(place: StepPlace, step: LoggedStep, telling: Telling): Draft[] {
  const drafts = place.side === 'undo' ? factsOfUndo(place, step, telling) : factsOfNode(place, step, telling);
  return drafts.map((draft) => ({ ...draft, ...placed(place, telling), number: step.id }));
}

/** A fact before it is told where it stands. */
type Said = Omit<Draft, 'phase' | 'depth' | 'number' | 'node' | 'item'>;

function placed({ node, item, side, depth }: StepPlace, { maxDepth }: Telling) {
  return {
    node,
    ...(item !== undefined && { item }),
    ...(side === 'act' ? { phase: PHASE.node, depth } : { phase: PHASE.undo, depth: Math.max(maxDepth - depth, 0) }),
  };
}

function factsOfNode(place: StepPlace, step: LoggedStep, telling: Telling): Said[] {
  const { subject, offset } = place;
  if (offset === 0) return [settled(subject, checkpointIn(step), telling)];
  if (subject === 'activity') return offset <= MAX_ATTEMPTS ? factsOfAttempt(place, 'activity', step, telling) : [];
  return offset === 1 && subject !== 'approval' ? [opened(subject, step)] : [];
}

function factsOfUndo(place: StepPlace, step: LoggedStep, telling: Telling): Said[] {
  if (place.offset === PROBE_OFFSET) return [probed(step)];
  if (place.offset > MAX_ATTEMPTS) return [];
  if (place.offset > 0) return factsOfAttempt(place, 'compensation', step, telling);
  return [settled('compensation', checkpointIn(step), telling)];
}

function factsOfAttempt(place: StepPlace, subject: string, step: LoggedStep, telling: Telling): Said[] {
  const checkpoint = checkpointIn(step);
  const { attempt, key, startedAt } = checkpoint;
  if (attempt === undefined || startedAt === undefined) return [];
  const executor = telling.executorAt(startedAt);
  const own = { attempt, ...(key !== undefined && { key }), ...(executor !== undefined && { executor }) };
  // A failure that was let stand repeats its attempt under the next id.
  const isOwn = place.offset === attempt;
  const input = checkpoint.input ?? (place.side === 'act' ? telling.inputOf(place) : undefined);
  const call = checkpoint.effect && { data: { tool: checkpoint.effect.tool, action: checkpoint.effect.action } };
  const started: Said = {
    atMs: startedAt,
    kind: `${subject}.started`,
    part: PART.started,
    ...own,
    ...(input !== undefined && { input }),
    ...call,
  };
  const ended = isFinalCheckpoint(checkpoint)
    ? { ...endOf(subject, checkpoint), ...own }
    : { ...retryOf(subject, checkpoint, step), ...own };
  return [...(isOwn ? [started] : []), ended];
}

function retryOf(subject: string, { error, startedAt, retryAt }: RetryCheckpoint, step: LoggedStep): Said {
  // It says when it is repeated, not when it failed: that is for the machine's clock, between the two.
  const atMs = Math.min(Math.max(step.completedAtMs ?? startedAt, startedAt), retryAt);
  const data = { nextAttemptAt: new Date(retryAt).toISOString() };
  return { atMs, kind: `${subject}.attempt_failed`, part: PART.ended, error, data };
}

function endOf(subject: string, checkpoint: FinalCheckpoint): Said {
  const { outcome, finishedAt: atMs, startedAt } = checkpoint;
  const data = { ...(startedAt !== undefined && { ms: atMs - startedAt }), ...notesOf(checkpoint) };
  const said = { atMs, part: PART.ended, ...(Object.keys(data).length > 0 && { data }) };
  if (!outcome.ok) return { ...said, kind: `${subject}.${failureKind(subject, outcome.error)}`, error: outcome.error };
  if (outcome.skipped) return { ...said, kind: `${subject}.skipped` };
  // A list's values are told item by item.
  return { ...said, kind: `${subject}.completed`, ...(checkpoint.items === undefined && { output: outcome.value }) };
}

function failureKind(subject: string, { unknown }: Failure): string {
  return unknown && subject === 'activity' ? 'unknown' : 'failed';
}

function notesOf({ items, byHand, effect }: FinalCheckpoint): JsonObject {
  return {
    ...(items !== undefined && { items }),
    ...(byHand !== undefined && { byHand }),
    ...(effect?.id !== undefined && { externalId: effect.id }),
  };
}

function settled(subject: string, checkpoint: AttemptCheckpoint, telling: Telling): Said {
  if (!isFinalCheckpoint(checkpoint)) throw new TypeError('what settles a node is final');
  const executor = telling.executorAt(checkpoint.finishedAt);
  return { ...endOf(subject, checkpoint), part: PART.settled, ...(executor !== undefined && { executor }) };
}

// A wait records when it began, a child node which run it began.
function opened(subject: string, { value, completedAtMs }: LoggedStep): Said {
  const atMs = typeof value === 'number' ? value : (completedAtMs ?? 0);
  const isChild = isObject(value) && typeof value['runId'] === 'string';
  return {
    atMs,
    kind: `${isChild ? 'child' : subject}.started`,
    part: PART.started,
    ...(isChild && { data: { runId: value['runId'] ?? null } }),
  };
}

function probed({ value, completedAtMs }: LoggedStep): Said {
  const found = isObject(value) ? (value['found'] ?? null) : null;
  return { atMs: completedAtMs ?? 0, kind: 'compensation.probed', part: PART.started, data: { found } };
}

function isObject(value: unknown): value is JsonObject {
  return isJsonObject(value);
}

// Steps and ids tie a checkpoint to the code that wrote it.
function checkpointIn({ value }: LoggedStep): AttemptCheckpoint {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as RunRecord.read: the place says what wrote it
  return value as AttemptCheckpoint;
}
