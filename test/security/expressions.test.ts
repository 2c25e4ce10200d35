// Attempts to get out through expressions into JavaScript. None may see anything but its data, and none may take long.
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { compileTemplate, renderTemplate } from '../../src/definitions/index.ts';
import type { Scope } from '../../src/definitions/index.ts';
import { FailureError } from '../../src/kernel/index.ts';
import type { Json } from '../../src/kernel/index.ts';
import { TRIES_ALL } from '../support/whole.ts';

const canary = 'canary-7f3a';
process.env.BREAKWATER_TEST_CANARY = canary;

const scope: Scope = {
  input: JSON.parse(
    '{"s":"text","n":1,"l":[1],"o":{"a":1},"$typeName":"google.protobuf.Value","kind":{"case":"stringValue","value":"x"}}',
  ) as Json,
  outputs: { 'a.b': { v: 1 } },
  status: { 'a.b': 'completed' },
  run: { id: 'r', name: 'n', version: '1.0.0', tenant: 't', startedAt: '2026-01-01T00:00:00Z', changes: [] },
};

const LADDERS = [
  'constructor',
  '__proto__',
  'prototype',
  'constructor.constructor',
  '__proto__.constructor',
  'toString',
  'valueOf',
  'hasOwnProperty',
  '__defineGetter__',
  '__lookupGetter__',
  'isPrototypeOf',
  'then',
  'apply',
  'call',
  'bind',
];
const ROOTS = ['input', 'input.s', 'input.n', 'input.l', 'input.o', 'outputs', 'outputs.a.b', 'status', 'run'];
const GLOBALS = [
  'process',
  'globalThis',
  'global',
  'require',
  'module',
  'this',
  'self',
  'window',
  'Function',
  'eval',
  'Object',
  'Reflect',
  'console',
  'fetch',
  'Buffer',
  'constructor',
  '__proto__',
  'prototype',
  'toString',
  'hasOwnProperty',
  'env',
  'data',
  'ctx',
  'context',
  'liquid',
  'page',
  'site',
  'settings',
  '$json',
  '$env',
  '$',
];

/** What became of a text; it either fails as an expression does, or gives JSON that holds only its data. */
function outcome(text: string): Json {
  const { template, problems } = compileTemplate(text);
  if (problems.length > 0) return 'refused';
  try {
    return renderTemplate(template, scope);
  } catch (error) {
    expect(error).toBeInstanceOf(FailureError);
    return 'refused';
  }
}

afterEach(() => {
  expect(Object.keys(Object.prototype)).toEqual([]);
  expect(Reflect.ownKeys(Object.prototype)).toHaveLength(12);
  expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
});

describe('CEL', () => {
  const dotted = ROOTS.flatMap((root) => LADDERS.map((ladder) => `${root}.${ladder}`));
  const indexed = ROOTS.flatMap((root) =>
    LADDERS.map(
      (ladder) =>
        root +
        ladder
          .split('.')
          .map((part) => `['${part}']`)
          .join(''),
    ),
  );

  it.each([...dotted, ...indexed, ...GLOBALS])('does not reach %s', (expression) => {
    expect(outcome(`\${{ ${expression} }}`)).toBe('refused');
  });

  it.each([
    'process.env.BREAKWATER_TEST_CANARY',
    "input.s.constructor.constructor('return process.env.BREAKWATER_TEST_CANARY')()",
    '(() => process.env)()',
    '(function(){ return this.process.env })()',
    '`${process.env.BREAKWATER_TEST_CANARY}`',
    "input['__proto__']['polluted'] = 1",
    "new Function('return 1')()",
    "import('node:fs')",
    "input.s.replace('t', input.o.constructor)",
    'type(input).constructor',
    'dyn(input).__proto__',
    "{'a': 1}.constructor",
    '[1].constructor',
    "'a'.constructor",
    'input.map(k, k.constructor)',
    "{'__proto__': {'polluted': true}}.polluted",
    'google.protobuf.Any{}',
    'google.protobuf.Struct{fields: {}}',
    '.process',
    '.constructor',
    'input.?constructor',
    'input[?"constructor"]',
  ])('does not run %s', (expression) => {
    expect(outcome(`\${{ ${expression} }}`)).toBe('refused');
  });

  it('takes a value that looks like a protobuf message for the data it is', () => {
    expect(outcome("${{ input['$typeName'] }}")).toBe('google.protobuf.Value');
    expect(outcome('${{ input.kind.value }}')).toBe('x');
  });

  it('makes a map with a key __proto__ without touching any prototype', () => {
    expect(JSON.stringify(outcome("${{ {'__proto__': {'polluted': true}} }}"))).toBe('{"__proto__":{"polluted":true}}');
  });
});

