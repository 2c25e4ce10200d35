// The JSON Schema that editors complete from agrees with what the compiler takes.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { definitionJsonSchema } from '../../src/definitions/index.ts';
import type { Json } from '../../src/kernel/index.ts';
import { isJsonObject } from '../../src/kernel/index.ts';

const schema = definitionJsonSchema();
const accepts = new Ajv2020({ strict: false }).compile(schema);

const fixture = (name: string): unknown =>
  parse(readFileSync(new URL(`fixtures/${name}`, import.meta.url), 'utf8')) as unknown;

/** Every key that an author may write, with its schema. */
function keysOf(value: Json): readonly (readonly [string, Json])[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = isJsonObject(value) && isJsonObject(value.properties) ? Object.entries(value.properties) : [];
  return [...own, ...Object.values(value).flatMap((member: Json) => keysOf(member))];
}

describe('definitionJsonSchema', () => {
  it.each(['original.yaml', 'full-form.yaml'])('accepts %s', (name) => {
    expect(accepts(fixture(name))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['an unknown key', { workflow: { name: 'x', versoin: '1.0.0' }, modules: [{ id: 'a', activities: [] }] }],
    [
      'a key of another place',
      { workflow: { name: 'x', priority: 'low' }, breaker: {}, modules: [{ id: 'a', activities: [] }] },
    ],
    [
      'a word that is none of the allowed',
      { workflow: { name: 'x', priority: 'urgent' }, modules: [{ id: 'a', activities: [] }] },
    ],
    ['a module without activities', { workflow: { name: 'x' }, modules: [{ id: 'a' }] }],
  ])('refuses %s', (_, document) => {
    expect(accepts(document)).toBe(false);
  });

  it('describes every key', () => {
    const keys = keysOf(schema);

    expect(keys.length).toBeGreaterThan(50);
    expect(
      keys.filter(([, value]) => !isJsonObject(value) || typeof value.description !== 'string').map(([key]) => key),
    ).toEqual([]);
  });

  it('is JSON Schema 2020-12', () => {
    expect(schema.$schema).toBe('https://json-schema.org/draft/2020-12/schema');
  });
});
