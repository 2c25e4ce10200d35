// The secrets that a plan names and this process cannot give, so that a run need not begin to find out.
import type { Plan, Template } from '../definitions/index.ts';
import { BreakwaterError, secretPlaces, secretReference } from '../kernel/index.ts';
import type { Registry } from '../tools/index.ts';

export interface MissingSecret {
  readonly name: string;
  readonly node: string;
  readonly why: string;
}

export function missingSecrets(registry: Registry, plan: Plan, tenant: string): MissingSecret[] {
  const { secrets } = registry;
  secrets.refresh();
  return callsOf(plan).flatMap(({ node, tool, args }) =>
    secretPlaces(args).flatMap(({ name }) => {
      const found = secrets.find(name, { tool, tenant });
      return found.ok ? [] : [{ name, node, why: found.why }];
    }),
  );
}

export function refuseMissing({ name, version }: Plan, missing: readonly MissingSecret[]): void {
  if (missing.length === 0) return;
  const problems = missing.map((each) => ({
    path: '/workflow',
    message: `"${each.node}" needs ${secretReference(each.name)}, which ${each.why}`,
  }));
  throw new BreakwaterError('INVALID', `"${name}" ${version} needs secrets that it cannot have; see errors.`, {
    problems,
  });
}

function callsOf({ nodes }: Plan): { node: string; tool: string; args: Template }[] {
  return nodes.flatMap((node) => {
    if (node.kind !== 'activity') return [];
    const { id, tool, with: args, compensation } = node;
    const act = { node: id, tool, args };
    return compensation?.with === undefined ? [act] : [act, { ...compensation, node: id, args: compensation.with }];
  });
}
