// Reading untrusted text: what is accepted, where things stand, and what bombs cost.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_NODES, MAX_SOURCE_BYTES, parseSource } from '../../src/definitions/source.ts';

const refusal = (text: string, format?: 'yaml' | 'json'): string | undefined =>
  parseSource(text, format).problems[0]?.message;

describe('parseSource', () => {
  it('reads what JSON.stringify writes as the same value, indented with spaces or tabs', () => {
    const key = fc
      .string()
      .filter((text) => !['__proto__', 'constructor', 'prototype', '<<'].includes(text) && !text.includes('\u0000'));
    const leaf = fc.oneof(
      fc.string().filter((text) => !text.includes('\u0000')),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true, noInteger: true }),
    );
    const json = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf,
        fc.array(tie('value'), { maxLength: 5 }),
        fc.dictionary(key, tie('value'), { maxKeys: 5, noNullPrototype: true }),
      ),
    })).value;

    fc.assert(
      fc.property(
        fc.dictionary(key, json, { maxKeys: 5, noNullPrototype: true }),
        fc.constantFrom(undefined, '  ', '\t'),
        (value, indent) => {
          const text = JSON.stringify(value, null, indent);

          expect(parseSource(text, 'json')).toMatchObject({ problems: [] });
          expect(parseSource(text, 'json').value).toEqual(JSON.parse(text));
        },
      ),
    );
  });

  it('knows the line and column of every key and value', () => {
    const { locate } = parseSource('a:\n  b: [1, {c: x}]\n  "d e": 2\n');

    expect(locate(['a', 'b'], 'key')).toEqual({ line: 2, column: 3 });
    expect(locate(['a', 'b'])).toEqual({ line: 2, column: 6 });
    expect(locate(['a', 'b', 1, 'c'])).toEqual({ line: 2, column: 14 });
    expect(locate(['a', 'd e'], 'key')).toEqual({ line: 3, column: 3 });
  });

  it('answers with the nearest enclosing place for what is not there', () => {
    const { locate } = parseSource('a:\n  b: 1\n');

    expect(locate(['a', 'missing'])).toEqual({ line: 2, column: 3 });
    expect(locate(['nothing'])).toEqual({ line: 1, column: 1 });
  });

  it.each([
    ['an alias', 'a: &x 1\nb: *x\n', 'anchors are not accepted: &x'],
    ['an alias of nothing', 'b: *x\n', 'aliases are not accepted; write the value out'],
    ['a merge key', '<<: {a: 1}\n', 'merge keys are not accepted; write the keys out'],
    ['a tag', 'a: !!js/function "x"\n', 'tags are not accepted: tag:yaml.org,2002:js/function'],
    ['a tag on a list', 'a: !thing [1]\n', 'tags are not accepted: !thing'],
    ['two documents', 'a: 1\n---\nb: 2\n', 'Source contains multiple documents; please use YAML.parseAllDocuments()'],
    ['a key twice', 'a: 1\nb: 2\na: 3\n', 'the key "a" appears twice'],
    ['a list as key', '? [a]\n: 1\n', 'With stringKeys, all keys must be strings'],
    ['__proto__', '{"__proto__": {"x": 1}}', '"__proto__" is a reserved key'],
    ['constructor', 'a: [{constructor: 1}]\n', '"constructor" is a reserved key'],
    ['prototype', 'prototype: 1\n', '"prototype" is a reserved key'],
    [
      'an integer that loses digits',
      'a: 9007199254740993\n',
      'is an integer beyond 2^53, which would lose digits; quote it',
    ],
    ['infinity', 'a: .inf\n', 'is not a JSON value'],
    ['NUL', 'a: "\u0000"\n', 'the document contains a NUL character'],
    [
      'an unclosed bracket',
      'a: [1, 2\n',
      'Flow sequence in block collection must be sufficiently indented and end with a ]',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(refusal(text)).toBe(message);
  });

  it('says where the second of two equal keys stands', () => {
    expect(parseSource('a: 1\nb:\n  c: 1\n  c: 2\n').problems).toMatchObject([
      { position: { line: 4, column: 3 }, message: 'the key "c" appears twice' },
    ]);
  });

  it('refuses as JSON what only YAML is', () => {
    expect(refusal('{"a": 1,}', 'json')).toMatch(/^is not JSON: /);
    expect(refusal('a: 1', 'json')).toMatch(/^is not JSON: /);
    expect(refusal('{"a": 1,}')).toBeUndefined();
  });

  it('counts every value and key', () => {
    const list = (items: number): string => `[${'1,'.repeat(items)}]`;

    expect(refusal(list(MAX_NODES - 1))).toBeUndefined();
    expect(refusal(list(MAX_NODES))).toBe(`has more than ${MAX_NODES} values and keys`);
  });

  it('refuses more bytes than allowed, however few characters they are', () => {
    expect(refusal('#'.repeat(MAX_SOURCE_BYTES))).toBeUndefined();
    expect(refusal(`#${'ä'.repeat(MAX_SOURCE_BYTES / 2)}`)).toBe(
      `the document has ${MAX_SOURCE_BYTES + 1} bytes; at most ${MAX_SOURCE_BYTES} are accepted`,
    );
  });

  it('never throws, whatever the text', () => {
    const pieces = fc.constantFrom(
      'a',
      ': ',
      '- ',
      '? ',
      '{',
      '}',
      '[',
      ']',
      ',',
      '\n',
      '  ',
      '"',
      "'",
      '|\n',
      '>\n',
      '&a ',
      '*a',
      '!t ',
      '#',
      '%',
      '---\n',
      '...\n',
      '\t',
      '<<',
      '\r',
      '\uFEFF',
      '@',
      '`',
      '0x1',
    );

    fc.assert(
      fc.property(fc.array(pieces, { maxLength: 200 }), (parts) => {
        const parsed = parseSource(parts.join(''));

        expect(parsed.value !== undefined || parsed.problems.length > 0).toBe(true);
      }),
    );
  });
});
