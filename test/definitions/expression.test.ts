// CEL on JSON: types, lists, budgets, and what expressions cannot reach.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate, evaluateCondition, evaluateList } from '../../src/definitions/index.ts';
import type { Scope } from '../../src/definitions/index.ts';
import { FailureError } from '../../src/kernel/index.ts';
import type { Json } from '../../src/kernel/index.ts';

const scope = (input: Json, rest: Partial<Scope> = {}): Scope => ({
  input,
  outputs: {},
  status: {},
  run: { id: 'run_1', name: 'flow', version: '1.0.0', tenant: 'acme', startedAt: '2026-01-02T03:04:05Z', changes: [] },
  ...rest,
});

const valueOf = (cel: string, input: Json = {}): Json => evaluate({ cel }, scope(input));

/** The failure's message without the expression in front. */
function failureOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    expect(error.failure).toMatchObject({ code: 'EXPRESSION', kind: 'ours', retryable: false, unknown: false });
    return error.failure.message.replace(/^.*?: /s, '');
  }
  throw new Error('nothing failed');
}

describe('evaluate', () => {
  it.each<[string, Json]>([
    ['1 + 2', 3],
    ['input.n + 1', 4],
    ['1 - input.n', -2],
    ['input.n * 2', 6],
    ['input.n / 2', 1.5],
    ['7 / 2', 3],
    ['input.n % 2', 1],
    ['10 % input.n == 1.0', true],
    ['input.n == 3', true],
    ['input.n in [1, 2, 3]', true],
    ['input.list[input.n - 3]', 'a'],
    ['size(input.list)', 2],
    ["input.name + '!'", 'Ada!'],
    ["input.name.matches('^A.a$')", true],
    ["'x' in input", false],
    ['has(input.name) && !has(input.nobody)', true],
    ['input.nothing', null],
    ['input.list.map(x, x + x)', ['aa', 'bb']],
    ["input.list.filter(x, x != 'a')", ['b']],
    ["input.list.exists(x, x == 'b') && input.list.all(x, size(x) == 1)", true],
    ["{'a': [1u, 2.5], 'b': {1: true}}", { a: [1, 2.5], b: { 1: true } }],
    ["input.n > 2 ? 'many' : 'few'", 'many'],
    ['timestamp(run.startedAt) + duration("1h")', '2026-01-02T04:04:05Z'],
    ['duration("90m")', '5400s'],
    ['string(input.n)', '3'],
    ['run.tenant', 'acme'],
  ])('gives plain JSON: %s', (cel, expected) => {
    expect(valueOf(cel, { n: 3, name: 'Ada', list: ['a', 'b'], nothing: null })).toEqual(expected);
  });

  it('mixes integers and doubles as one would on paper', () => {
    const small = fc.integer({ min: -1_000_000, max: 1_000_000 });

    fc.assert(
      fc.property(small, small, (n, m) => {
        expect(valueOf(`input.n + (${m})`, { n })).toBe(n + m);
        expect(valueOf(`(${m}) - input.n`, { n })).toBe(m - n);
        expect(valueOf(`input.n * (${m})`, { n })).toBe(n * m + 0);
      }),
    );
  });

  it('hands any JSON through unchanged', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const input = JSON.parse(JSON.stringify(value)) as Json;

        expect(valueOf('input', input)).toEqual(input);
        expect(valueOf('[input][0]', input)).toEqual(input);
      }),
    );
  });

  it('keeps every item of long lists that are made anew', () => {
    const list = Array.from({ length: 16_384 }, (_, n) => ({ n }));

    expect(valueOf('input.map(x, x.n)', list)).toEqual(list.map(({ n }) => n));
    expect(valueOf('(input + input).filter(x, x.n >= 16383.0)', list)).toEqual([{ n: 16_383 }, { n: 16_383 }]);
  });

  it('adds lists in order, without changing them', () => {
    const list = fc.array(fc.integer(), { maxLength: 40 });

    fc.assert(
      fc.property(list, list, list, (a, b, c) => {
        const input = { a, b, c };

        expect(valueOf('input.a + input.b + input.c', input)).toEqual([...a, ...b, ...c]);
        expect(valueOf('[input.a + input.b].map(ab, [ab + input.c, ab + input.a, ab])[0]', input)).toEqual([
          [...a, ...b, ...c],
          [...a, ...b, ...a],
          [...a, ...b],
        ]);
      }),
    );
  });

  it.each([
    ['what is not there', 'input.nobody', 'field not found: nobody'],
    ['an unknown name', 'nobody', 'unresolved attribute'],
    ['a missing operator', "'a' + 1", "found no matching overload for '_+_' applied to '(string, int)'"],
    [
      'an integer that loses digits',
      '9007199254740993',
      'the integer 9007199254740993 is beyond 2^53 and would lose digits; use string(…)',
    ],
    ['infinity', '1.0 / 0.0', 'the result is Infinity, which JSON cannot hold'],
    ['division by zero', '1 / 0', 'int divide by zero'],
    ['bytes', "b'abc'", 'the result is bytes; JSON has none'],
    ['a type', 'int', 'the result is a type, not a value'],
    ['a position beyond the list', '[1][3]', 'index 3 out of bounds [0, -1)'],
    ['a protobuf message', 'google.protobuf.Struct{}', 'protobuf messages cannot be made here'],
  ])('fails on %s', (_, cel, message) => {
    expect(failureOf(() => valueOf(cel))).toBe(message);
  });
});

