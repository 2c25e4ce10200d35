// What the chart of the executors' load draws and says.
import { expect, it } from 'vitest';
import { columnsOf, loadWords, sampleOf, withSample, type LoadSample } from '../../web/src/model/load-samples.ts';

const executor = (used: number, queued: number) => ({ slots: { used, queued, capacity: 64 } });

it('adds up all executors', () => {
  expect(sampleOf([executor(3, 0), executor(4, 2)], 9_000)).toEqual({ atMs: 9_000, used: 7, queued: 2, capacity: 128 });
  expect(sampleOf([], 1)).toMatchObject({ used: 0, capacity: 0 });
});

it('keeps the newest, and gives them column by column', () => {
  let samples: LoadSample[] = [];
  for (let at = 0; at < 700; at++) samples = withSample(samples, sampleOf([executor(at, 1)], at * 1_000));
  const [times, used, queued] = columnsOf(samples);

  expect([times.length, times[0], used.at(-1), queued[0]]).toEqual([600, 100, 699, 1]);
});

it.each([
  [0, '7 of 64 slots in use, none waits for one'],
  [1, '7 of 64 slots in use, 1 waits for one'],
  [12, '7 of 64 slots in use, 12 wait for one'],
])('says with %i that wait: %s', (queued, words) => {
  expect(loadWords({ atMs: 0, used: 7, queued, capacity: 64 })).toBe(words);
});
