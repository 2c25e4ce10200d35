// CEL source to syntax tree, bounded before the parser sees it, and the tree's shape for those who walk it.
import { parse } from '@bufbuild/cel';
import { messageOf } from '../kernel/index.ts';
import { RecentlyUsed } from './recently-used.ts';

export type CelNode = ReturnType<typeof parse>['expr'];

const MAX_EXPRESSION_LENGTH = 4_096;
// The parser backtracks: 500 open brackets cost it a second, 128 a few milliseconds.
const MAX_BRACKETS = 128;

export type ParsedCel =
  | { readonly ok: true; readonly root: CelNode }
  | { readonly ok: false; readonly message: string };

const read = new RecentlyUsed<ParsedCel>(200);

/** For looking at: the same tree each time, not to be changed. */
export function readCel(source: string): ParsedCel {
  return read.get(source, parseCel);
}

/** A tree of one's own. */
export function parseCel(source: string): ParsedCel {
  const refusal = refuseBySize(source);
  if (refusal !== undefined) return { ok: false, message: refusal };
  try {
    const root = parse(source).expr;
    return hasMessage(root) ? { ok: false, message: 'protobuf messages cannot be made here' } : { ok: true, root };
  } catch (error) {
    // `<input>:1:3: found b but expecting …` (a list of every token there is).
    const [, where, found] = /^<input>:(\S+): (.*?)(?: but expecting .*)?$/s.exec(messageOf(error)) ?? [];
    return {
      ok: false,
      message: where === undefined ? 'cannot be parsed' : `${found} at ${where} is not expected here`,
    };
  }
}

function refuseBySize(source: string): string | undefined {
  if (source.trim() === '') return 'is empty';
  if (source.length > MAX_EXPRESSION_LENGTH) return `is longer than ${MAX_EXPRESSION_LENGTH} characters`;
  const brackets = source.match(/[([{]/g)?.length ?? 0;
  return brackets > MAX_BRACKETS ? `has more than ${MAX_BRACKETS} brackets` : undefined;
}

function hasMessage(root: CelNode): boolean {
  let found = false;
  walk(root, ({ exprKind }) => {
    found ||= exprKind.case === 'structExpr' && exprKind.value.messageName !== '';
  });
  return found;
}

/** The direct parts of a node, in evaluation order. */
export function childrenOf(node: CelNode): CelNode[] {
  const kind = node.exprKind;
  switch (kind.case) {
    case 'selectExpr':
      return present([kind.value.operand]);
    case 'callExpr':
      return present([kind.value.target, ...kind.value.args]);
    case 'listExpr':
      return kind.value.elements;
    case 'structExpr':
      return present(
        kind.value.entries.flatMap(({ keyKind, value }) => [
          keyKind.case === 'mapKey' ? keyKind.value : undefined,
          value,
        ]),
      );
    case 'comprehensionExpr': {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      return present([iterRange, accuInit, loopCondition, loopStep, result]);
    }
    case 'constExpr':
    case 'identExpr':
    case undefined:
      return [];
    default:
      return kind satisfies never;
  }
}

function present(nodes: readonly (CelNode | undefined)[]): CelNode[] {
  return nodes.filter((node) => node !== undefined);
}

/** Calls `visit` for the node and everything below it. */
export function walk(node: CelNode, visit: (node: CelNode) => void): void {
  visit(node);
  for (const child of childrenOf(node)) walk(child, visit);
}

export function nodeCount(node: CelNode): number {
  let count = 0;
  walk(node, () => count++);
  return count;
}
