// What a schema and a value may cost together: whoever writes one and sends the other keeps the main thread busy no longer than a moment.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluate } from '../../src/definitions/expression.ts';
import { validateValue, validateWithDefaults } from '../../src/definitions/index.ts';
import { patternFault } from '../../src/definitions/pattern.ts';
import { patternSize } from '../../src/definitions/pattern-size.ts';
import { brokenSchema } from '../../src/definitions/validate.ts';
import { schemaFaults } from '../../src/definitions/schema-keywords.ts';
import type { Json, JsonObject } from '../../src/kernel/index.ts';
import { TRIES_ALL } from '../support/whole.ts';

const TOO_MUCH = 'takes too much work to check against its schema';
/** Of the processor: what else the machine does at the same time does not count. */
const MAX_MS = 1_500;

function spentMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

const list = <T>(length: number, make: (index: number) => T): T[] => Array.from({ length }, (_, index) => make(index));
const keyed = <T>(length: number, make: (index: number) => T): Record<string, T> =>
  Object.fromEntries(list(length, (index) => [`k${index}`, make(index)]));

/** 256 KiB of it, at most. */
const bombs: Readonly<Record<string, readonly [JsonObject, Json]>> = {
  'as many alternatives as there may be': [
    { items: { anyOf: list(1_900, (index) => ({ const: index + 100 })) } },
    list(100_000, (index) => index % 10),
  ],
  'as many conditions as there may be': [
    { items: { allOf: list(1_900, () => ({ type: 'string' })) } },
    list(9_000, () => 1),
  ],
  'a long list of allowed values': [{ items: { enum: list(4_000, (index) => `v${index}`) } }, list(60_000, () => 'x')],
  'allowed values that are compared whole': [
    { items: { enum: list(400, (index) => ({ a: [1, 2, 3, { b: index }] })) } },
    list(10_000, () => ({ a: [1, 2, 3, { b: -1 }] })),
  ],
  'items that must all differ, asked a thousand times': [
    { allOf: list(900, () => ({ uniqueItems: true })) },
    list(100_000, (index) => index),
  ],
  'defaults that multiply': [
    { items: { properties: { a: { default: list(4_000, (index) => index) } } } },
    list(80_000, () => ({})),
  ],
  'members that are looked for everywhere': [
    { items: { properties: keyed(1_900, () => ({ type: 'string' })) } },
    list(80_000, () => ({})),
  ],
  'names that are missing everywhere': [
    { items: { required: list(4_000, (index) => `k${index}`) } },
    list(80_000, () => ({})),
  ],
  'names that others ask for': [
    { items: { dependentRequired: { k: list(200, (index) => `n${index}`) } } },
    list(40_000, () => ({ k: 1 })),
  ],
  'references that double': [
    {
      $defs: {
        ...keyed(7, (index) => ({ allOf: [{ $ref: `#/$defs/k${index + 1}` }, { $ref: `#/$defs/k${index + 1}` }] })),
        k7: { type: 'string' },
      },
      items: { $ref: '#/$defs/k0' },
    },
    list(100_000, () => 1),
  ],
  'a pattern with many states': [{ items: { pattern: String.raw`\w{1,1000}!` } }, list(25, () => 'a'.repeat(9_999))],
  'a pattern that ignores case': [{ items: { pattern: '(?i)(a|b|ab|ba){60}c' } }, list(25, () => 'a'.repeat(9_999))],
  'a pattern for every name': [{ propertyNames: { pattern: '^(a|b|c){1,90}$' } }, keyed(20_000, () => 1)],
};

/** Refused before a validator looks at the value, or checked at once. */
describe('a value', () => {
  const tried = Object.entries(bombs).filter((_, index) => TRIES_ALL || index % 3 === 0);

  it.each(tried)('with %s costs no more than a moment', (_, [schema, value]) => {
    expect(schemaFaults(schema)).toEqual([]);

    expect(spentMs(() => expect(brokenSchema(schema)).toBeUndefined())).toBeLessThan(MAX_MS);
    expect(spentMs(() => expect(validateValue(schema, value)).toEqual([{ path: '', message: TOO_MUCH }]))).toBeLessThan(
      MAX_MS,
    );
  });

  it.each([
    ['128,000 numbers', { items: { type: 'number' } }, list(128_000, (index) => index)],
    ['16,384 texts with a pattern', { items: { pattern: '^[a-z]{1,20}$' } }, list(16_384, () => 'tidewater')],
    [
      'a campaign a thousand times',
      { items: { type: 'object', required: ['name'], properties: keyed(10, () => ({ type: 'string' })) } },
      list(1_000, () => ({ name: 'x', k0: 'a', k9: 'b' })),
    ],
    ['100,000 different items', { uniqueItems: true }, list(100_000, (index) => index)],
  ] as const)('as large as a body may be is checked: %s', (_, schema, value) => {
    expect(validateValue(schema as JsonObject, value as Json)).toEqual([]);
  });

  it('comes back as it was when it was too much, without half of its defaults', () => {
    const [schema, value] = bombs['defaults that multiply']!;
    expect(validateWithDefaults(schema, value).value).toBe(value);
  });
});

