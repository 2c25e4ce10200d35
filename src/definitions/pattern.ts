// Regular expressions of untrusted origin run on RE2 only, the one that CEL uses too: `^(a+)+$` keeps a backtracking engine busy for ever.
import { RE2JS } from '@bufbuild/re2';
import { messageOf } from '../kernel/index.ts';
import { spendCheck } from './check-budget.ts';
import { patternSize } from './pattern-size.ts';
import { RecentlyUsed } from './recently-used.ts';

const MAX_PATTERN_LENGTH = 256;
/** Longer texts do not match any pattern: matching takes time in proportion to text times pattern. */
export const MAX_MATCHED_LENGTH = 10_000;

/** A character with a piece of a pattern takes a fraction of the time of a step of a schema; to begin takes some. */
const MATCHED_A_STEP = 8;
const STEPS_TO_BEGIN = 5;

type Compiled = { readonly re2: RE2JS; readonly size: number } | { readonly fault: string };

const compiled = new RecentlyUsed<Compiled>(1_000);

/** What is wrong with a pattern, or undefined. */
export function patternFault(pattern: unknown): string | undefined {
  if (typeof pattern !== 'string') return 'must be a regular expression';
  if (pattern.length > MAX_PATTERN_LENGTH) return `is longer than ${MAX_PATTERN_LENGTH} characters`;
  const known = compiled.get(pattern, compile);
  return 'fault' in known ? known.fault : undefined;
}

/** Does the text hold a match? Spends of the budget for checking; a text longer than MAX_MATCHED_LENGTH holds none. */
export function matches(pattern: string, text: string): boolean {
  if (text.length > MAX_MATCHED_LENGTH || patternFault(pattern) !== undefined) return false;
  const known = compiled.get(pattern, compile);
  if ('fault' in known) return false;
  spendCheck(STEPS_TO_BEGIN + (known.size * text.length) / MATCHED_A_STEP);
  return known.re2.test(text);
}

function compile(pattern: string): Compiled {
  try {
    return { re2: RE2JS.compile(pattern), size: patternSize(pattern) };
  } catch (error) {
    const reason = messageOf(error).replace(/^error parsing regexp: /, '');
    return { fault: `is not a regular expression that RE2 accepts: ${reason}` };
  }
}
