// Values against schemas: what is said, what is filled in, what it costs.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { validateInput, validateValue, validateWithDefaults } from '../../src/definitions/index.ts';
import { FORMATS, schemaFaults } from '../../src/definitions/schema-keywords.ts';
import type { Json, JsonObject } from '../../src/kernel/index.ts';

describe('validateInput', () => {
  const plan = {
    input: {
      type: 'object',
      required: ['name'],
      properties: {
        name: { type: 'string', minLength: 1 },
        channels: { type: 'array', items: { enum: ['email', 'blog'] }, uniqueItems: true },
        size: { type: 'object', default: {}, properties: { width: { type: 'integer', default: 80 } } },
        when: { type: 'string', format: 'date-time' },
      },
      additionalProperties: false,
    },
  };

  it('fills defaults into a copy', () => {
    const input = { name: 'x' };

    expect(validateInput(plan, input)).toEqual({ value: { name: 'x', size: { width: 80 } }, problems: [] });
    expect(input).toEqual({ name: 'x' });
  });

  it('says everything that is wrong, each at its pointer', () => {
    const input = {
      nmae: 'x',
      channels: ['email', 'blgo', 'email'],
      size: { width: 1.5 },
      when: '2026-02-30T00:00:00Z',
    };

    expect(validateInput(plan, input).problems).toEqual([
      { path: '', message: '"name" is missing' },
      { path: '/nmae', message: 'unknown key "nmae"; did you mean "name"?' },
      { path: '/channels/1', message: 'must be one of ["email","blog"]; did you mean "blog"?' },
      { path: '/channels', message: 'must not have the same item twice' },
      { path: '/size/width', message: 'must be integer' },
      { path: '/when', message: 'must match format "date-time"' },
    ]);
  });

  it.each<[string, Json]>([
    ['a list', []],
    ['null', null],
    ['text', 'x'],
  ])('refuses %s', (_, input) => {
    expect(validateInput({ input: {} }, input).problems).toEqual([
      { path: '', message: 'the input must be an object' },
    ]);
  });

  it('takes anything where the document has no schema, but never NUL or bottomless nesting', () => {
    expect(validateInput({ input: {} }, { any: [1, { thing: null }] }).problems).toEqual([]);
    expect(validateInput({ input: {} }, { a: 'x\u0000' }).problems).toEqual([
      { path: '/a', message: 'contains a NUL character' },
    ]);
    expect(
      validateInput({ input: {} }, JSON.parse(`${'{"a":'.repeat(70)}1${'}'.repeat(70)}`) as Json).problems,
    ).toHaveLength(1);
  });
});

describe('validateValue', () => {
  it('treats required keys as own keys', () => {
    expect(validateValue({ required: ['toString'] }, {})).toEqual([{ path: '', message: '"toString" is missing' }]);
  });

  it('accepts every JSON value without a schema, and leaves it as it is', () => {
    const clean = fc
      .jsonValue()
      .filter((value) => !/__proto__|constructor|prototype|\\u0000/.test(JSON.stringify(value)));

    fc.assert(
      fc.property(clean, (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;

        expect(validateWithDefaults({}, json)).toEqual({ value: json, problems: [] });
      }),
    );
  });

  it('finds items that appear twice, whatever their keys are ordered like', () => {
    expect(
      validateValue({ uniqueItems: true }, [
        { a: 1, b: 2 },
        { b: 2, a: 1 },
      ]),
    ).toHaveLength(1);
    expect(validateValue({ uniqueItems: true }, [1, '1', [1], { 1: 1 }])).toEqual([]);
  });

  it('matches patterns on RE2', () => {
    expect(validateValue({ pattern: '^[a-z]+$' }, 'abc')).toEqual([]);
    expect(validateValue({ pattern: '^[a-z]+$' }, 'ABC')).toEqual([
      { path: '', message: 'must match "^[a-z]+$", in at most 10000 characters' },
    ]);
  });

  it('gives at most a hundred problems', () => {
    expect(validateValue({ items: { type: 'string' } }, Array(5_000).fill(1) as Json)).toHaveLength(100);
  });
});

describe('the cost of a value', () => {
  const cases: readonly [string, JsonObject, Json][] = [
    ['a pattern that ruins backtracking engines', { pattern: '^(a+)+$' }, `${'a'.repeat(30)}!`],
    ['the same on 10,000 characters', { pattern: '^(a|aa)+$' }, `${'a'.repeat(9_999)}!`],
    ['a pattern on a text that is too long for it', { pattern: '(x+x+)+y' }, 'x'.repeat(250_000)],
    [
      '20,000 different maps that must be unique',
      { uniqueItems: true },
      Array.from({ length: 20_000 }, (_, n) => ({ n })),
    ],
    ...FORMATS.flatMap((format) =>
      [
        'a'.repeat(200_000),
        'a.'.repeat(100_000),
        '1:'.repeat(100_000),
        `http://${'a/'.repeat(100_000)} `,
        `a@${'a.'.repeat(100_000)}`,
        `${'%41'.repeat(70_000)}^`,
        `P${'1D'.repeat(100_000)}`,
      ].map((text): [string, JsonObject, Json] => [`format ${format} on ${text.slice(0, 9)}…`, { format }, text]),
    ),
  ];

  it.each(cases)('is small for %s', (_, schema, value) => {
    validateValue(schema, 'warm');
    const startedAt = performance.now();
    validateValue(schema, value);

    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe('schemaFaults', () => {
  it('accepts every keyword of the list, nested anywhere', () => {
    const schema: JsonObject = {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      required: ['a'],
      properties: { a: { $ref: '#/$defs/a' }, b: { anyOf: [{ const: 1 }, { type: 'null' }] }, c: true },
      additionalProperties: { not: { enum: [1] } },
      $defs: {
        a: { type: 'array', prefixItems: [{ minimum: 0 }], items: { pattern: '^x' }, contains: { format: 'email' } },
      },
      if: { minProperties: 1 },
      // oxlint-disable-next-line unicorn/no-thenable
      then: { propertyNames: { maxLength: 5 } },
      else: { allOf: [{ dependentRequired: { a: ['b'] } }], oneOf: [true] },
    };

    expect(schemaFaults(schema)).toEqual([]);
  });

  it.each<[string, JsonObject, Json]>([
    ['a keyword that reaches outside', { $id: 'http://x.example' }, ['$id']],
    ['dynamic references', { items: { $dynamicRef: '#x' } }, ['items', '$dynamicRef']],
    ['patternProperties', { properties: { a: { patternProperties: {} } } }, ['properties', 'a', 'patternProperties']],
    ['a list where a schema belongs', { items: [] }, ['items']],
    ['a schema where a list belongs', { allOf: {} }, ['allOf']],
    ['a number where a map belongs', { properties: 1 }, ['properties']],
    ['a number where a schema belongs', { properties: { a: 1 } }, ['properties', 'a']],
    ['a pattern that is none', { anyOf: [{ pattern: '(' }] }, ['anyOf', 0, 'pattern']],
    ['a long pattern', { pattern: 'a'.repeat(257) }, ['pattern']],
  ])('points at %s', (_, schema, path) => {
    expect(schemaFaults(schema).map((fault) => fault.path)).toEqual([path]);
  });
});