describe('Liquid', () => {
  const paths = ROOTS.flatMap((root) =>
    LADDERS.flatMap((ladder) => [`${root}.${ladder}`, `${root}['${ladder.replace('.', "']['")}']`]),
  );

  it.each([...paths, ...GLOBALS])('does not reach %s', (path) => {
    expect(['refused', '']).toContain(outcome(`{{ ${path} }}`));
  });

  it.each([
    '{{ input.l | map: "constructor" | join }}',
    '{{ input.l | where: "constructor" | size }}',
    '{{ input.o | map: "__proto__" | json }}',
    '{% assign __proto__ = input.o %}{{ polluted }}',
    '{% assign constructor = 1 %}{{ input.o.polluted }}',
    '{% capture __proto__ %}x{% endcapture %}{{ polluted }}',
    '{% increment __proto__ %}{{ polluted }}',
    '{{ input.l | group_by_exp: "x", "x.constructor.constructor" | map: "name" | join }}',
    '{{ input.l | find_exp: "x", "x.__proto__" | json }}',
    '{{ input.s | sort: "constructor" | join }}',
    '{% for x in input.s.constructor %}{{ x }}{% endfor %}',
    '{% tablerow x in globalThis %}{{ x }}{% endtablerow %}',
    '{{ process.env.BREAKWATER_TEST_CANARY }}',
    '{% include "/proc/self/environ" %}',
    '{% render "/proc/self/environ" %}',
    '{% layout "/proc/self/environ" %}',
  ])('gives nothing away through %s', (text) => {
    const result = JSON.stringify(outcome(text));

    expect(result).not.toContain(canary);
    expect(result).not.toMatch(/native code|function|\[object/);
  });
});

/** As they were used against other engines of workflows: CVE-2025-68613, -68668, CVE-2026-0863, -1470, -25049, -27577, -49444. */
const KNOWN_ATTACKS = [
  "this.process.mainModule.require('child_process').execSync('id').toString()",
  "(function(){ return this.process.mainModule.require('child_process').execSync('id') })()",
  "(() => { with (input.o) { return constructor.constructor('return process')() } })()",
  "[].constructor.constructor('return process.env')()",
  "''['con' + 'structor']['con' + 'structor']('return process')()",
  String.raw`input['\u0063onstructor']`,
  String.raw`input['\x63onstructor']['\143onstructor']`,
  "input['__pro' + 'to__'].polluted",
  'input?.constructor?.constructor',
  'input.s.constructor`return process`()',
  'Object.getPrototypeOf(input).constructor',
  "Object.defineProperty(input, 'x', {})",
  "Reflect.get(input, 'constructor')",
  "Reflect.construct(Function, ['return process'])()",
  'new Proxy(input, {})',
  'Error.prepareStackTrace = (e, t) => t[0].getThis()',
  'new Error().stack',
  'async () => { await import("node:fs") }',
  'arguments.callee.caller',
  "globalThis['process']['env']",
  "$json.constructor.constructor('return process')()",
  "$('Webhook').item.json.constructor",
  '$input.all().constructor',
  "$evaluateExpression('{{ process.env }}')",
  '__import__("os").system("id")',
  '().__class__.__base__.__subclasses__()',
  'input.s.format_map(input)',
  'lambda: 1',
  '${7*7}',
  '#{7*7}',
  '<%= process.env %>',
  '{{= process.env }}',
  '@{process.env}',
  'T(java.lang.Runtime).getRuntime().exec("id")',
  'input.l.map(x, x.constructor.constructor)',
  'input.l.filter(__proto__, true).constructor',
  "input.l.exists(x, input['constructor'] != null)",
  'has(input.__proto__) ? input.__proto__ : process',
  "input.o.with({'a': process.env})",
  'cel.bind(x, process, x.env)',
] as const;

describe('a known attack', () => {
  it.each(KNOWN_ATTACKS)('gets nothing out of %s', (attack) => {
    for (const text of [
      `\${{ ${attack} }}`,
      `{{ ${attack} }}`,
      `{% assign x = ${attack} %}{{ x }}`,
      `{% if ${attack} %}in{% endif %}`,
    ]) {
      const result = JSON.stringify(outcome(text));

      expect(result).not.toContain(canary);
      expect(result).not.toMatch(/native code|uid=|\[object|function/);
    }
  });
});

describe('an expression made up at random', () => {
  const names = [
    ...ROOTS,
    ...LADDERS,
    'x',
    'item',
    '1',
    '0',
    "'a'",
    "'constructor'",
    'null',
    '[1, 2]',
    "{'a': 1}",
    '1e308',
    '-1',
  ];
  const operators = [
    '.',
    '+',
    '-',
    '*',
    '/',
    '%',
    '==',
    '&&',
    '||',
    ' in ',
    '?',
    ':',
    '[',
    ']',
    '(',
    ')',
    ', ',
    '!',
    '{',
    '}',
    '`',
    '=>',
  ];
  const calls = [
    '.map(x, ',
    '.filter(x, ',
    '.exists(x, ',
    '.size()',
    'size(',
    ".matches('(a+)+$')",
    '.split("")',
    'string(',
    'type(',
    '.contains(',
  ];
  const tags = [
    '{{ ',
    ' }}',
    '{% for x in input.l %}',
    '{% endfor %}',
    '{% assign y = ',
    ' %}',
    ' | json',
    ' | map: ',
    ' | sort: ',
    ' | join',
  ];
  const made = (pieces: readonly string[]) =>
    fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 14 }).map((parts) => parts.join(''));
  const text = fc.oneof(
    made([...names, ...operators, ...calls]).map((expression) => `\${{ ${expression} }}`),
    made([...names, ...operators, ...tags]),
  );

  it('is refused or gives JSON of what it was given, at once', { timeout: TRIES_ALL ? 3_600_000 : 30_000 }, () => {
    fc.assert(
      fc.property(text, (expression) => {
        const { user, system } = process.cpuUsage();
        const result = JSON.stringify(outcome(expression));
        const after = process.cpuUsage({ user, system });

        expect(result).not.toContain(canary);
        expect(result).not.toMatch(/native code|\[object/);
        expect((after.user + after.system) / 1_000).toBeLessThan(1_000);
      }),
      { numRuns: TRIES_ALL ? 1_000_000 : 2_000 },
    );
  });
});

describe('an expression that does too much', () => {
  const numbers = (length: number): Json => Array.from({ length }, (_, index) => index);
  const many: Scope = { ...scope, input: { l: numbers(16_384), s: 'a'.repeat(200_000), deep: nested(60) } };

  function nested(levels: number): Json {
    return levels === 0 ? 1 : { a: nested(levels - 1), b: [nested(0)] };
  }

  it.each([
    '${{ input.l.map(a, input.l.map(b, a * b)) }}',
    '${{ input.l.filter(a, input.l.exists(b, b == a + 20000.0)) }}',
    '${{ input.l.all(a, input.l == input.l) }}',
    "${{ input.s.matches('(a|aa|aaa){1,300}b') }}",
    '${{ input.l.map(a, input.s + input.s) }}',
    "${{ input.l.map(a, input.s.contains('b')) }}",
    '{% for a in input.l %}{% for b in input.l %}{{ b }}{% endfor %}{% endfor %}',
    "{{ input.s | replace: 'a', input.s }}",
    '{% assign x = input.s %}{% for a in (1..100) %}{% assign x = x | append: x %}{% endfor %}{{ x | size }}',
    '{% for a in (1..1000000000) %}{{ a }}{% endfor %}',
  ])('ends soon: %s', (expression) => {
    const { template, problems } = compileTemplate(expression);
    expect(problems).toEqual([]);
    const before = process.cpuUsage();

    expect(() => renderTemplate(template, many)).toThrow(FailureError);

    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1_000).toBeLessThan(3_000);
  });
});
