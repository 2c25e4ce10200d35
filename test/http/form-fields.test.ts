import { describe, expect, it } from 'vitest';
import { formFields, formFrom } from '../../src/http/form-fields.ts';

const schema = {
  type: 'object',
  required: ['budget'],
  properties: {
    budget: { type: 'integer', title: 'Budget', description: 'in euros' },
    note: { type: 'string' },
    rush: { type: 'boolean' },
    channel: { enum: ['email', 'blog'] },
    nested: { type: 'object' },
  },
};

describe('formFields', () => {
  it('asks for what a plain form can ask for', () => {
    expect(formFields(schema)).toEqual([
      { name: 'form:budget', label: 'Budget', kind: 'number', choices: [], required: true, hint: 'in euros' },
      { name: 'form:note', label: 'note', kind: 'text', choices: [], required: false, hint: undefined },
      { name: 'form:rush', label: 'rush', kind: 'checkbox', choices: [], required: false, hint: undefined },
      {
        name: 'form:channel',
        label: 'channel',
        kind: 'choice',
        choices: ['email', 'blog'],
        required: false,
        hint: undefined,
      },
    ]);
  });

  it('asks for nothing without a form', () => {
    expect(formFields(null)).toEqual([]);
    expect(formFields({ type: 'string' })).toEqual([]);
  });
});

describe('formFrom', () => {
  it('gives each field its type and leaves out what was left empty', () => {
    const typed = new Map([
      ['form:budget', '12'],
      ['form:note', ''],
      ['form:rush', 'on'],
      ['form:channel', 'blog'],
      ['form:nested', 'x'],
    ]);

    expect(formFrom(schema, typed)).toEqual({ budget: 12, rush: true, channel: 'blog' });
  });

  it('keeps what is no number as text for the schema to refuse', () => {
    expect(formFrom(schema, new Map([['form:budget', 'lots']]))).toEqual({ budget: 'lots', rush: false });
  });

  it('is undefined when the approval has no form', () => {
    expect(formFrom(null, new Map())).toBeUndefined();
  });
});
