// A module that runs another workflow, to a node of the plan. Which versions there are is known where it runs.
import { slug } from '../kernel/index.ts';
import { sightOfNode } from './compilation.ts';
import type { Compilation } from './compilation.ts';
import { checkTemplate } from './expression-check.ts';
import type { NodeEntry } from './outline.ts';
import type { ChildNode } from './plan.ts';

type ChildEntry = NodeEntry & { readonly kind: 'workflow' };

export type ChildPart = Omit<
  ChildNode,
  'id' | 'module' | 'name' | 'index' | 'dependencies' | 'ancestors' | 'wave' | 'range'
>;

export function compileChild(entry: ChildEntry, compilation: Compilation): ChildPart {
  const { workflow, version, input, optional } = entry.document;
  const { document, findings } = compilation;
  const own = slug(document.workflow.name);
  if (slug(workflow) === own) {
    findings.problem([...entry.path, 'workflow'], `"${own}" would run itself without end`);
  }
  const path = [...entry.path, 'input'];
  return {
    kind: 'workflow',
    workflow: slug(workflow),
    ...(version !== undefined && { version }),
    input: checkTemplate(input ?? {}, path, sightOfNode(compilation, entry), findings).template,
    optional: optional === true,
  };
}
