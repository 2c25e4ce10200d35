// A rewind under way: takes back what will be repeated, then forgets it and has the run go on.
import { repeatedFrom } from '../definitions/index.ts';
import { decisionsOutside, nextEpoch } from './amendments.ts';
import type { Amendments } from './amendments.ts';
import type { RunContext } from './environment.ts';
import type { CompensationSummary } from './runs.ts';
import { takeBackFirst } from './take-back-first.ts';

/** Answers only when an undo failed: the rewind goes on once that is decided. */
export async function goOnRewinding(
  context: RunContext,
  { node, suspects, changes = [] }: NonNullable<Amendments['rewind']>,
): Promise<CompensationSummary> {
  const { plan, amended } = context;
  const only = repeatedFrom(plan.nodes, node);
  const repeated = plan.nodes.filter(({ id }) => only.has(id));
  return await takeBackFirst(context, { cause: changes.length > 0 ? 'changes' : 'rewind', suspects, only }, () => ({
    forget: repeated.map(({ range }) => range),
    ...amendedFor(amended, only),
    changes: [...amended.changes, ...changes],
    progress: 0,
  }));
}

// What is repeated gets keys of its own, and is this run's own to undo from now on, whoever did it before.
function amendedFor(
  amended: Amendments,
  repeated: ReadonlySet<string>,
): Pick<Amendments, 'epochs' | 'decisions' | 'inherited'> {
  const begun = [...repeated].map((id) => [id, nextEpoch(amended, id)] as const);
  return {
    epochs: { ...amended.epochs, ...Object.fromEntries(begun) },
    decisions: decisionsOutside(amended, repeated),
    inherited: amended.inherited.filter((id) => !repeated.has(id)),
  };
}
