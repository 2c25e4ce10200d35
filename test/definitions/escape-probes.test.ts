// Attempts to get out: through expressions into JavaScript, through keys into prototypes. None may see anything but its data.
import { afterEach, describe, expect, it } from 'vitest';
import {
  compileDefinition,
  compileTemplate,
  renderTemplate,
  validateInput,
  validateValue,
} from '../../src/definitions/index.ts';
import type { Scope } from '../../src/definitions/index.ts';
import { FailureError } from '../../src/kernel/index.ts';
import type { Json } from '../../src/kernel/index.ts';
import { catalog } from './small-catalog.ts';

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

describe('keys', () => {
  const poisoned = [
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"a":[{"__proto__":{"polluted":true}}]}',
    '{"prototype":1}',
  ];
  const plan = { input: { type: 'object', properties: { a: { default: { polluted: 1 } } } } };

  it.each(poisoned)('are refused in an input: %s', (text) => {
    expect(validateInput(plan, JSON.parse(text) as Json).problems[0]?.message).toMatch(/^uses the reserved key/);
  });

  it.each(poisoned)('are refused in any validated value: %s', (text) => {
    expect(validateValue({}, JSON.parse(text) as Json)).toHaveLength(1);
  });

  it.each(poisoned)('are refused in a definition, as JSON and as YAML: %s', (text) => {
    const source = `{"workflow":{"name":"x"},"modules":[{"id":"a","activities":[{"name":"b","tool":"echo","action":"say","with":${text}}]}]}`;

    for (const format of ['json', 'yaml'] as const) {
      const result = compileDefinition(source, { catalog, format });
      expect(result.ok ? [] : result.problems.map(({ message }) => message)).toEqual([
        expect.stringMatching(/is a reserved key$/),
      ]);
    }
  });

  it.each(['constructor', 'prototype', '__proto__'])('cannot be ids: %s', (id) => {
    expect(compileDefinition(`workflow: { name: x }\nmodules: [{ id: ${id}, activities: [] }]`, { catalog }).ok).toBe(
      false,
    );
  });
});
