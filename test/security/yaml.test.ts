// Definitions that are written to keep the compiler busy, or to smuggle in what is no plain data. Reading happens on the main thread: it
// must never be long enough for a heartbeat to be missed.
import { describe, expect, it } from 'vitest';
import { compileDefinition } from '../../src/definitions/index.ts';
import { MAX_NODES, MAX_SOURCE_BYTES, parseSource } from '../../src/definitions/source.ts';
import { catalog } from '../definitions/small-catalog.ts';

/** Of the processor: other tests run on the same cores. */
function spentMs(work: () => void): number {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

describe('a bomb', () => {
  const fill = (piece: string): string => piece.repeat(Math.floor((MAX_SOURCE_BYTES - 100) / piece.length));
  const bombs: Readonly<Record<string, string>> = {
    'open brackets': fill('['),
    'open braces': fill('{'),
    'open pairs': fill('{a: '),
    'nested keys': fill('? '),
    dashes: fill('- '),
    'nested values': fill('a: '),
    quotes: fill('"'),
    commas: `[${fill(',')}]`,
    comments: fill('#\n'),
    tags: fill('!a '),
    anchors: fill('&a '),
    aliases: `a: &a 1\nb: [${fill('*a,')}]`,
    'a billion laughs': `a: &a [x]\n${Array.from(
      { length: 26 },
      (_, n) =>
        `${String.fromCodePoint(98 + n)}: &${String.fromCodePoint(98 + n)} [${`*${String.fromCodePoint(97 + n)},`.repeat(9)}]`,
    )
      .slice(0, 25)
      .join('\n')}`,
    directives: fill('%a\n'),
    documents: fill('---\n'),
    'closing brackets': fill(']'),
    'closing braces': fill('}\n'),
    'ever deeper lines': Array.from({ length: 350 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
    'flow keys': `[${fill('? ')}`,
    'blank lines of a folded text': `a: >\n ${fill('\n')}`,
    'flat keys': Array.from({ length: 9_000 }, (_, n) => `k${n}: 1`)
      .join('\n')
      .slice(0, MAX_SOURCE_BYTES - 100),
    'merge keys': fill('<<: {a: 1}\n'),
    'one long text': fill('a'),
    'one long number': `- ${fill('1')}`,
    'empty pairs': fill('?\n:\n'),
  };

  it.each(Object.entries(bombs))('made of %s is read, or refused, at once', (_, text) => {
    const costs = [1, 2].map(() => spentMs(() => expect(parseSource(text).problems.length).toBeLessThan(MAX_NODES)));

    // The first time the reader may still be compiled.
    expect(Math.min(...costs)).toBeLessThan(400);
  });
});

describe('a definition that parses', () => {
  const times = <T>(count: number, make: (index: number) => T): T[] =>
    Array.from({ length: count }, (_, index) => make(index));
  const keyed = <T>(count: number, make: (index: number) => T): Record<string, T> =>
    Object.fromEntries(times(count, (index) => [`k${index}`, make(index)]));
  const workflow = { name: 'x' };
  const act = { name: 'b', tool: 'echo', action: 'say' };
  const inModule = (activities: unknown): object => ({
    workflow,
    modules: [{ id: 'a', type: 'parallel', activities }],
  });

  const documents: Readonly<Record<string, unknown>> = {
    'nothing but zeros': { modules: times(4_900, () => 0) },
    'empty modules': { workflow, modules: times(2_400, () => ({})) },
    'empty activities': inModule(times(2_400, () => ({}))),
    'unknown keys': { workflow, modules: [], ...keyed(2_300, () => 0) },
    'unknown keys in every module': { workflow, modules: times(200, () => keyed(10, () => 0)) },
    'a map of faults': { workflow, modules: [], breakers: keyed(2_000, () => 0) },
    'one name many times': { workflow, modules: times(900, () => ({ id: 'a', activities: [] })) },
    'names that are nearly right': {
      workflow,
      modules: times(600, (index) => ({ id: `module_${index}`, depends_on: [`modul_${index}`], activities: [] })),
    },
    'everything before everything': {
      workflow,
      modules: times(60, (index) => ({
        id: `m${index}`,
        depends_on: times(60, (other) => `m${other}`),
        activities: [],
      })),
    },
    'a long chain': {
      workflow,
      modules: times(600, (index) => ({
        id: `m${index}`,
        depends_on: index === 0 ? [] : [`m${index - 1}`],
        activities: [],
      })),
    },
    'unknown tools': inModule(times(600, (index) => ({ ...act, name: `n${index}`, tool: `ecko${index}` }))),
    'expressions that refer to nothing': inModule(
      times(600, (index) => ({ ...act, name: `n${index}`, when: `outputs.x${index} > 1` })),
    ),
    'one deep expression': inModule([{ ...act, when: `${'('.repeat(4_000)}true${')'.repeat(4_000)}` }]),
    'one long expression': inModule([{ ...act, when: `true${' && true'.repeat(1_500)}` }]),
    'one deep text': inModule([{ ...act, with: { text: '{% if true %}'.repeat(1_000) } }]),
    'a large schema': {
      workflow: { ...workflow, input: { anyOf: times(1_900, () => ({ type: 'string' })) } },
      modules: [],
    },
  };

  it.each(Object.entries(documents))('to %s is compiled, or refused, at once', (_, document) => {
    const source = JSON.stringify(document);
    const cost = spentMs(() => {
      const compiled = compileDefinition(source, { catalog, format: 'json' });
      expect(compiled.ok ? [] : compiled.problems.slice(0, 1)).toEqual(compiled.ok ? [] : [expect.anything()]);
    });

    expect(cost).toBeLessThan(2_000);
  });
});

describe('what is no plain data', () => {
  it.each([
    ['a constructor of JavaScript', 'a: !!js/function "x"'],
    ['a constructor of Python', 'a: !!python/object/apply:os.system ["id"]'],
    ['a constructor of Ruby', 'a: !ruby/object:Gem::Installer {}'],
    ['a constructor of Java', 'a: !!javax.script.ScriptEngineManager [x]'],
    ['bytes', 'a: !!binary aGk='],
    ['a set', 'a: !!set {b}'],
    ['an ordered map', 'a: !!omap [b: 1]'],
    ['a date', 'a: !!timestamp 2026-01-01'],
    ['a tag of its own', '%TAG ! tag:x,2026:\n---\na: !b 1'],
    ['an alias', 'a: &x 1\nb: *x'],
    ['an alias of itself', 'a: &x [*x]'],
    ['a merge', 'a: {<<: {b: 1}}'],
    ['a merge by tag', 'a: {!!merge <<: {b: 1}}'],
    ['a second document', 'a: 1\n---\nb: 1'],
    ['a key that is a list', '? [a]\n: 1'],
    ['a key that is a map', '? {a: 1}\n: 1'],
    ['a key that comes twice in other words', 'a: 1\n"\\x61": 2'],
    ['a prototype', '__proto__: {a: 1}'],
    ['a prototype in other words', '"\\x5f_proto__": {a: 1}'],
    ['a prototype by tag', '!!str __proto__: {a: 1}'],
    ['a constructor as a key', 'a: {constructor: {prototype: {b: 1}}}'],
    ['infinity', 'a: .inf'],
    ['no number', 'a: .nan'],
    ['a NUL', 'a: "\\0"'],
    ['half of a surrogate pair', 'a: "\\ud800"'],
    ['a number that loses digits', 'a: 9007199254740993'],
  ])('is refused: %s', (_, text) => {
    expect(parseSource(text).problems).not.toEqual([]);
  });
});
