// What the command line may say, and what it is told when it says something else.
import { describe, expect, it } from 'vitest';
import { readOptions } from '../../bench/options.ts';

describe('readOptions', () => {
  it('measures everything five times when nothing is asked', () => {
    expect(readOptions([])).toEqual({ repeats: 5, quick: false, growth: false, without: new Set() });
  });

  it('takes rows by name, a number of repeats and a file', () => {
    expect(readOptions(['--only', 'seq_steps_c1, fanout_50_ms', '--repeats', '3', '--json', 'figures.json'])).toEqual({
      json: 'figures.json',
      only: new Set(['seq_steps_c1', 'fanout_50_ms']),
      repeats: 3,
      quick: false,
      growth: false,
      without: new Set(),
    });
  });

  it('does without mechanisms by name', () => {
    expect(readOptions(['--without', 'groups, notify'])).toMatchObject({ without: new Set(['groups', 'notify']) });
  });

  it('takes the rows of the curves with them alone', () => {
    const only = ['--only', 'length_10_ms_a_step'];

    expect(readOptions(['--growth', ...only])).toMatchObject({ growth: true, only: new Set(['length_10_ms_a_step']) });
    expect(readOptions(only)).toEqual({ problem: 'there is no row "length_10_ms_a_step"' });
  });

  it('repeats nothing in a quick run unless told to', () => {
    expect(readOptions(['--quick'])).toMatchObject({ repeats: 1, quick: true });
    expect(readOptions(['--quick', '--repeats', '2'])).toMatchObject({ repeats: 2, quick: true });
  });

  it.each([
    [['--only', 'seq_steps_c2'], 'there is no row "seq_steps_c2"'],
    [['--without', 'luck'], 'there is no mechanism "luck"'],
    [['--repeats', '0'], '--repeats takes a number from 1 to 99'],
    [['--fast'], "Unknown option '--fast'"],
  ])('refuses %j', (args, problem) => {
    expect(readOptions(args)).toEqual({ problem: expect.stringContaining(problem) });
  });
});
