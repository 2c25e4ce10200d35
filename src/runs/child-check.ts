// Looks at the workflows that a definition runs, as far as they are published: a chain that comes back to it, or is too deep, never ends well.
import type { Knex } from 'knex';
import type { ChildNode, Plan } from '../definitions/index.ts';
import { BreakwaterError } from '../kernel/index.ts';
import type { Problem } from '../kernel/index.ts';
import { resolvePinned } from './resolve-definition.ts';
import { MAX_DEPTH } from './run-input.ts';

export interface ChildFindings {
  readonly problems: readonly Problem[];
  readonly warnings: readonly Problem[];
}

export async function checkChildren(knex: Knex, tenant: string, plan: Plan): Promise<ChildFindings> {
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const child of childrenOf(plan)) {
    const path = `/modules/${plan.modules.findIndex(({ id }) => id === child.module)}/workflow`;
    const found = await follow(knex, tenant, child, [plan.name]);
    if (found?.problem !== undefined) problems.push({ path, message: found.problem });
    if (found?.warning !== undefined) warnings.push({ path, message: found.warning });
  }
  return { problems, warnings };
}

interface Found {
  readonly problem?: string;
  readonly warning?: string;
}

// The versions of today: what is published later is met by the limit on depth when it runs.
async function follow(
  knex: Knex,
  tenant: string,
  child: ChildNode,
  above: readonly string[],
): Promise<Found | undefined> {
  const chain = [...above, child.workflow];
  if (above.includes(child.workflow)) return { problem: `workflows run each other without end: ${chain.join(' -> ')}` };
  if (above.length > MAX_DEPTH)
    return { problem: `runs begin each other ${MAX_DEPTH} deep at most: ${chain.join(' -> ')}` };
  const definition = await find(knex, tenant, child);
  if (!definition) return above.length > 1 ? undefined : { warning: missing(child) };
  for (const next of definition.plan ? childrenOf(definition.plan) : []) {
    const found = await follow(knex, tenant, next, chain);
    if (found?.problem !== undefined) return found;
  }
  return undefined;
}

async function find(knex: Knex, tenant: string, { workflow, version }: ChildNode) {
  try {
    return await resolvePinned(knex, tenant, workflow, version);
  } catch (error) {
    if (error instanceof BreakwaterError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

function missing({ workflow, version }: ChildNode): string {
  return `there is no "${workflow}"${version === undefined ? '' : ` ${version}`} yet; publish it before a run needs it`;
}

function childrenOf(plan: Plan): ChildNode[] {
  return plan.nodes.flatMap((node) => (node.kind === 'workflow' ? [node] : []));
}
