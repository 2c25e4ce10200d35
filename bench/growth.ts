// How cost grows with the length of a run, its width and the number of runs that wait: the same work at growing sizes.
import { z } from 'zod';
import type { Lab } from './lab.ts';
import type { Measurement, Sizes } from './measurements.ts';
import type { Figures } from './report.ts';
import type { Row } from './rows.ts';
import type { SubjectProcess } from './subject-process.ts';

const LENGTHS = [10, 100, 1_000, 5_000] as const;
const WIDTHS = [1, 10, 100, 1_000] as const;
const WAITING = [0, 1_000, 5_000, 10_000] as const;
const IDLE_MS = 10_000;
const KINDS = ['breakwater', 'dbos'] as const;

const p50 = z.object({ p50Ms: z.number() });
const perSecond = z.object({ perSecond: z.number() });
const waiting = z.object({ ids: z.array(z.string()) });
const memory = z.object({ residentBytes: z.number() });

const name = {
  length: (size: number) => `length_${size}_ms_a_step`,
  width: (size: number) => `width_${size}_ms_a_step`,
  start: (size: number) => `waiting_${size}_start_ms`,
  wake: (size: number) => `waiting_${size}_wake_ms`,
  statements: (size: number) => `waiting_${size}_statements_per_s`,
  memory: (size: number) => `waiting_${size}_resident_mb`,
};

const row = (rowName: string, unit: string, what: string): Row => ({ name: rowName, unit, better: 'less', what });

export const GROWTH_ROWS: readonly Row[] = [
  ...LENGTHS.map((size) => row(name.length(size), 'ms', `a step of a run of ${size}, one after another`)),
  ...WIDTHS.map((size) => row(name.width(size), 'ms', `a step of a run of ${size} at the same time`)),
  ...WAITING.map((size) => row(name.start(size), 'ms', `from start to first activity while ${size} runs wait, p50`)),
  ...WAITING.map((size) => row(name.wake(size), 'ms', `from message to next activity while ${size} runs wait, p50`)),
  ...WAITING.map((size) => row(name.statements(size), 'statements/s', `while ${size} runs wait and nothing happens`)),
  ...WAITING.map((size) => row(name.memory(size), 'MB', `of the process while ${size} runs wait`)),
];

export const GROWTH: readonly Measurement[] = [
  {
    rows: LENGTHS.map(name.length),
    kinds: KINDS,
    async measure(lab, subject) {
      return await eachSize(LENGTHS, name.length, async (size) => await stepMs(lab, subject, 'sequence', size));
    },
  },
  {
    rows: WIDTHS.map(name.width),
    kinds: KINDS,
    async measure(lab, subject) {
      return await eachSize(WIDTHS, name.width, async (size) => await stepMs(lab, subject, 'fanout', size));
    },
  },
  {
    rows: [name.start, name.wake, name.statements, name.memory].flatMap((of) => WAITING.map(of)),
    kinds: KINDS,
    long: true,
    fresh: true,
    measure: measureWaiting,
  },
];

/** Of short runs several, of long ones one: about as many steps each. */
async function stepMs(lab: Lab, subject: SubjectProcess, workflow: string, size: number): Promise<number> {
  const runs = Math.max(1, Math.round(200 / size));
  const work = { workflow, input: { steps: size, width: size }, steps: size, runs };
  return (await lab.work(subject, 'wholeRuns', work, p50)).p50Ms / size;
}

async function eachSize(
  sizes: readonly number[],
  nameOf: (size: number) => string,
  measure: (size: number) => Promise<number>,
): Promise<Figures> {
  const figures: Record<string, number> = {};
  for (const size of sizes) figures[nameOf(size)] = await measure(size);
  return figures;
}

// Those that wait add up; the ones that are woken are further ones.
async function measureWaiting(lab: Lab, subject: SubjectProcess, { samples }: Sizes): Promise<Figures> {
  const figures: Record<string, number> = {};
  await lab.work(subject, 'firstActivities', { runs: samples }, p50);
  let before = 0;
  for (const size of WAITING) {
    if (size > before) await subject.call('wait', { runs: size - before }, waiting);
    before = size;
    const resident = await subject.call('memory', null, memory);
    const idle = await subject.call('idle', { windowMs: IDLE_MS }, perSecond);
    const start = await lab.work(subject, 'firstActivities', { runs: samples }, p50);
    const { ids } = await subject.call('wait', { runs: samples }, waiting);
    const wake = await lab.work(subject, 'wake', { ids }, p50);
    figures[name.memory(size)] = resident.residentBytes / 1e6;
    figures[name.statements(size)] = idle.perSecond;
    figures[name.start(size)] = start.p50Ms;
    figures[name.wake(size)] = wake.p50Ms;
  }
  return figures;
}
