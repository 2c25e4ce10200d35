// The type an expression certainly has, and operations that cannot work, without any data.
import type { CelNode } from './cel-syntax.ts';
import { walk } from './cel-syntax.ts';
import { pathOf } from './references.ts';
import type { JsonType } from './schema-path.ts';

/** The type of what a written-out path reads, where a schema tells. */
export type TypeOfPath = (path: readonly string[]) => JsonType | undefined;

const RESULTS: ReadonlyMap<string, JsonType> = new Map<string, JsonType>([
  ...[
    '_==_',
    '_!=_',
    '_<_',
    '_<=_',
    '_>_',
    '_>=_',
    '_&&_',
    '_||_',
    '!_',
    '@in',
    'contains',
    'startsWith',
    'endsWith',
    'matches',
    'bool',
  ].map((name) => [name, 'boolean'] as const),
  ...['size', 'int', 'uint', 'double', '_*_', '_/_', '_%_'].map((name) => [name, 'number'] as const),
  ['string', 'string'],
  // Times and durations become text.
  ['timestamp', 'string'],
  ['duration', 'string'],
]);

const LOGICAL = new Set(['_&&_', '_||_', '!_']);
const ORDERED = new Set(['_<_', '_<=_', '_>_', '_>=_']);

/** Looks at each part of an expression once. */
export class TypeInference {
  readonly #typeOfPath: TypeOfPath;
  readonly #known = new Map<CelNode, JsonType | undefined>();

  constructor(typeOfPath: TypeOfPath) {
    this.#typeOfPath = typeOfPath;
  }

  typeOf(node: CelNode): JsonType | undefined {
    if (!this.#known.has(node)) this.#known.set(node, this.#infer(node));
    return this.#known.get(node);
  }

  #infer(node: CelNode): JsonType | undefined {
    const kind = node.exprKind;
    if (kind.case === 'constExpr') return typeOfConstant(kind.value.constantKind.case);
    // `has(a.b)` is a selection that only asks.
    if (kind.case === 'selectExpr' && kind.value.testOnly) return 'boolean';
    const path = pathOf(node);
    if (path) return this.#typeOfPath(path);
    if (kind.case === 'listExpr') return 'array';
    if (kind.case === 'structExpr') return 'object';
    if (kind.case === 'callExpr') return this.#typeOfCall(kind.value.function, kind.value.args);
    return kind.case === 'comprehensionExpr' ? typeOfLoop(node) : undefined;
  }

  #typeOfCall(name: string, args: readonly CelNode[]): JsonType | undefined {
    const known = RESULTS.get(name);
    if (known) return known;
    if (name !== '_?_:_' && name !== '_+_') return undefined;
    const [left, right] = args.slice(-2).map((arg) => this.typeOf(arg));
    return left === right ? left : undefined;
  }

  /** What can never work: `'a' + 1`, `!input.name` where that is text, `1 < 'a'`. */
  faultsIn(root: CelNode): ReadonlySet<string> {
    const faults = new Set<string>();
    walk(root, ({ exprKind }) => {
      if (exprKind.case !== 'callExpr') return;
      const fault = operandFault(
        exprKind.value.function,
        exprKind.value.args.map((arg) => this.typeOf(arg)),
      );
      if (fault !== undefined) faults.add(fault);
    });
    return faults;
  }
}

function typeOfConstant(name: string | undefined): JsonType | undefined {
  if (name === 'stringValue') return 'string';
  if (name === 'boolValue') return 'boolean';
  if (name === 'nullValue') return 'null';
  return name === 'int64Value' || name === 'doubleValue' || name === 'uint64Value' ? 'number' : undefined;
}

// `all` and `exists` end in a truth, `map` and `filter` in a list; `exists_one` compares a count.
function typeOfLoop(node: CelNode): JsonType | undefined {
  if (node.exprKind.case !== 'comprehensionExpr') return undefined;
  const { result, accuInit } = node.exprKind.value;
  if (result?.exprKind.case === 'callExpr') return 'boolean';
  if (accuInit?.exprKind.case === 'listExpr') return 'array';
  return accuInit?.exprKind.case === 'constExpr'
    ? typeOfConstant(accuInit.exprKind.value.constantKind.case)
    : undefined;
}

function operandFault(operator: string, types: readonly (JsonType | undefined)[]): string | undefined {
  const sign = operator.replaceAll('_', '');
  const stranger = LOGICAL.has(operator) ? types.find((type) => type !== undefined && type !== 'boolean') : undefined;
  if (stranger) return `${sign} needs true or false, not ${named(stranger)}`;
  if (operator !== '_+_' && !ORDERED.has(operator)) return undefined;
  const [left, right] = types;
  if (!left || !right || left === right) return undefined;
  return operator === '_+_'
    ? `cannot add ${named(left)} and ${named(right)}`
    : `cannot compare ${named(left)} with ${named(right)}`;
}

const NAMES: Readonly<Record<JsonType, string>> = {
  string: 'text',
  number: 'a number',
  boolean: 'true or false',
  null: 'null',
  array: 'a list',
  object: 'a map',
};

/** A type in the words of messages. */
export function named(type: JsonType): string {
  return NAMES[type];
}
