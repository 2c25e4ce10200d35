// A rewind under way: takes back what will be repeated, then forgets it and has the run go on.
import { decisionsOutside, nextEpoch } from './amendments.ts';
import type { Amendments } from './amendments.ts';
import type { RunContext } from './environment.ts';
import type { CompensationSummary } from './runs.ts';
import { takeBackFirst } from './take-back-first.ts';

/** Answers only when an undo failed: the rewind goes on once that is decided. */
export async function goOnRewinding(
  context: RunContext,
  { node, suspects }: NonNullable<Amendments['rewind']>,
): Promise<CompensationSummary> {
  const { plan, amended } = context;
  const repeated = plan.nodes.filter(({ id, ancestors }) => id === node || ancestors.includes(node));
  const only = new Set(repeated.map(({ id }) => id));
  return await takeBackFirst(context, { suspects, only }, () => ({
    forget: repeated.map(({ range }) => range),
    ...amendedFor(amended, only),
    progress: 0,
  }));
}

// What is repeated gets keys of its own.
function amendedFor(amended: Amendments, repeated: ReadonlySet<string>): Pick<Amendments, 'epochs' | 'decisions'> {
  const begun = [...repeated].map((id) => [id, nextEpoch(amended, id)] as const);
  return {
    epochs: { ...amended.epochs, ...Object.fromEntries(begun) },
    decisions: decisionsOutside(amended, repeated),
  };
}
