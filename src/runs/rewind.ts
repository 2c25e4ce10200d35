// From where a run may be repeated: the node and all that was built on it, as long as what it rests on still stands. Pure.
import { repeatedFrom } from '../definitions/index.ts';
import type { Plan } from '../definitions/index.ts';
import type { RunRecord } from '../durable/index.ts';
import { BreakwaterError, didYouMean } from '../kernel/index.ts';
import { finalCheckpoint, foldRecord } from './fold-record.ts';
import { undoStepName } from './step-layout.ts';

export interface Rewind {
  /** Settled, and left as they are. */
  readonly retained: readonly string[];
  /** The node, and whatever comes after it. */
  readonly repeated: ReadonlySet<string>;
}

/** Throws INVALID, or CONFLICT with the reason. */
export function planRewind(plan: Plan, record: RunRecord, from: string, verb: 'rewind' | 'fork'): Rewind {
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
  if (verb === 'rewind') refuseUnrepeatable(after, results, record);
  return { retained: retained.map(({ id }) => id), repeated };
}

function refuseUndone(retained: readonly string[], record: RunRecord): void {
  const undone = new Set(
    [...record.names()].flatMap(([, name]) => (name.startsWith('undo ') ? [name.replace(/\[\d+\]$/, '')] : [])),
  );
  const [gone] = retained.filter((id) => undone.has(undoStepName(id)));
  if (gone !== undefined) throw conflict(`"${gone}" was taken back: begin there, or before`);
}

function refuseUnrepeatable(after: Plan['nodes'], results: ReturnType<typeof foldRecord>, record: RunRecord): void {
  for (const node of after) {
    if (node.kind === 'workflow' && results.has(node.id))
      throw conflict(`"${node.id}" began a run of its own, which a rewind does not reach`);
    if (node.kind === 'activity' && node.irreversible && isDone(node, record))
      throw conflict(`"${node.id}" cannot be taken back, and would be done twice`);
  }
}

function isDone(node: Plan['nodes'][number], record: RunRecord): boolean {
  return finalCheckpoint(record, node)?.attempt !== undefined;
}

function conflict(why: string): BreakwaterError {
  return new BreakwaterError('CONFLICT', `The run cannot go on from there: ${why}.`);
}
