import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readBrief } from '../../sandbox/vendors/slm/brief.ts';
import { schemaFault } from '../../sandbox/vendors/slm/check-schema.ts';
import { fillSchema } from '../../sandbox/vendors/slm/fill-schema.ts';
import { isJsonObject, type JsonObject } from '../../src/kernel/index.ts';

const listOf = (items: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
  fc.record({ type: fc.constant('array'), items, minItems: fc.nat(3), maxItems: fc.integer({ min: 3, max: 5 }) });

const oneOf = (option: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
  fc.record({ anyOf: fc.array(option, { minLength: 1, maxLength: 3 }) });

const recordOf = (member: fc.Arbitrary<JsonObject>): fc.Arbitrary<JsonObject> =>
  fc.dictionary(fc.constantFrom('headline', 'emailBody', 'score', 'x'), member).map((properties) => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  }));

describe('fillSchema', () => {
  const ajv = new Ajv2020({ strict: false });
  addFormats.default(ajv);

  const text = fc.record({
    type: fc.constant('string'),
    minLength: fc.nat(30),
    maxLength: fc.integer({ min: 30, max: 60 }),
  });
  const formatted = fc.record({
    type: fc.constant('string'),
    format: fc.constantFrom('date-time', 'date', 'time', 'email', 'uri', 'uuid'),
  });
  const whole = fc.record({
    type: fc.constant('integer'),
    minimum: fc.integer({ min: -50, max: 0 }),
    exclusiveMaximum: fc.integer({ min: 2, max: 9 }),
  });
  const multiple = fc.record({
    type: fc.constant('integer'),
    multipleOf: fc.integer({ min: 1, max: 7 }),
    exclusiveMinimum: fc.integer(),
  });
  const fraction = fc.record({
    type: fc.constant('number'),
    exclusiveMinimum: fc.constant(0),
    maximum: fc.integer({ min: 1, max: 9 }),
  });
  const chosen = fc.record({ enum: fc.uniqueArray(fc.oneof(fc.string(), fc.integer()), { minLength: 1 }) });
  const fixed = fc.record({ const: fc.oneof(fc.string(), fc.constant(null), fc.integer()) });
  const plain = fc.constantFrom<JsonObject[]>(
    { type: 'boolean' },
    { type: 'null' },
    { type: ['null', 'integer'] },
    { type: ['string', 'null'] },
    {},
  );
  const leaves: fc.Arbitrary<JsonObject>[] = [text, formatted, whole, multiple, fraction, chosen, fixed, plain];
  const { schema: schemas } = fc.letrec<{ schema: JsonObject }>((tie) => ({
    schema: fc.oneof(
      { depthSize: 'small' },
      ...leaves,
      listOf(tie('schema')),
      oneOf(tie('schema')),
      recordOf(tie('schema')),
    ),
  }));

  it('builds a value that fits, for any schema that is accepted', () => {
    fc.assert(
      fc.property(schemas, fc.string(), (schema, prompt) => {
        expect(schemaFault(schema, true)).toBeUndefined();

        const value = fillSchema(schema, readBrief(prompt));

        expect(ajv.validate(schema, value), ajv.errorsText()).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it('ends a schema that contains itself', () => {
    const tree: JsonObject = {
      type: 'object',
      properties: { name: { type: 'string' }, child: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
      required: ['name', 'child'],
    };
    const list: JsonObject = {
      $ref: '#/$defs/node',
      $defs: { node: { type: 'object', properties: { items: { type: 'array', items: { $ref: '#/$defs/node' } } } } },
    };

    for (const schema of [tree, list])
      expect(ajv.validate(schema, fillSchema(schema, readBrief('x'))), ajv.errorsText()).toBe(true);
  });

  it('chooses the asked-for tone where it is among the values', () => {
    const schema = { type: 'object', properties: { tone: { enum: ['professional', 'technical', 'casual'] } } };

    expect(fillSchema(schema, readBrief('Tone: technical'))).toEqual({ tone: 'technical' });
  });

  it('gives the items of a list different texts', () => {
    const value = fillSchema(
      { properties: { blog_outline: { type: 'array', items: { type: 'string' }, minItems: 12 } } },
      readBrief('x'),
    );

    const items =
      isJsonObject(value) && Array.isArray(value['blog_outline']) ? (value['blog_outline'] as string[]) : [];
    expect(new Set(items).size).toBe(12);
  });
});
