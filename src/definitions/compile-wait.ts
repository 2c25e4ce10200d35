// A wait of the document to a node of the plan.
import { sightOfNode } from './compilation.ts';
import type { Compilation } from './compilation.ts';
import { durationMs } from './duration-text.ts';
import { checkTemplate } from './expression-check.ts';
import type { NodeEntry } from './outline.ts';
import type { WaitNode } from './plan.ts';

type WaitEntry = NodeEntry & { readonly kind: 'wait' };

export type WaitPart = Omit<
  WaitNode,
  'id' | 'module' | 'name' | 'index' | 'dependencies' | 'ancestors' | 'wave' | 'range'
>;

const ISO_TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

export function compileWait(entry: WaitEntry, compilation: Compilation): WaitPart {
  const { wait, optional } = entry.document;
  const path = [...entry.path, 'wait'];
  const kinds = [wait.message, wait.for, wait.until].filter((kind) => kind !== undefined);
  if (kinds.length !== 1) compilation.findings.problem(path, 'a wait has exactly one of message, for and until');
  if (wait.timeout !== undefined && wait.message === undefined) {
    compilation.findings.problem([...path, 'timeout'], '"timeout" goes with "message" only', 'key');
  }
  return { kind: 'wait', wait: waitOf(entry, compilation), optional: optional === true };
}

function waitOf(entry: WaitEntry, compilation: Compilation): WaitNode['wait'] {
  const { wait } = entry.document;
  if (wait.message !== undefined) {
    const timeoutMs = durationMs(wait.timeout);
    return { kind: 'message', topic: wait.message, ...(timeoutMs !== undefined && { timeoutMs }) };
  }
  if (wait.until === undefined) return { kind: 'for', durationMs: durationMs(wait.for) ?? 0 };
  return { kind: 'until', at: compileUntil(wait.until, entry, compilation) };
}

function compileUntil(until: string, entry: WaitEntry, compilation: Compilation) {
  const path = [...entry.path, 'wait', 'until'];
  const { template } = checkTemplate(until, path, sightOfNode(compilation, entry), compilation.findings);
  if (typeof template === 'string' && !(ISO_TIME.test(template) && Number.isFinite(Date.parse(template)))) {
    compilation.findings.problem(path, `"${template}" is no time such as 2026-03-01T09:00:00Z`);
  }
  return template;
}
