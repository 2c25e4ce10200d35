// What expressions and texts read: the names they write out, for the compiler to check before anything runs.
import type { CelNode } from './cel-syntax.ts';
import { childrenOf, readCel } from './cel-syntax.ts';
import { liquidPaths } from './liquid-text.ts';
import type { Template } from './plan.ts';
import { holesOf } from './template.ts';
import type { Hole } from './template.ts';

/**
 * A name and the fields behind it, as far as they are written out: `outputs.research.notes`, `input.channels`.
 * What follows a computed access (`outputs[x]`) is not part of it; that fails at run time if there is nothing there.
 */
export type Reference = readonly string[];

/** Every reference of every hole in a template. */
export function referencesOf(template: Template): readonly Reference[] {
  return holesOf(template).flatMap(referencesOfHole);
}

export function referencesOfHole(hole: Hole): readonly Reference[] {
  if (hole.language === 'liquid') return liquidPaths(hole.source);
  const parsed = readCel(hole.source);
  return parsed.ok ? referencesOfCel(parsed.root) : [];
}

export function referencesOfCel(root: CelNode): readonly Reference[] {
  const found: Reference[] = [];
  collect(root, new Set(), found);
  return found;
}

function collect(node: CelNode, bound: ReadonlySet<string>, found: Reference[]): void {
  const path = pathOf(node);
  if (path && !bound.has(path[0] ?? '')) found.push(path);
  if (path) return;
  if (node.exprKind.case !== 'comprehensionExpr') {
    for (const child of childrenOf(node)) collect(child, bound, found);
    return;
  }
  const { iterRange, accuInit, iterVar, accuVar, loopCondition, loopStep, result } = node.exprKind.value;
  for (const outer of [iterRange, accuInit]) if (outer) collect(outer, bound, found);
  const inner = new Set([...bound, iterVar, accuVar]);
  for (const part of [loopCondition, loopStep, result]) if (part) collect(part, inner, found);
}

/** The written-out path of a chain of names, `a.b["c"]`; undefined for anything else. A list position counts as a field. */
export function pathOf(node: CelNode): string[] | undefined {
  const kind = node.exprKind;
  if (kind.case === 'identExpr') return [kind.value.name.replace(/^\./, '')];
  if (kind.case === 'selectExpr') return extended(kind.value.operand, kind.value.field);
  if (kind.case !== 'callExpr' || kind.value.function !== '_[_]') return undefined;
  const [operand, key] = kind.value.args;
  return extended(operand, literalKey(key));
}

function extended(operand: CelNode | undefined, field: string | undefined): string[] | undefined {
  const path = operand && field !== undefined ? pathOf(operand) : undefined;
  return path && field !== undefined ? [...path, field] : undefined;
}

function literalKey(key: CelNode | undefined): string | undefined {
  if (key?.exprKind.case !== 'constExpr') return undefined;
  const { constantKind } = key.exprKind.value;
  return constantKind.case === 'stringValue' || constantKind.case === 'int64Value'
    ? String(constantKind.value)
    : undefined;
}
