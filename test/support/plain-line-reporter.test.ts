// The last line of a test run, as programs read it.
import { expect, it } from 'vitest';
import { formatFigures } from './plain-line-reporter.ts';

it('names what passed and failed, and what was skipped only when there is any', () => {
  expect(formatFigures({ passed: 12, failed: 0, skipped: 0 })).toBe('12 passed, 0 failed');
  expect(formatFigures({ passed: 1, failed: 2, skipped: 3 })).toBe('1 passed, 2 failed, 3 skipped');
});
