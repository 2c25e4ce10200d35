// Moving the clock of a running process, and stopping one where it stands.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { ClockControl, pauseProcess, resumeProcess } from './index.ts';

const HOUR_MS = 3_600_000;

/** Says every 20 ms what time it is. */
function startTeller(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => console.log(Date.now()), 20)'], {
    env: { PATH: process.env.PATH, ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const offsets: number[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => offsets.push(Number(line) - Date.now()));
  const end = async () => {
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  return { pid: child.pid!, offsets, [Symbol.asyncDispose]: end };
}

it('a clock jumps while its process runs, forth and back, and its neighbours keep the time', async () => {
  const clock = await ClockControl.create();
  await using moved = startTeller(clock.env);
  await using neighbour = startTeller({});
  const isOff = (offsetMs: number) => async () => Math.abs((moved.offsets.at(-1) ?? Infinity) - offsetMs) < 2_000;
  await until(isOff(0), { what: 'the true time' });

  for (const offsetMs of [HOUR_MS, -HOUR_MS, -60_000, 0]) {
    expect(await clock.shift(offsetMs)).toMatchObject({ fault: 'clock', what: `${offsetMs} ms off the true time` });
    await until(isOff(offsetMs), { what: `a clock that is ${offsetMs} ms off` });
  }

  expect(Math.max(...neighbour.offsets.map(Math.abs))).toBeLessThan(2_000);
  await clock.remove();
});

it('a paused process stands still until it is resumed', async () => {
  await using teller = startTeller({});
  await until(() => teller.offsets.length > 0, { what: 'the first word' });

  expect(pauseProcess(teller.pid)).toMatchObject({ fault: 'pause' });
  const said = await untilSilent(teller.offsets);
  resumeProcess(teller.pid);

  await until(() => teller.offsets.length > said, { what: 'another word' });
});

it('there must be a process to pause', () => {
  expect(() => pauseProcess(2 ** 30)).toThrow('ESRCH');
});

/** What was under way when it stopped has come by then: how much was said in all. */
async function untilSilent(words: readonly unknown[]): Promise<number> {
  let before = -1;
  let looks = 0;
  return await until(
    () => {
      looks = words.length === before ? looks + 1 : 0;
      before = words.length;
      return looks >= 10 && before;
    },
    { what: 'silence' },
  );
}
