// From where a run may be repeated: the node and all that was built on it, as long as what it rests on still stands. Pure.
import { repeatedFrom } from '../definitions/index.ts';
import type { ActivityNode, Plan } from '../definitions/index.ts';
import type { RunRecord } from '../durable/index.ts';
import { BreakwaterError, didYouMean } from '../kernel/index.ts';
import { actName } from './act.ts';
import type { Amendments } from './amendments.ts';
import { mayHaveHappened } from './doubt.ts';
import { actCheckpoint, foldRecord } from './fold-record.ts';
import type { FinalCheckpoint } from './node-result.ts';
import { settledId, undoStepName } from './step-layout.ts';
import { TURN } from './turn.ts';
import type { Turn } from './turn.ts';

export interface Rewind {
  /** Settled, and left as they are. */
  readonly retained: readonly string[];
  /** The node, and whatever comes after it. */
  readonly repeated: ReadonlySet<string>;
}

/** What is known of the run: what it recorded, and what operators said of it. */
export interface Past {
  readonly record: RunRecord;
  readonly amended: Pick<Amendments, 'decisions'>;
}

/** Throws INVALID, or CONFLICT with the reason. */
export function planRewind(plan: Plan, past: Past, from: string, verb: 'rewind' | 'fork'): Rewind {
  const { record } = past;
  const node = plan.nodes.find(({ id }) => id === from);
  if (!node) {
    const names = plan.nodes.map(({ id }) => id);
    const hint = didYouMean(from, names);
    throw new BreakwaterError('INVALID', `There is no node "${from}"${hint || '.'}`, {
      problems: [{ path: '/node', message: `no node "${from}"${hint}` }],
    });
  }
  const repeated = repeatedFrom(plan.nodes, from);
  const after = plan.nodes.filter(({ id }) => repeated.has(id));
  const results = foldRecord(plan, record);
  const retained = plan.nodes.filter(({ id }) => !repeated.has(id) && results.has(id));
  refuseUndone(
    retained.map(({ id }) => id),
    record,
  );
  if (verb === 'rewind') refuseUnrepeatable(after, results, past);
  return { retained: retained.map(({ id }) => id), repeated };
}

function refuseUndone(retained: readonly string[], record: RunRecord): void {
  const undone = new Set(
    [...record.names()].flatMap(([, name]) => (name.startsWith('undo ') ? [name.replace(/\[\d+\]$/, '')] : [])),
  );
  const [gone] = retained.filter((id) => undone.has(undoStepName(id)));
  if (gone !== undefined) throw conflict(`"${gone}" was taken back: begin there, or before`);
}

function refuseUnrepeatable(after: Plan['nodes'], results: ReturnType<typeof foldRecord>, past: Past): void {
  for (const node of after) {
    if (node.kind === 'workflow' && results.has(node.id))
      throw conflict(`"${node.id}" began a run of its own, which a rewind does not reach`);
    if (node.kind === 'activity' && !node.compensation && stands(node, past))
      throw conflict(
        node.irreversible
          ? `"${node.id}" cannot be taken back, and would be done twice`
          : `nothing takes "${node.id}" back, and it would be done twice`,
      );
  }
}

// What only reads may be repeated. Under the new key of a repeat no vendor knows the effect of the act before it.
function stands(node: ActivityNode, { record, amended }: Past): boolean {
  const suspects = record.read<Turn>(TURN.id)?.suspects ?? [];
  return actsIn(record, node).some((item) => {
    const name = actName(node, item);
    if (amended.decisions[undoStepName(name)]?.decision === 'done_by_hand') return false;
    const checkpoint = actCheckpoint(record, node, item);
    if (!checkpoint) return node.effect === true && suspects.includes(name);
    return (checkpoint.effect !== undefined || checkpoint.byHand === 'done_by_hand') && mayHaveHappened(checkpoint);
  });
}

function actsIn(record: RunRecord, node: ActivityNode): (number | undefined)[] {
  if (!node.forEach) return [undefined];
  const { items = 0 } = record.read<FinalCheckpoint>(settledId(node)) ?? {};
  return Array.from({ length: items }, (_, item) => item);
}

function conflict(why: string): BreakwaterError {
  return new BreakwaterError('CONFLICT', `The run cannot go on from there: ${why}.`);
}