describe('a schema that did not come through a definition', () => {
  it('may refer to itself for ever and is only too much', () => {
    expect(validateValue({ $ref: '#/$defs/a', $defs: { a: { allOf: [{ $ref: '#/$defs/a' }] } } }, 1)).toEqual([
      { path: '', message: TOO_MUCH },
    ]);
  });

  it('may have patterns as names, which RE2 reads too', () => {
    const startedAt = performance.now();
    expect(
      validateValue({ patternProperties: { '^(a+)+$': false } }, { [`${'a'.repeat(40)}!`]: 1, aaa: 1 }),
    ).toHaveLength(1);
    expect(performance.now() - startedAt).toBeLessThan(MAX_MS);
  });
});

describe('a pattern', () => {
  const backtracking = [
    '^(a+)+$',
    '(a|aa)+$',
    '(a|a?)+$',
    '^(([a-z])+.)+[A-Z]([a-z])+$',
    '(.*a){20}',
    '(x+x+)+y',
    '^(a|b|ab)*c$',
  ];

  it.each(backtracking)('that keeps a backtracking engine busy is matched in time: %s', (pattern) => {
    const spent = spentMs(() => {
      for (const text of ['a', 'x', 'ab', 'aA']) validateValue({ pattern }, `${text.repeat(9_000 / text.length)}!`);
    });
    expect(spent).toBeLessThan(MAX_MS);
  });

  it.each([
    '(?=a)',
    '(?!a)',
    '(?<=a)b',
    String.raw`(a)\1`,
    '(?>a)',
    'a++',
    '(',
    '[',
    'a{1001}',
    '((a{100}){100}){100}',
    'x'.repeat(257),
  ])('that RE2 does not take is refused: %s', (pattern) => {
    expect(patternFault(pattern)).toBeDefined();
    expect(schemaFaults({ pattern })).toHaveLength(1);
  });

  it('is as large as its repetitions written out', () => {
    expect(patternSize('abc')).toBe(4);
    expect(patternSize('a{3}b')).toBeGreaterThanOrEqual(patternSize('aaab') - 1);
    expect(patternSize(String.raw`[\p{L}\]]{1,390}b`)).toBeLessThan(400);
    for (const [short, long] of [
      ['(ab){9}', 'ababababababababab'],
      ['((a{3}){3}){3}', 'a'.repeat(27)],
      ['(a|b){5,7}', 'a|b'.repeat(7)],
    ])
      expect(patternSize(short ?? '')).toBeGreaterThanOrEqual(patternSize(long ?? '') - 1);
  });

  it('never has fewer pieces than characters that it must match', () => {
    const piece = fc.constantFrom('a', '.', '[ab]', String.raw`\d`, '(a|b)', '(?:ab)');
    const repetition = fc.oneof(
      fc.constant(''),
      fc.integer({ min: 1, max: 30 }).map((times) => `{${times}}`),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, repetition), { minLength: 1, maxLength: 6 }), (parts) => {
        const least = parts.reduce((sum, [, times]) => sum + (times === '' ? 1 : Number(times.slice(1, -1))), 0);
        expect(patternSize(parts.flat().join(''))).toBeGreaterThan(least);
      }),
    );
  });

  it('with many states is too much for an expression on a long text', () => {
    const scope = {
      input: { text: 'a'.repeat(300_000) },
      outputs: {},
      status: {},
      run: { id: 'r', name: 'n', version: '1.0.0', tenant: 't', startedAt: '2026-01-01T00:00:00Z', changes: [] },
    };
    const cel = String.raw`input.text.matches('\\w{1,1000}!')`;
    expect(spentMs(() => expect(() => evaluate({ cel }, scope)).toThrow('too much work'))).toBeLessThan(MAX_MS);
  });
});
