// What a definition needs of a set-up: the tools that it calls, and where it tells people. Pure.
import { z } from 'zod';

const call = z.object({ tool: z.string() });
const channels = z.array(call).default([]);
const node = z.object({
  tool: z.string().optional(),
  compensation: call.optional(),
  notify: channels,
  escalate: z.array(z.object({ notify: channels })).default([]),
});

/** As far as the doctor reads plans: those that were stored by another version of ours too. */
export const storedPlan = z.object({ name: z.string(), nodes: z.array(node) });

export interface UsedDefinition {
  readonly name: string;
  readonly tools: ReadonlySet<string>;
  /** The tools by which people are told of approvals. */
  readonly tellsBy: ReadonlySet<string>;
}

export function usedDefinition({ name, nodes }: z.infer<typeof storedPlan>): UsedDefinition {
  const told = nodes.flatMap(({ notify, escalate }) => [...notify, ...escalate.flatMap((step) => step.notify)]);
  const tellsBy = new Set(told.map(({ tool }) => tool));
  const called = nodes.flatMap(({ tool, compensation }) => [tool, compensation?.tool]);
  return { name, tellsBy, tools: new Set([...called.filter((tool) => tool !== undefined), ...tellsBy]) };
}
