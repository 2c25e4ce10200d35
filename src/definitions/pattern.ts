// Regular expressions of untrusted origin run on RE2 only, the one CEL brings along: `^(a+)+$` keeps a backtracking engine busy for ever.
import { celEnv, isCelError, parse, plan } from '@bufbuild/cel';
import { RecentlyUsed } from './recently-used.ts';

const MAX_PATTERN_LENGTH = 256;
/** Longer texts do not match any pattern: matching takes time in proportion to text times pattern. */
export const MAX_MATCHED_LENGTH = 10_000;

const evaluate = plan(celEnv(), parse('text.matches(pattern)').expr);
const faults = new RecentlyUsed<{ readonly message: string | undefined }>(1_000);

/** What is wrong with a pattern, or undefined. */
export function patternFault(pattern: unknown): string | undefined {
  if (typeof pattern !== 'string') return 'must be a regular expression';
  if (pattern.length > MAX_PATTERN_LENGTH) return `is longer than ${MAX_PATTERN_LENGTH} characters`;
  return faults.get(pattern, compile).message;
}

/**
 * Does the text hold a match? A pattern that RE2 has no words for is not asserted: a definition cannot carry one, only an adapter's own schema
 * can, and adapters check their values themselves.
 */
export function matches(pattern: string, text: string): boolean {
  return (
    text.length <= MAX_MATCHED_LENGTH && patternFault(pattern) === undefined && evaluate({ text, pattern }) === true
  );
}

function compile(pattern: string): { readonly message: string | undefined } {
  const result = evaluate({ text: '', pattern });
  return {
    message: isCelError(result)
      ? `is not a regular expression that RE2 accepts: ${result.message.replace(/^error parsing regexp: /, '')}`
      : undefined,
  };
}
