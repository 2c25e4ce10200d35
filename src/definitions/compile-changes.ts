// Where an approval's request for changes sends the run back to, and whether all that was done since can be done again.
import type { Compilation } from './compilation.ts';
import { findAction } from './compilation.ts';
import type { NodeEntry } from './outline.ts';
import type { ApprovalNode } from './plan.ts';
import { repeatedFrom } from './repeat.ts';

type ApprovalEntry = NodeEntry & { readonly kind: 'approval' };

const DEFAULT_MAX = 3;

export function compileChanges(entry: ApprovalEntry, compilation: Compilation): ApprovalNode['changes'] {
  const { changes } = entry.document.approval;
  if (!changes) return undefined;
  const { to, max = DEFAULT_MAX } = changes;
  if (checkTarget(entry, to, compilation)) checkRepeated(entry, to, compilation);
  return { to, max };
}

function checkTarget({ id, path }: ApprovalEntry, to: string, { outline, ancestors, findings }: Compilation): boolean {
  const before = new Set(ancestors.get(id) ?? []);
  const earlier = outline.modules.filter(({ nodes }) => nodes.some((node) => before.has(node.id)));
  if (earlier.some((module) => module.id === to)) return true;
  const names = earlier.map((module) => module.id);
  const why = outline.module(to) ? `"${to}" does not come before "${id}"` : `unknown module "${to}"`;
  const hint = findings.didYouMean(to, names);
  findings.problem(
    [...path, 'approval', 'changes', 'to'],
    `${why}${hint}; changes go back to a module that the approval waits for`,
  );
  return false;
}

// What comes after the approval cannot have happened; everything else that is repeated may have.
function checkRepeated(entry: ApprovalEntry, to: string, { outline, ancestors, catalog, findings }: Compilation): void {
  const path = [...entry.path, 'approval', 'changes', 'to'];
  const nodes = outline.nodes.map(({ id, module }) => ({ id, module, ancestors: ancestors.get(id) ?? [] }));
  const repeated = repeatedFrom(nodes, to);
  for (const node of outline.nodes) {
    if (!repeated.has(node.id) || ancestors.get(node.id)?.includes(entry.id)) continue;
    if (node.kind === 'workflow')
      findings.problem(path, `"${node.id}" would be repeated, and a run of its own is not taken back for that`);
    if (node.kind !== 'activity') continue;
    const { tool, action, irreversible, compensation } = node.document;
    if (irreversible) findings.problem(path, `"${node.id}" would be repeated, and it is irreversible`);
    else if (compensation === undefined && findAction(catalog, tool, action)?.effect)
      findings.warning(path, `"${node.id}" would be repeated, and nothing takes back what it did before`);
  }
}
