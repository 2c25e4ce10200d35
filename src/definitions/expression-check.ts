// Checks the expressions of a document where they stand: syntax, names, functions, and types where they are known.
import { didYouMean } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { FUNCTION_NAMES, isFunction } from './cel-functions.ts';
import { readCel, walk } from './cel-syntax.ts';
import type { CelNode } from './cel-syntax.ts';
import type { Findings } from './findings.ts';
import { liquidPaths } from './liquid-text.ts';
import type { Path } from './path.ts';
import type { Expression, Template } from './plan.ts';
import { checkReference, typeOfReference } from './reference-check.ts';
import type { Sight } from './reference-check.ts';
import { referencesOfCel } from './references.ts';
import type { Reference } from './references.ts';
import type { JsonType } from './schema-path.ts';
import { TypeInference, named } from './static-type.ts';
import { compileTemplate, holesOf, unwrap } from './template.ts';
import type { Hole } from './template.ts';

/** `when`, `require`, `for_each`: CEL with or without `${{ }}`, of the type that is needed. */
export function checkExpression(
  source: string | boolean,
  needed: JsonType,
  path: Path,
  sight: Sight,
  findings: Findings,
): Expression {
  const cel = typeof source === 'boolean' ? String(source) : (unwrap(source) ?? source.trim());
  const parsed = readCel(cel);
  if (!parsed.ok) {
    findings.problem(path, `expression ${parsed.message}`);
    return { cel };
  }
  const type = checkCel(parsed.root, path, sight, findings);
  if (type !== undefined && type !== needed)
    findings.problem(path, `must be ${named(needed)}, but the expression is ${named(type)}`);
  return { cel };
}

/** A value with holes; `typeOf` tells the type of each hole, for whoever knows what is needed there. */
export interface CheckedTemplate {
  readonly template: Template;
  readonly types: ReadonlyMap<Hole, JsonType | undefined>;
}

export function checkTemplate(value: Json, path: Path, sight: Sight, findings: Findings): CheckedTemplate {
  const { template, problems } = compileTemplate(value);
  for (const problem of problems) findings.problem([...path, ...problem.path], problem.message);
  const broken = new Set(problems.map((problem) => problem.path.join('\n')));
  const holes = holesOf(template).filter((hole) => !broken.has(hole.path.join('\n')));
  return {
    template,
    types: new Map(holes.map((hole) => [hole, checkHole(hole, [...path, ...hole.path], sight, findings)])),
  };
}

function checkHole(hole: Hole, path: Path, sight: Sight, findings: Findings): JsonType | undefined {
  if (hole.language === 'liquid') {
    reportReferences(liquidPaths(hole.source), path, sight, findings);
    return 'string';
  }
  const parsed = readCel(hole.source);
  return parsed.ok ? checkCel(parsed.root, path, sight, findings) : undefined;
}

function checkCel(root: CelNode, path: Path, sight: Sight, findings: Findings): JsonType | undefined {
  const types = new TypeInference((reference) => typeOfReference(reference, sight));
  for (const name of unknownFunctions(root))
    findings.problem(path, `unknown function "${name}"${didYouMean(name, FUNCTION_NAMES)}`);
  reportReferences(referencesOfCel(root), path, sight, findings);
  for (const fault of types.faultsIn(root)) findings.problem(path, `expression ${fault}`);
  return types.typeOf(root);
}

// Built-in operators that are no functions: field access and the ones that do not look at every operand.
const OPERATORS = new Set(['_[_]', '_?_:_', '_&&_', '_||_', '@not_strictly_false', '__not_strictly_false__']);

function unknownFunctions(root: CelNode): readonly string[] {
  const found = new Set<string>();
  walk(root, ({ exprKind }) => {
    if (exprKind.case !== 'callExpr') return;
    const name = exprKind.value.function;
    if (!OPERATORS.has(name) && !isFunction(name)) found.add(name);
  });
  return [...found];
}

function reportReferences(references: readonly Reference[], path: Path, sight: Sight, findings: Findings): void {
  const distinct = new Map(references.map((reference) => [reference.join('\n'), reference]));
  for (const reference of distinct.values()) {
    const check = checkReference(reference, sight);
    if (check.ok) continue;
    if (check.severity === 'problem') findings.problem(path, check.message);
    else findings.warning(path, check.message);
  }
}
