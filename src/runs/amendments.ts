// What operators, and approvers, changed about a run since it was started, as its row has it: what its executions must know before they act. Pure.
import { z } from 'zod';
import { isJsonObject } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import { changeNote } from './changes.ts';
import type { ChangeNote } from './changes.ts';
import { controlOf } from './control-store.ts';
import type { Control } from './control-store.ts';

const decision = z.object({
  decision: z.enum(['retry', 'skip', 'compensate', 'done_by_hand']),
  by: z.string(),
  reason: z.string().nullable(),
  at: z.string(),
  /** Database time. Absent of decisions that were made before it was noted. */
  atMs: z.number().optional(),
  with: z.custom<JsonObject>(isJsonObject).optional(),
});
const decisions = z.record(z.string(), decision);
export type NodeDecision = z.infer<typeof decision>;

export interface Amendments {
  /** How often an act was begun anew on purpose, by node or `node[item]`: part of its key. */
  readonly epochs: Readonly<Record<string, number>>;
  /** The last decision about each node that an operator decided. */
  readonly decisions: Readonly<Record<string, NodeDecision>>;
  /** Nodes whose outcomes are another run's, which alone may undo them. */
  readonly inherited: readonly string[];
  /** What approvers asked to be changed, since the run went back for it. */
  readonly changes: readonly ChangeNote[];
  /** A rewind that was begun: the run goes on once what is to be repeated is taken back. */
  readonly rewind?: Control['rewind'];
  /** A retry with other arguments that was begun: the node is tried once what happened of it is taken back. */
  readonly retry?: Control['retry'];
}

export const UNAMENDED: Amendments = { epochs: {}, decisions: {}, inherited: [], changes: [] };

export interface AmendedRow {
  readonly epochs: Readonly<Record<string, number>>;
  readonly decisions: unknown;
  readonly inherited: readonly string[];
  readonly changes: unknown;
  readonly control: unknown;
}

export function amendmentsOf(row: AmendedRow): Amendments {
  const { epochs, inherited } = row;
  const { rewind, retry } = controlOf(row);
  return {
    epochs,
    decisions: decisions.parse(row.decisions),
    inherited,
    changes: z.array(changeNote).parse(row.changes),
    ...(rewind && { rewind }),
    ...(retry && { retry }),
  };
}

/** A list's items may have been begun anew one by one, and all together. */
export function epochOf({ epochs }: Pick<Amendments, 'epochs'>, node: string, item?: number): number {
  return Math.max(epochs[node] ?? 0, item === undefined ? 0 : (epochs[`${node}[${item}]`] ?? 0));
}

/** No act of the node had this epoch before. */
export function nextEpoch({ epochs }: Pick<Amendments, 'epochs'>, node: string): number {
  const own = Object.entries(epochs).filter(([name]) => name === node || name.startsWith(`${node}[`));
  return 1 + Math.max(0, ...own.map(([, epoch]) => epoch));
}

/** What is repeated is decided anew: what was decided of these nodes, their items and their undos is left out. */
export function decisionsOutside(
  { decisions: made }: Pick<Amendments, 'decisions'>,
  repeated: ReadonlySet<string>,
): Amendments['decisions'] {
  const nodeOf = (name: string) => name.replace(/^undo /, '').replace(/\[\d+\]$/, '');
  return Object.fromEntries(Object.entries(made).filter(([name]) => !repeated.has(nodeOf(name))));
}

/** The changes of an operator to the arguments of a node, or of one item of its list: a merge patch. */
export function patchOf({ decisions: made }: Amendments, node: string, item?: number): JsonObject | undefined {
  return (item === undefined ? undefined : made[`${node}[${item}]`]?.with) ?? made[node]?.with;
}

/** When an operator last decided something: while a run is held no time of its modules passes. 0: nobody did. */
export function lastDecidedAtMs({ decisions: made }: Pick<Amendments, 'decisions'>): number {
  return Math.max(0, ...Object.values(made).map(({ atMs = 0 }) => atMs));
}
