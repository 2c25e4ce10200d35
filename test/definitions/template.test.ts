// Values with holes: which text is which language, what it becomes, and what texts cannot reach.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileTemplate, referencesOf, renderTemplate, renderText } from '../../src/definitions/index.ts';
import type { Scope } from '../../src/definitions/index.ts';
import { holesOf } from '../../src/definitions/template.ts';
import { FailureError } from '../../src/kernel/index.ts';
import type { Json } from '../../src/kernel/index.ts';

const many = Array.from({ length: 16_384 }, (_, n) => ({ n }));

const scope: Scope = {
  input: { name: 'Ada', n: 3, list: ['a', 'b'], map: { k: 1 }, nothing: null, big: 'x'.repeat(250_000), many },
  outputs: { 'research.notes': { title: 'T' } },
  status: { 'research.notes': 'completed', 'research.skipped': 'skipped' },
  run: { id: 'run_1', name: 'flow', version: '1.0.0', tenant: 'acme', startedAt: '2026-01-02T03:04:05Z', changes: [] },
};

function render(value: Json): Json {
  const { template, problems } = compileTemplate(value);
  expect(problems).toEqual([]);
  return renderTemplate(template, scope);
}

function problemsOf(value: Json): readonly string[] {
  return compileTemplate(value).problems.map(({ path, message }) => `${path.join('.')}: ${message}`);
}

function failureOf(value: Json): string {
  try {
    render(value);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    expect(error.failure.code).toBe('EXPRESSION');
    return error.failure.message;
  }
  throw new Error('nothing failed');
}

