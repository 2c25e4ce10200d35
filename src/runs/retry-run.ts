// A retry with other arguments under way: takes back what happened of the node, then forgets it and has the run try the node afresh.
import type { Amendments, NodeDecision } from './amendments.ts';
import type { RunContext } from './environment.ts';
import { beginAfresh, failedActs } from './retry-decision.ts';
import type { CompensationSummary } from './runs.ts';
import { undoStepName } from './step-layout.ts';
import { takeBackFirst } from './take-back-first.ts';

/** Answers only when an undo failed: the node is tried once that is decided. */
export async function goOnRetrying(
  context: RunContext,
  { node: id, acts, ...asked }: NonNullable<Amendments['retry']>,
): Promise<CompensationSummary> {
  const { plan, amended, clock } = context;
  const node = plan.nodes.find((each) => each.id === id);
  if (!node) throw new TypeError(`the plan of ${plan.name} has no node ${id}`);
  const doubts = { cause: 'retry', suspects: acts, only: new Set([id]), acts: new Set(acts) } as const;
  return await takeBackFirst(context, doubts, (record) => {
    const failed = failedActs(record, node);
    const decision: NodeDecision = { decision: 'retry', ...asked, atMs: clock.now() };
    const undone = new Set(acts.map(undoStepName));
    const others = Object.entries(amended.decisions).filter(([name]) => !undone.has(name));
    const made = failed.map(({ name }) => [name, decision] as const);
    return { ...beginAfresh(amended, node, failed), decisions: Object.fromEntries([...others, ...made]) };
  });
}
