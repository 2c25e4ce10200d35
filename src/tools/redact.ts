// Keeps secrets out of texts that are stored, logged or shown: whatever is hidden once stays hidden for the life of the process.
import { mapTexts, type Json } from '../kernel/index.ts';

export type Redact = (text: string) => string;

/** Shorter than this a secret would blank out innocent text. */
export const MIN_SECRET_LENGTH = 8;

const REDACTED = '[redacted]';

/** Whoever has an approval link can decide: it is no text to keep, whose ever it is. */
const LINK_TOKEN = /(?<=\/approve\/)[\w-]{20,}\.[\w-]{20,}/g;

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
  const beginnings = new Uint8Array(2 ** 16);
  const byBeginning = new Map<number, string[]>();
  // In one pass, however many forms there are, and what is shown for one secret is not searched for another.
  const text: Redact = (whole) => {
    const given = whole.includes('/approve/') ? whole.replaceAll(LINK_TOKEN, REDACTED) : whole;
    let redacted = '';
    let from = 0;
    for (let at = 0; shownAs.size > 0 && at + MIN_SECRET_LENGTH <= given.length;) {
      const beginning = beginningAt(given, at);
      const alike = beginnings[beginning] === 0 ? undefined : byBeginning.get(beginning);
      const form = alike?.find((each) => given.startsWith(each, at));
      at += form?.length ?? 1;
      if (form === undefined) continue;
      redacted += `${given.slice(from, at - form.length)}${shownAs.get(form)}`;
      from = at;
    }
    return from === 0 ? given : redacted + given.slice(from);
  };
  return {
    hide(value, shown = REDACTED) {
      if (value.length < MIN_SECRET_LENGTH) return;
      for (const form of formsOf(value)) {
        if (shownAs.has(form)) continue;
        shownAs.set(form, shown);
        const beginning = beginningAt(form, 0);
        const alike = [...(byBeginning.get(beginning) ?? []), form];
        beginnings[beginning] = 1;
        // Longest first, so that a secret inside another leaves no remainder.
        byBeginning.set(
          beginning,
          alike.toSorted((a, b) => b.length - a.length),
        );
      }
    },
    text,
    json(value) {
      const serialized = shownAs.size === 0 ? '' : JSON.stringify(value);
      return text(serialized) === serialized ? value : mapTexts(value, text, text);
    },
    error: (error) => redactError(error, text),
  };
}

/** A number below 2^16 for the four characters there. */
function beginningAt(text: string, at: number): number {
  let hash = 0;
  for (let index = at; index < at + 4; index++) hash = Math.imul(hash, 31) + text.charCodeAt(index);
  return hash & 0xff_ff;
}

/** Causes of causes that are looked at: a chain may be a ring. */
const MAX_CAUSES = 8;

function redactError(error: unknown, redact: Redact, depth = 0): void {
  if (!(error instanceof Error) || depth > MAX_CAUSES) return;
  for (const part of ['message', 'stack'] as const) {
    const said = error[part] ?? '';
    // Some classes have no setters for them.
    if (redact(said) !== said)
      Reflect.defineProperty(error, part, { value: redact(said), configurable: true, writable: true });
  }
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
