// The functions expressions may call: CEL's standard ones, each paying for its work, and operators on mixed integers and doubles.
// JSON has only doubles while `1` in an expression is an integer, so without the mixed ones `input.n + 1` would be an error.
import { CelScalar, celEnv, celFunc, celMethod, isCelError, isCelList, listType } from '@bufbuild/cel';
import type { CelEnv, CelFunc, CelResult, CelValue } from '@bufbuild/cel';
import { shallowCost, spend, spendDeep } from './cel-budget.ts';
import { concatLists } from './cel-list.ts';
import { patternSize } from './pattern-size.ts';

const { BOOL, DOUBLE, DYN, INT } = CelScalar;
const LIST = listType(DYN);

/** Put around a loop's condition by {@link meterLoops}: pays for one turn. */
export const TICK = '@tick';

const COMPARED_DEEPLY = new Set(['_==_', '_!=_', '@in']);
// Time zones are looked up in a table of the platform; some 50 µs each.
const SLOW = /^(get[A-Z]|timestamp$)/;

const standard = [...celEnv().funcs];

const mixedArithmetic: Record<string, (left: number, right: number) => number> = {
  '_+_': (left, right) => left + right,
  '_-_': (left, right) => left - right,
  '_*_': (left, right) => left * right,
  '_/_': (left, right) => left / right,
  '_%_': (left, right) => left % right,
};

const mixed = Object.entries(mixedArithmetic).flatMap(([name, compute]) => [
  celFunc(name, [DOUBLE, INT], DOUBLE, (left, right) => compute(left, Number(right))),
  celFunc(name, [INT, DOUBLE], DOUBLE, (left, right) => compute(Number(left), right)),
]);

const remainder = celFunc('_%_', [DOUBLE, DOUBLE], DOUBLE, (left, right) => left % right);

const append = celFunc('_+_', [LIST, LIST], LIST, concatLists);

const tick = celFunc(TICK, [BOOL, INT], BOOL, (condition, cost) => {
  spend(Number(cost));
  return condition;
});

export const environment: CelEnv = celEnv({
  funcs: [...[...standard, ...mixed, remainder].map(metered), append, tick],
});

export function isFunction(name: string): boolean {
  return name !== TICK && environment.funcs.find(name) !== undefined;
}

/** Names a person may write, for suggestions. */
export const FUNCTION_NAMES: readonly string[] = [...new Set(standard.map((func) => func.name))].filter((name) =>
  /^[a-z]/i.test(name),
);

// The same function under the same signature, which pays before it works.
function metered(func: CelFunc): CelFunc {
  const call = (target: CelValue | undefined, args: CelValue[]): CelValue => {
    pay(func.name, target === undefined ? args : [target, ...args]);
    return orThrow(func.call(0, target, args));
  };
  if (func.target === undefined)
    return celFunc(func.name, func.arguments, DYN, (...args: CelValue[]) => call(undefined, args));
  return celMethod(func.name, func.target, func.arguments, DYN, function (...args: CelValue[]) {
    return call(this, args);
  });
}

function orThrow(result: CelResult | undefined): CelValue {
  if (isCelError(result)) throw result;
  if (result === undefined) throw new Error('no such operation on these types');
  return result;
}

function pay(name: string, values: readonly CelValue[]): void {
  spend(SLOW.test(name) ? 50 : 1);
  if (COMPARED_DEEPLY.has(name)) for (const value of values) spendDeep(value);
  else if (name === 'matches') spend(matchCost(values));
  else spend(values.reduce<number>((sum, value) => sum + shallowCost(value) * factorOf(name, value), 0));
}

// RE2 compiles the pattern each time, then takes time in proportion to text times pattern, its repetitions written out.
function matchCost([text, pattern]: readonly CelValue[]): number {
  if (typeof text !== 'string' || typeof pattern !== 'string') return 0;
  return patternSize(pattern) * (4 + text.length / 8);
}

// Reading digits is quadratic, counting characters makes a list of them; lists are handed on as they are.
function factorOf(name: string, value: CelValue): number {
  if (isCelList(value) || typeof value !== 'string') return 1;
  if (name === 'int' || name === 'uint') return 1 + value.length / 16;
  return name === 'size' ? 16 : 1;
}
