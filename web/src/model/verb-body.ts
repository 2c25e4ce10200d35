// What is sent for a verb, read from its form; an Error where what was typed is no JSON. Pure.
import type { Verb } from './verbs.ts';

export type Decision = 'retry' | 'skip' | 'compensate' | 'done_by_hand';

export const DECISIONS: readonly { readonly value: Decision; readonly words: string }[] = [
  { value: 'retry', words: 'Try it again, under a new key' },
  { value: 'skip', words: 'Skip it and go on; what may have happened of it is taken back' },
  { value: 'done_by_hand', words: 'It was done by hand' },
  { value: 'compensate', words: 'Give up: take back what the run did' },
];

type Form = Pick<FormData, 'get'>;

export function bodyOf(verb: Verb, form: Form): Record<string, unknown> | Error {
  try {
    return { ...given(verb, form), ...textIn(form, 'reason') };
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

function given(verb: Verb, form: Form): Record<string, unknown> {
  switch (verb) {
    case 'cancel':
      return { compensate: form.get('compensate') !== null };
    case 'rewind':
      return textIn(form, 'node');
    case 'fork':
      return { ...textIn(form, 'node'), ...jsonIn(form, 'input') };
    case 'decide':
      return {
        ...textIn(form, 'node'),
        ...textIn(form, 'decision'),
        ...jsonIn(form, 'value'),
        ...jsonIn(form, 'with'),
      };
    case 'pause':
    case 'resume':
    case 'release':
    case 'compensate':
      return {};
  }
}

function textIn(form: Form, name: string): Record<string, string> {
  const text = form.get(name);
  return typeof text === 'string' && text.trim() !== '' ? { [name]: text.trim() } : {};
}

function jsonIn(form: Form, name: string): Record<string, unknown> {
  const { [name]: text } = textIn(form, name);
  if (text === undefined) return {};
  try {
    return { [name]: JSON.parse(text) as unknown };
  } catch (error) {
    throw new Error(`"${name}" is not JSON: ${error instanceof Error ? error.message : String(error)}`, {
      cause: error,
    });
  }
}
