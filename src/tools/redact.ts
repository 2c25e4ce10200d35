// Keeps secrets out of texts that are stored, logged or shown: whatever is hidden once stays hidden for the life of the process.
import { mapTexts, type Json } from '../kernel/index.ts';

export type Redact = (text: string) => string;

/** Shorter than this a secret would blank out innocent text. */
export const MIN_SECRET_LENGTH = 8;

const REDACTED = '[redacted]';

export interface Redactor {
  /** From now on the value reads as `shown`, in every form in which it may come back. A value that is too short is left alone. */
  hide(value: string, shown?: string): void;
  readonly text: Redact;
  /** The same value where it holds nothing hidden. */
  json(value: Json): Json;
  /** Of an error of unknown kind and its causes: messages and stacks, in place, since its class tells what becomes of it. */
  error(error: unknown): void;
}

/** Replaces every form of the secrets. */
export function createRedact(secrets: Iterable<string>): Redact {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.hide(secret);
  return redactor.text;
}

export function createRedactor(): Redactor {
  const shownAs = new Map<string, string>();
  let forms: readonly string[] = [];
  const text: Redact = (given) => {
    const found = forms.filter((form) => given.includes(form));
    if (found.length === 0) return given;
    // In one pass, so that what is shown for one secret is not searched for another.
    return given.replaceAll(anyOf(found), (form) => shownAs.get(form) ?? REDACTED);
  };
  return {
    hide(value, shown = REDACTED) {
      if (value.length < MIN_SECRET_LENGTH) return;
      for (const form of formsOf(value)) if (!shownAs.has(form)) shownAs.set(form, shown);
      // Longest first, so that a secret inside another leaves no remainder.
      forms = [...shownAs.keys()].toSorted((a, b) => b.length - a.length);
    },
    text,
    json(value) {
      const serialized = forms.length === 0 ? '' : JSON.stringify(value);
      return forms.some((form) => serialized.includes(form)) ? mapTexts(value, text, text) : value;
    },
    error: (error) => redactError(error, text),
  };
}

function anyOf(forms: readonly string[]): RegExp {
  return new RegExp(forms.map((form) => form.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)).join('|'), 'g');
}

/** Causes of causes that are looked at: a chain may be a ring. */
const MAX_CAUSES = 8;

function redactError(error: unknown, redact: Redact, depth = 0): void {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return;
  const { message, stack } = error;
  if (redact(message) !== message) error.message = redact(message);
  if (stack !== undefined && redact(stack) !== stack) error.stack = redact(stack);
  redactError(error.cause, redact, depth + 1);
}

/** As it is, without the scheme in front of it, and as JSON, URLs, forms, HTML and base64 write it. */
function formsOf(secret: string): ReadonlySet<string> {
  const bare = secret.slice(secret.indexOf(' ') + 1);
  const forms = [secret, bare].flatMap((value) => [
    value,
    ...escapedForms(value.toWellFormed()),
    ...base64Forms(value),
  ]);
  return new Set(forms.filter((form) => form.length >= MIN_SECRET_LENGTH));
}

function escapedForms(value: string): string[] {
  const json = inJson(value);
  const uri = encodeURIComponent(value);
  const form = new URLSearchParams({ '': value }).toString().slice(1);
  return [
    json,
    inJson(json),
    json.replaceAll('/', String.raw`\/`),
    ...[uri, form].flatMap((encoded) => [encoded, encoded.replaceAll(/%../g, (hex) => hex.toLowerCase())]),
    inHtml(value),
  ];
}

function inJson(value: string): string {
  return JSON.stringify(value).slice(1, -1);
}

function inHtml(value: string): string {
  return value.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

// By itself, and as part of a longer text, such as `user:password`: there it stands at one of three offsets, and what is beside it
// shows in its first and last characters.
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value);
  const whole = [bytes.toString('base64'), bytes.toString('base64url')];
  const inside = [0, 1, 2].map((offset) => {
    const encoded = Buffer.concat([Buffer.alloc(offset), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const end = ((offset + bytes.length) * 8) % 6 === 0 ? encoded.length : encoded.length - 1;
    return encoded.slice(Math.ceil((offset * 8) / 6), end);
  });
  return [...whole, ...inside, ...inside.map((form) => form.replaceAll('+', '-').replaceAll('/', '_'))];
}
