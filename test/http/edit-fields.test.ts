import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editFields, editsFrom } from '../../src/http/edit-fields.ts';
import { mergePatch, type Json } from '../../src/kernel/index.ts';

const safeKey = fc.stringMatching(/^[a-z]{1,8}$/).filter((key) => key !== 'constructor' && key !== 'prototype');
const output = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string(),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.stringMatching(/^[a-z][a-z ]{0,8}$/), { maxLength: 3 }),
    fc.dictionary(safeKey, tie('value'), { maxKeys: 4, noNullPrototype: true }),
  ),
})).value;

function asBrowserSends(outputs: ReadonlyMap<string, Json>, edit: (value: string) => string): Map<string, string> {
  return new Map(editFields(outputs).map(({ name, value }) => [name, edit(value).replaceAll(/\r\n?|\n/g, '\r\n')]));
}

describe('editFields', () => {
  it('shows texts and lists of texts with a label in words, and nothing else', () => {
    const outputs = new Map<string, Json>([
      ['write.draft', { email_subject: 'Hi', score: 7, meta: { tone: 'warm' }, outline: ['a', 'b'], mixed: ['a', 1] }],
    ]);

    expect(editFields(outputs).map(({ label, value, kind }) => ({ label, value, kind }))).toEqual([
      { label: 'Email subject', value: 'Hi', kind: 'text' },
      { label: 'Meta / Tone', value: 'warm', kind: 'text' },
      { label: 'Outline', value: 'a\nb', kind: 'lines' },
    ]);
  });

  it('shows a whole output that is a text under its node', () => {
    expect(editFields(new Map([['write.slogan', 'Go']]))).toMatchObject([{ label: 'Write slogan', value: 'Go' }]);
  });
});

describe('editsFrom', () => {
  it('is empty when a browser sends every text back as it was', () => {
    fc.assert(
      fc.property(output, (value) => {
        const outputs = new Map([['a.b', value]]);
        expect(
          editsFrom(
            outputs,
            asBrowserSends(outputs, (text) => text),
          ),
        ).toEqual({});
      }),
    );
  });

  it('makes a patch after which every field shows what was typed', () => {
    fc.assert(
      fc.property(output, (value) => {
        const outputs = new Map([['a.b', value]]);
        const edits = editsFrom(
          outputs,
          asBrowserSends(outputs, (text) => `${text}!`),
        );
        const edited = mergePatch(value, edits['a.b'] ?? {});
        const shown = editFields(new Map([['a.b', edits['a.b'] === undefined ? value : edited]]));
        expect(shown.map((field) => field.value)).toEqual(
          editFields(outputs).map((field) => `${field.value.replaceAll(/\r\n?/g, '\n')}!`),
        );
      }),
    );
  });

  it('ignores what names no text of an output', () => {
    const submitted = new Map([
      ['edit:["a.b","missing"]', 'x'],
      ['edit:["c.d"]', 'x'],
      ['edit:["a.b","__proto__"]', 'x'],
    ]);

    expect(editsFrom(new Map([['a.b', { title: 'T' }]]), submitted)).toEqual({});
  });

  it('drops empty lines from a list', () => {
    const outputs = new Map([['a.b', { points: ['one', 'two'] }]]);

    expect(editsFrom(outputs, new Map([['edit:["a.b","points"]', 'one\r\n\r\nthree\r\n']]))).toEqual({
      'a.b': { points: ['one', 'three'] },
    });
  });
});