describe('the scope', () => {
  const view = scope(
    {},
    {
      outputs: { 'research.notes': { v: 1 }, 'research.twin': 2, 'design.twin': 3, review: { decision: 'approve' } },
      status: { 'research.notes': 'completed', 'research.skipped': 'skipped', review: 'completed' },
      item: { id: 7 },
      index: 2,
      result: { id: 'r' },
    },
  );

  it.each<[string, Json]>([
    ['outputs.research.notes.v', 1],
    ['outputs.notes.v', 1],
    ['outputs.research.skipped', null],
    ['outputs.review.decision', 'approve'],
    ['status.research.skipped', 'skipped'],
    ['status.review', 'completed'],
    ['item.id + index', 9],
    ['result.id', 'r'],
    ['has(outputs.twin)', false],
  ])('reads %s', (cel, expected) => {
    expect(evaluate({ cel }, view)).toEqual(expected);
  });

  it('fails on a node that is no ancestor', () => {
    expect(failureOf(() => evaluate({ cel: "outputs['later']" }, view))).toBe('field not found: later');
  });
});

describe('evaluateCondition', () => {
  it('is true or false, and fails on anything else', () => {
    expect(evaluateCondition({ cel: 'input.a > 1' }, scope({ a: 2 }))).toBe(true);
    expect(failureOf(() => evaluateCondition({ cel: 'input.a' }, scope({ a: 'yes' })))).toBe(
      'a condition must be true or false, not the string "yes"',
    );
    expect(failureOf(() => evaluateCondition({ cel: 'input.a' }, scope({ a: null })))).toBe(
      'a condition must be true or false, not null',
    );
  });
});

describe('evaluateList', () => {
  it('gives the items in order', () => {
    expect(evaluateList({ cel: 'input' }, scope([3, 1, 2]))).toEqual([3, 1, 2]);
  });

  it('fails on what is no list', () => {
    expect(failureOf(() => evaluateList({ cel: 'input' }, scope({ a: 1 })))).toBe('for_each needs a list, not a map');
  });

  it('takes 16,384 items and not one more', () => {
    const items = Array.from({ length: 16_385 }, (_, n) => n);

    expect(evaluateList({ cel: 'input' }, scope(items.slice(1)))).toHaveLength(16_384);
    expect(failureOf(() => evaluateList({ cel: 'input' }, scope(items)))).toBe(
      'for_each takes at most 16384 items, not 16385',
    );
  });
});

describe('budgets', () => {
  const input = { many: Array.from({ length: 16_384 }, (_, n) => n), text: 'x'.repeat(250_000), run: 'a'.repeat(30) };

  it.each([
    'input.many.map(x, input.many.map(y, y))',
    'input.many.exists(x, input.many.exists(y, input.many.exists(z, x + y + z < 0.0)))',
    "input.many.exists(x, input.text.matches('(x+x+)+y'))",
    "input.many.exists(x, input.text.contains('y'))",
    'input.many.exists(x, input.many == input.many.map(y, y + 1.0))',
    'input.many.all(x, x in input.many)',
    'input.many.map(x, input.text + input.text)',
    `input.text${' + input.text'.repeat(300)}`,
    'int(input.text)',
    'input.many.map(x, size(input.text))',
    "input.many.all(x, timestamp(run.startedAt).getFullYear('Europe/Paris') > 1)",
    'input.many.map(a, input.many.map(b, [a] + [b])).map(c, c)',
  ])('stop %s', (cel) => {
    const startedAt = performance.now();

    expect(failureOf(() => valueOf(cel, input))).toMatch(/the expression does too much work on this data$/);
    expect(performance.now() - startedAt).toBeLessThan(5_000);
  });

  it('end the same way each time', () => {
    const cel = 'input.many.exists(x, input.many.exists(y, y == x - 20000.0))';

    expect([1, 2, 3].map(() => failureOf(() => valueOf(cel, input)))).toEqual(
      Array(3).fill('the expression does too much work on this data'),
    );
    expect(valueOf('input.many.size()', input)).toBe(16_384);
  });

  it('match regular expressions in linear time', () => {
    expect(valueOf("input.run.matches('^(a+)+b$')", input)).toBe(false);
  });

  it.each([
    ['brackets', '['.repeat(129), 'has more than 128 brackets'],
    ['characters', `'${'a'.repeat(4_096)}'`, 'is longer than 4096 characters'],
  ])('refuse too many %s before parsing', (_, cel, message) => {
    expect(failureOf(() => valueOf(cel))).toBe(message);
  });

  it('parse any text within the limits quickly', () => {
    const pieces = fc.constantFrom(
      '(',
      '[',
      '{',
      ')',
      ']',
      '}',
      'a',
      '1',
      '.',
      ',',
      ':',
      '?',
      '!',
      '-',
      '"',
      "'",
      'in',
      ' ',
      '&&',
      '||',
      '+',
      'has(',
      'r"',
      '==',
      '.map(',
      'b"',
    );

    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 1_500 }), (parts) => {
        const startedAt = performance.now();
        failureOrValue(() => valueOf(parts.join('')));

        expect(performance.now() - startedAt).toBeLessThan(1_000);
      }),
      { numRuns: 50 },
    );
  });
});

function failureOrValue(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    expect(error).toBeInstanceOf(FailureError);
    return undefined;
  }
}
