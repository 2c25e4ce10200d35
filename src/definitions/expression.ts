// CEL in definitions: compiled once, evaluated on plain data within a budget, with plain JSON as result.
import { isCelError, plan } from '@bufbuild/cel';
import type { CelInput, CelResult } from '@bufbuild/cel';
import { FailureError, failure, messageOf } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { withBudget } from './cel-budget.ts';
import { TICK, environment } from './cel-functions.ts';
import { childrenOf, nodeCount, parseCel } from './cel-syntax.ts';
import type { CelNode } from './cel-syntax.ts';
import { fromCel, toCel } from './cel-value.ts';
import { RecentlyUsed } from './recently-used.ts';
import { viewOf } from './scope.ts';
import type { Expression, Scope } from './plan.ts';

/** A `for_each` fans out over at most this many items (K5). */
export const MAX_LIST_ITEMS = 16_384;

type Evaluate = (bindings: Record<string, CelInput>) => CelResult;

const compiled = new RecentlyUsed<Evaluate>(1_000);

/** The value of an expression; throws a {@link FailureError} with code `EXPRESSION`. */
export function evaluate(expression: Expression, scope: Scope): Json {
  const run = compiled.get(expression.cel, compileCel);
  const bindings = bindingsOf(scope);
  try {
    return withBudget(() => {
      const result = run(bindings);
      if (isCelError(result)) throw result;
      return fromCel(result);
    });
  } catch (error) {
    throw expressionFailure(expression.cel, messageOf(error), error);
  }
}

/** `when` and `require`: true or false, nothing else. */
export function evaluateCondition(expression: Expression, scope: Scope): boolean {
  const value = evaluate(expression, scope);
  if (typeof value === 'boolean') return value;
  throw expressionFailure(expression.cel, `a condition must be true or false, not ${nameOf(value)}`);
}

/** `for_each`: a list of at most {@link MAX_LIST_ITEMS}. */
export function evaluateList(expression: Expression, scope: Scope): readonly Json[] {
  const value = evaluate(expression, scope);
  if (!Array.isArray(value)) throw expressionFailure(expression.cel, `for_each needs a list, not ${nameOf(value)}`);
  const items: readonly Json[] = value;
  if (items.length > MAX_LIST_ITEMS) {
    throw expressionFailure(expression.cel, `for_each takes at most ${MAX_LIST_ITEMS} items, not ${items.length}`);
  }
  return items;
}

/** A failure with the expression's text in front of the reason. */
export function expressionFailure(source: string, reason: string, cause?: unknown): FailureError {
  const shown = source.length > 120 ? `${source.slice(0, 120)}…` : source;
  return new FailureError(failure('EXPRESSION', `${shown}: ${reason}`), { cause });
}

// Without a prototype: CEL looks names up as properties, and `constructor` must be unknown.
function bindingsOf(scope: Scope): Record<string, CelInput> {
  const bindings: Record<string, CelInput> = { __proto__: null };
  for (const [name, value] of Object.entries(viewOf(scope))) bindings[name] = toCel(value);
  return bindings;
}

function compileCel(source: string): Evaluate {
  const parsed = parseCel(source);
  if (!parsed.ok) throw expressionFailure(source, parsed.message);
  meterLoops(parsed.root);
  return plan(environment, parsed.root);
}

// Every turn of a macro's loop (`all`, `map`, …) pays for the size of its body.
function meterLoops(node: CelNode): void {
  for (const child of childrenOf(node)) meterLoops(child);
  if (node.exprKind.case !== 'comprehensionExpr') return;
  const loop = node.exprKind.value;
  if (!loop.loopCondition || !loop.loopStep) return;
  const cost = 1 + Math.ceil(nodeCount(loop.loopStep) / 4);
  loop.loopCondition = call(TICK, [loop.loopCondition, integer(cost)]);
}

function call(name: string, args: CelNode[]): CelNode {
  return {
    $typeName: 'cel.expr.Expr',
    id: 0n,
    exprKind: { case: 'callExpr', value: { $typeName: 'cel.expr.Expr.Call', function: name, args } },
  };
}

function integer(value: number): CelNode {
  const constantKind = { case: 'int64Value' as const, value: BigInt(value) };
  return {
    $typeName: 'cel.expr.Expr',
    id: 0n,
    exprKind: { case: 'constExpr', value: { $typeName: 'cel.expr.Constant', constantKind } },
  };
}

function nameOf(value: Json): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'a map' : `the ${typeof value} ${JSON.stringify(value).slice(0, 40)}`;
}