describe('compileTemplate', () => {
  it('takes a whole ${{ }} for CEL, {{ }} and {% %} for Liquid, and all else for itself', () => {
    const { template } = compileTemplate({
      a: '${{ input.n }}',
      b: 'Hi {{ input.name }}',
      c: '{% if true %}x{% endif %}',
      d: '$5 {x} ${y}',
      e: [1, null, true],
    });

    expect(template).toEqual({
      a: { $cel: 'input.n' },
      b: { $liquid: 'Hi {{ input.name }}' },
      c: { $liquid: '{% if true %}x{% endif %}' },
      d: '$5 {x} ${y}',
      e: [1, null, true],
    });
    expect(holesOf(template).map(({ path, language }) => [path, language])).toEqual([
      [['a'], 'cel'],
      [['b'], 'liquid'],
      [['c'], 'liquid'],
    ]);
  });

  it('leaves every value without holes as it is', () => {
    const plain = fc.jsonValue().filter((value) => !/\{\{|\{%|\$cel|\$liquid|\$unresolved/.test(JSON.stringify(value)));

    fc.assert(
      fc.property(plain, (value) => {
        const json = JSON.parse(JSON.stringify(value)) as Json;

        expect(render(json)).toEqual(json);
      }),
    );
  });

  it.each<[string, Json, string]>([
    ['a hole inside longer text', 'a ${{ 1 }}', ': ${{ }} must be the whole value; inside longer text write {{ }}'],
    ['broken CEL', { a: ['${{ 1 + }}'] }, 'a.0: expression found + at 1:3 is not expected here'],
    ['broken Liquid', 'x {{ input', ': expression output "{{ input" not closed'],
    ['a map that looks like a hole', { $cel: '1' }, '$cel: "$cel" is a reserved key'],
    ['a map that looks unresolved', { $unresolved: '1' }, '$unresolved: "$unresolved" is a reserved key'],
  ])('reports %s', (_, value, message) => {
    expect(problemsOf(value)).toEqual([message]);
  });

  it.each(['include "x"', 'render "/etc/passwd"', 'layout "x"', 'block x', 'assign', 'import "x"', 'eval x'])(
    'reports the tag %s',
    (tag) => {
      expect(problemsOf(`{% ${tag} %}`)).toHaveLength(1);
    },
  );

  it.each(['sample', 'shuffle', 'nope'])(
    'reports the filter %s, which does not exist or is not the same twice',
    (filter) => {
      expect(problemsOf(`{{ input.list | ${filter} }}`)).toEqual([`: expression undefined filter: ${filter}`]);
    },
  );
});

describe('renderTemplate', () => {
  it.each<[Json, Json]>([
    ['${{ input.n }}', 3],
    ['  ${{ input.list }}  ', ['a', 'b']],
    ['${{ outputs.research.skipped }}', null],
    ['{{ input.n }}', '3'],
    ['Hi {{ input.name | upcase }}, {{ input.list | join: " and " }}', 'Hi ADA, a and b'],
    ['{{ input.map }}{{ input.nothing }}', '{"k":1}'],
    ['{% for x in input.list %}{{ forloop.index }}{{ x }}{% endfor %}', '1a2b'],
    ['{% if input.n > 2 %}many{% else %}few{% endif %}', 'many'],
    ['{{ outputs.notes.title }} {{ outputs.research.notes.title }}', 'T T'],
    ['{{ run.startedAt | date: "%Y-%m-%d %H:%M" }}', '2026-01-02 03:04'],
    [{ a: [{ b: '${{ input.n + 1 }}' }] }, { a: [{ b: 4 }] }],
  ])('renders %j', (value, expected) => {
    expect(render(value)).toEqual(expected);
  });

  it.each([
    ['an undefined variable', '{{ input.nobody }}', '{{ input.nobody }}: undefined variable: input.nobody'],
    ['an undefined root', '{{ nobody }}', '{{ nobody }}: undefined variable: nobody'],
    [
      'the clock',
      '{{ "now" | date: "%Y" }}',
      '{{ "now" | date: "%Y" }}: "now" would differ from one reading to the next; use run.startedAt',
    ],
    [
      'the clock behind a variable',
      '{% assign t = "today" %}{{ t | date_to_string }}',
      '{% assign t = "today" %}{{ t | date_to_string }}: "today" would differ from one reading to the next; use run.startedAt',
    ],
    ['CEL that fails', '${{ input.nobody }}', 'input.nobody: field not found: nobody'],
  ])('fails on %s', (_, value, message) => {
    expect(failureOf(value)).toBe(message);
  });

  it('gives every reading the same text, whatever an earlier one assigned', () => {
    expect([1, 2].map(() => render('{% increment n %}{% increment input %}{% assign run = 1 %}'))).toEqual([
      '00',
      '00',
    ]);
    expect(render('{{ input.name }} {{ run.id }}')).toBe('Ada run_1');
  });

  it.each([
    '{% for i in (1..100000000) %}a{% endfor %}',
    '{% for i in (1..2000) %}{% for j in (1..2000) %}a{% endfor %}{% endfor %}',
    '{% for x in input.many %}{% for y in input.many %}a{% endfor %}{% endfor %}',
    '{% assign b = input.big %}{% for i in (1..200) %}{% assign b = b | append: b %}{% endfor %}',
    '{{ input.big | replace: "x", input.big }}',
    '{{ run.startedAt | date: "%999999999Y" }}',
    '{% for i in (1..3000) %}{{ input.big | downcase }}{% endfor %}',
  ])('stops %s', (value) => {
    const startedAt = performance.now();

    expect(failureOf(value)).toMatch(/limit exceeded|more than 100000 pieces/);
    expect(performance.now() - startedAt).toBeLessThan(2_000);
  });
});

describe('renderText', () => {
  it('gives text and nothing else', () => {
    expect(renderText({ $liquid: '{{ input.name }}' }, scope)).toBe('Ada');
    expect(() => renderText({ $cel: 'input.n' }, scope)).toThrow('a text is needed here, not 3');
  });
});

describe('referencesOf', () => {
  it('lists what CEL and Liquid write out, without the names their loops bind', () => {
    const { template } = compileTemplate([
      "${{ input.list.filter(x, x == input['name'] && outputs[input.n].a != x.b).size() + outputs.a.b[0].c }}",
      '{% for x in input.many %}{{ x.n }}{{ outputs["a"].d }}{{ input[run.id] }}{% endfor %}',
    ]);

    expect(referencesOf(template).map((reference) => reference.join('.'))).toEqual([
      'input.list',
      'input.name',
      'outputs',
      'input.n',
      'outputs.a.b.0.c',
      'input.many',
      'input',
      'outputs.a.d',
      'run.id',
    ]);
  });
});
