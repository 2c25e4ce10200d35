// Keeps credentials out of texts that are stored, logged or shown. Pure.

/** Secrets shorter than this would blank out innocent text and protect nothing. */
const MIN_SECRET_LENGTH = 4;

export type Redact = (text: string) => string;

/** Replaces every form in which one of the secrets may come back: as is, percent-encoded, in base64. */
export function createRedact(secrets: Iterable<string>): Redact {
  const forms = new Set([...secrets].flatMap(formsOf).filter((form) => form.length >= MIN_SECRET_LENGTH));
  // Longest first, so that a secret inside another leaves no remainder.
  const ordered = [...forms].toSorted((a, b) => b.length - a.length);
  return (text) => ordered.reduce((redacted, form) => redacted.replaceAll(form, '[redacted]'), text);
}

function formsOf(secret: string): string[] {
  return [secret, encodeURIComponent(secret.toWellFormed()), Buffer.from(secret).toString('base64')];
}
