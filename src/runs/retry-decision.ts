// What an operator's retry of a failed node begins anew, and what of it must be found absent, or taken back, before that. Pure.
import type { ActivityNode, Plan, PlanNode } from '../definitions/index.ts';
import type { RunRecord, StepIds } from '../durable/index.ts';
import { BreakwaterError } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import { nextEpoch } from './amendments.ts';
import type { Amendments } from './amendments.ts';
import { actName } from './act.ts';
import { actCheckpoint, finalCheckpoint } from './fold-record.ts';
import type { FinalCheckpoint } from './node-result.ts';
import { itemIds, settledId } from './step-layout.ts';
import { TURN } from './turn.ts';
import type { Turn } from './turn.ts';

/** An act of a failed node that did not succeed. */
export interface FailedAct {
  readonly name: string;
  readonly item?: number;
  readonly checkpoint: FinalCheckpoint | undefined;
  /** It may have happened. */
  readonly inDoubt: boolean;
}

/** What a look for an act in doubt found. `late`: nothing yet, but its effect may still arrive until then. */
export type Sighting =
  | { readonly found: 'absent' }
  | { readonly found: 'there' }
  | { readonly found: 'late'; readonly untilMs: number }
  | { readonly found: 'unclear'; readonly why: string };

/** What of the record a retry forgets, and the epochs of what it begins with new keys. */
export interface Anew {
  readonly forget: readonly StepIds[];
  readonly epochs: Amendments['epochs'];
}

/** The node itself, or those items of its list. */
export function failedActs(record: RunRecord, node: PlanNode): FailedAct[] {
  const suspects = record.read<Turn>(TURN.id)?.suspects ?? [];
  const actOf = (name: string, item?: number): FailedAct => {
    const checkpoint = actCheckpoint(record, node, item);
    const failed = checkpoint && !checkpoint.outcome.ok ? checkpoint.outcome.error : undefined;
    return { name, item, checkpoint, inDoubt: failed ? failed.unknown : suspects.includes(name) };
  };
  if (node.kind !== 'activity' || !node.forEach) return [actOf(node.id)];
  return failedItems(record, node).map((item) => actOf(actName(node, item), item));
}

function failedItems(record: RunRecord, node: ActivityNode): number[] {
  const { items = 0 } = record.read<FinalCheckpoint>(settledId(node)) ?? {};
  return Array.from({ length: items }, (_, item) => item).filter(
    (item) => !finalCheckpoint(record, node, item)?.outcome.ok,
  );
}

/** What certainly did not happen is a new act with a new key; what may have keeps the key that it is looked for by. */
export function beginAnew(amended: Amendments, node: PlanNode, acts: readonly FailedAct[]): Anew {
  const epoch = nextEpoch(amended, node.id);
  const begun = acts.filter(({ inDoubt }) => !inDoubt).map(({ name }) => [name, epoch] as const);
  return { forget: idsOf(node, acts), epochs: { ...amended.epochs, ...Object.fromEntries(begun) } };
}

/** As {@link beginAnew}, all of them with new keys: nothing is left of what may have happened. */
export function beginAfresh(amended: Amendments, node: PlanNode, acts: readonly FailedAct[]): Anew {
  return beginAnew(
    amended,
    node,
    acts.map((act) => ({ ...act, inDoubt: false })),
  );
}

function idsOf(node: PlanNode, acts: readonly FailedAct[]): StepIds[] {
  if (node.kind !== 'activity' || !node.forEach) return [node.range];
  const items = acts.flatMap(({ item }) => (item === undefined ? [] : [itemIds(node, item)]));
  return [...items, { base: settledId(node), size: 1 }];
}

/** Nodes of its module that ran out of time with it and never began: they may begin now. */
export function neverBegun(plan: Plan, record: RunRecord, node: PlanNode): PlanNode[] {
  const ids = [...record.names()].map(([id]) => id);
  const others = plan.nodes.filter(({ id, module }) => module === node.module && id !== node.id);
  return others.filter((other) => {
    const { base, size } = other.range;
    const own = ids.filter((id) => id >= base && id < base + size);
    return own.length === 1 && own[0] === settledId(other) && isOutOfTime(record, other);
  });
}

function isOutOfTime(record: RunRecord, node: PlanNode): boolean {
  const outcome = record.read<FinalCheckpoint>(settledId(node))?.outcome;
  return outcome?.ok === false && outcome.error.code === 'MODULE_TIMEOUT' && !outcome.error.unknown;
}

/**
 * The acts in doubt of which there are effects: they are taken back before others are done in their place. Throws CONFLICT with the
 * reason where that cannot be, or where nobody knows. `seen` is undefined of what nobody looked for.
 */
export function actsToTakeBack(
  node: ActivityNode,
  acts: readonly FailedAct[],
  seen: (name: string) => Sighting | undefined,
): string[] {
  const doubtful = acts.filter(({ inDoubt }) => inDoubt);
  return doubtful.flatMap(({ name }) => (mustBeTakenBack(node, name, seen(name)) ? [name] : []));
}

function mustBeTakenBack(node: ActivityNode, name: string, sighting: Sighting | undefined): boolean {
  if (!sighting) throw conflict(`"${name}" has moved while it was looked for: ask again`);
  if (sighting.found === 'absent') return false;
  if (sighting.found === 'unclear')
    throw conflict(`nobody can tell whether "${name}" took effect (${sighting.why}): ${OTHERWISE}`);
  if (node.compensation) return true;
  if (sighting.found === 'there') throw conflict(`"${name}" took effect, and nothing takes it back: ${OTHERWISE}`);
  const until = new Date(sighting.untilMs).toISOString();
  throw conflict(`the effect of "${name}" may still arrive until ${until}, and nothing takes it back: ask again then`);
}

const OTHERWISE = 'skip it, or retry it without changes';

function conflict(why: string): BreakwaterError {
  return new BreakwaterError('CONFLICT', `The node cannot be tried with other arguments: ${why}.`);
}

/** The changes that acts are tried with: those given now, else those of before. */
export function changesOf(
  { decisions }: Pick<Amendments, 'decisions'>,
  node: string,
  act: string,
  given: JsonObject | undefined,
): JsonObject | undefined {
  return given ?? decisions[act]?.with ?? decisions[node]?.with;
}
