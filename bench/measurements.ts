// What is measured, how, and which rows it yields. Every measurement is made with each subject that it names, in turn.
import { z } from 'zod';
import { criticalPathMs, diamond } from './graph.ts';
import type { Lab } from './lab.ts';
import { now } from './marks.ts';
import type { Figures, Kind } from './report.ts';
import { openOtlpSink } from './otlp-sink.ts';
import { mean, median, percentile } from './statistics.ts';
import type { SubjectProcess } from './subject-process.ts';

export interface Sizes {
  readonly windowMs: number;
  readonly limitWindowMs: number;
  /** Of short things that are timed one by one. */
  readonly samples: number;
  readonly fanouts: number;
}

export const FULL: Sizes = { windowMs: 2_500, limitWindowMs: 1_000, samples: 40, fanouts: 5 };
export const QUICK: Sizes = { windowMs: 500, limitWindowMs: 300, samples: 5, fanouts: 1 };

export interface Measurement {
  readonly rows: readonly string[];
  readonly kinds: readonly Kind[];
  /** Takes long: fewer repeats, none in a quick run. */
  readonly long?: boolean;
  /** Every repeat on a new database with a new process; otherwise one process serves all repeats. */
  readonly fresh?: boolean;
  readonly leaseTtlMs?: number;
  measure(lab: Lab, subject: SubjectProcess, sizes: Sizes): Promise<Figures>;
}

const BOTH: readonly Kind[] = ['breakwater', 'dbos'];
const ALL: readonly Kind[] = [...BOTH, 'limit'];
const STEPS = 10;
const GRAPH = { size: 1_000, width: 40 } as const;
const LONG_STEPS = 10_000;
const WAITING = 5_000;
const WAITING_APPROVALS = 10_000;
const WAITING_WINDOW_MS = 10_000;
const TAKEOVER = { runs: 100, steps: 1_000, stepMs: 250, leaseTtlMs: 3_000 } as const;

const rate = z.object({ perSecond: z.number() });
const p50 = z.object({ p50Ms: z.number() });
const p95 = z.object({ p50Ms: z.number(), p95Ms: z.number() });
const breakerCosts = z.object({ closedCallUs: z.number(), refusalP99Us: z.number() });
const instant = z.object({ at: z.number() });
const waiting = z.object({ ids: z.array(z.string()) });

export const MEASUREMENTS: readonly Measurement[] = [
  sequential({
    lanes: 1,
    rate: 'seq_steps_c1',
    latency: 'seq_latency_c1_ms',
    limit: 'commit_limit_c1',
    connections: 1,
  }),
  sequential({ lanes: 50, rate: 'seq_steps_c50', limit: 'commit_limit_c50', connections: 50 }),
  sequential({ lanes: 200, rate: 'seq_steps_c200', limit: 'commit_limit_c16', connections: 16 }),
  fanout(50),
  fanout(500),
  {
    rows: ['diamond_over_critical_path'],
    kinds: BOTH,
    async measure(lab, subject) {
      const graph = { workflow: 'graph', input: { ...GRAPH }, steps: GRAPH.size, runs: 1 };
      const { p50Ms } = await lab.work(subject, 'wholeRuns', graph, p50);
      return { diamond_over_critical_path: p50Ms / criticalPathMs(diamond(GRAPH.size, GRAPH.width)) };
    },
  },
  {
    rows: ['start_to_first_activity_ms'],
    kinds: BOTH,
    async measure(lab, subject, { samples }) {
      const { p50Ms } = await lab.work(subject, 'firstActivities', { runs: samples }, p50);
      return { start_to_first_activity_ms: p50Ms };
    },
  },
  {
    rows: ['send_to_wake_p50_ms', 'send_to_wake_p95_ms'],
    kinds: BOTH,
    async measure(lab, subject, { samples }) {
      const { ids } = await subject.call('wait', { runs: samples }, waiting);
      const { p50Ms, p95Ms } = await lab.work(subject, 'wake', { ids }, p95);
      return { send_to_wake_p50_ms: p50Ms, send_to_wake_p95_ms: p95Ms };
    },
  },
  {
    rows: ['yaml_activity_overhead'],
    kinds: ['breakwater'],
    async measure(lab, subject, { windowMs }) {
      const alone = { steps: STEPS, lanes: 1, windowMs: windowMs / 2 };
      const yaml = await lab.work(subject, 'sequences', { workflow: 'ten', ...alone }, p50);
      const bare = await lab.work(subject, 'sequences', { workflow: 'sequence', ...alone }, p50);
      return { yaml_activity_overhead: yaml.p50Ms / bare.p50Ms };
    },
  },
  { rows: ['event_overhead'], kinds: ['breakwater'], measure: measureEvents },
  {
    rows: ['breaker_closed_call_us', 'breaker_refusal_p99_us'],
    kinds: ['breakwater'],
    async measure(_lab, subject, { samples }) {
      const { closedCallUs, refusalP99Us } = await subject.call('breaker', { calls: samples * 1_000 }, breakerCosts);
      return { breaker_closed_call_us: closedCallUs, breaker_refusal_p99_us: refusalP99Us };
    },
  },
  {
    rows: ['breaker_change_seen_ms', 'breaker_change_seen_p95_ms'],
    kinds: ['breakwater'],
    fresh: true,
    measure: measureBreakerChange,
  },
  {
    rows: ['cancel_waiting_ms'],
    kinds: BOTH,
    long: true,
    async measure(lab, subject) {
      const { ids } = await subject.call('wait', { runs: 10 }, waiting);
      const { p50Ms } = await subject.call('cancel', { ids }, p50);
      await lab.confirmCancelled(ids);
      return { cancel_waiting_ms: p50Ms };
    },
  },
  {
    rows: ['waiting_5000_statements_per_s', 'waiting_5000_bytes_each', 'start_to_first_activity_5000_waiting_ms'],
    kinds: BOTH,
    long: true,
    fresh: true,
    measure: measureWaiting,
  },
  {
    rows: [
      'waiting_approvals_10000_statements_per_s',
      'waiting_approvals_10000_resident_mb',
      'waiting_approvals_10000_wake_p95_ms',
    ],
    kinds: ['breakwater'],
    long: true,
    fresh: true,
    measure: measureApprovals,
  },
  {
    rows: ['long_run_last_over_first', 'long_run_recovery_ms'],
    kinds: BOTH,
    long: true,
    fresh: true,
    leaseTtlMs: 5_000,
    measure: measureLongRun,
  },
  {
    rows: ['takeover_p95_ms'],
    kinds: BOTH,
    long: true,
    fresh: true,
    leaseTtlMs: TAKEOVER.leaseTtlMs,
    measure: measureTakeover,
  },
];

function sequential(of: {
  lanes: number;
  rate: string;
  latency?: string;
  limit: string;
  connections: number;
}): Measurement {
  const { lanes, latency, limit, connections } = of;
  return {
    rows: [of.rate, latency, limit].filter((name) => name !== undefined),
    kinds: ALL,
    async measure(lab, subject, { windowMs, limitWindowMs }) {
      if (lab.kind === 'limit') {
        const perSecond = await insert(lab, subject, connections, limitWindowMs);
        return { [of.rate]: perSecond, [limit]: perSecond };
      }
      const work = { workflow: 'sequence', steps: STEPS, lanes, windowMs };
      const { perSecond, p50Ms } = await lab.work(subject, 'sequences', work, rate.extend(p50.shape));
      return { [of.rate]: perSecond, ...(latency !== undefined && { [latency]: p50Ms }) };
    },
  };
}

function fanout(width: number): Measurement {
  const name = `fanout_${width}_ms`;
  return {
    rows: [name],
    kinds: BOTH,
    async measure(lab, subject, { fanouts }) {
      const work = { workflow: 'fanout', input: { width }, steps: width, runs: fanouts };
      return { [name]: (await lab.work(subject, 'wholeRuns', work, p50)).p50Ms };
    },
  };
}

async function insert(lab: Lab, subject: SubjectProcess, connections: number, windowMs: number): Promise<number> {
  return (await lab.work(subject, 'insert', { connections, windowMs }, rate)).perSecond;
}

// Two processes in turn, there and back, so that a machine that gets slower slows both.
async function measureEvents(lab: Lab, _subject: SubjectProcess, { windowMs }: Sizes): Promise<Figures> {
  const sink = await openOtlpSink();
  const untold = await lab.open({ told: 'nobody' });
  const told = await lab.open({ told: 'everyone', otlpUrl: sink.url });
  const perSecond = async (subject: SubjectProcess, ms: number): Promise<number> => {
    const work = { workflow: 'ten', steps: STEPS, lanes: 50, windowMs: ms };
    return (await lab.work(subject, 'sequences', work, rate)).perSecond;
  };
  for (const subject of [untold, told]) await perSecond(subject, windowMs);
  const without = [await perSecond(untold, windowMs)];
  const withAll = [await perSecond(told, windowMs), await perSecond(told, windowMs)];
  without.push(await perSecond(untold, windowMs));
  await Promise.all([untold.close(), told.close()]);
  await sink.close();
  if (sink.bytes === 0) throw new Error('no span came to the receiver');
  return { event_overhead: mean(without) / mean(withAll) };
}

// A whole number of the ten-second polls of both engines fits the window.
async function measureWaiting(lab: Lab, subject: SubjectProcess, { samples }: Sizes): Promise<Figures> {
  const memory = async (): Promise<number> =>
    (await subject.call('memory', null, z.object({ residentBytes: z.number() }))).residentBytes;
  await lab.work(subject, 'firstActivities', { runs: samples }, p50);
  const before = await memory();
  await subject.call('wait', { runs: WAITING }, waiting);
  const bytesEach = ((await memory()) - before) / WAITING;
  const { perSecond } = await subject.call('idle', { windowMs: WAITING_WINDOW_MS }, rate);
  const { p50Ms } = await lab.work(subject, 'firstActivities', { runs: samples }, p50);
  return {
    waiting_5000_bytes_each: bytesEach,
    waiting_5000_statements_per_s: perSecond,
    start_to_first_activity_5000_waiting_ms: p50Ms,
  };
}

async function measureApprovals(_lab: Lab, subject: SubjectProcess, { samples }: Sizes): Promise<Figures> {
  const { ids } = await subject.call('askPeople', { runs: WAITING_APPROVALS }, waiting);
  const { residentBytes } = await subject.call('memory', null, z.object({ residentBytes: z.number() }));
  const { perSecond } = await subject.call('idle', { windowMs: WAITING_WINDOW_MS }, rate);
  const { p95Ms } = await subject.call('approve', { ids: ids.slice(0, samples) }, p95);
  return {
    waiting_approvals_10000_statements_per_s: perSecond,
    waiting_approvals_10000_resident_mb: residentBytes / 2 ** 20,
    waiting_approvals_10000_wake_p95_ms: p95Ms,
  };
}

async function measureLongRun(lab: Lab, subject: SubjectProcess): Promise<Figures> {
  const started = z.object({ id: z.string(), laps: z.array(z.number()) });
  const { id, laps } = await subject.call('startLong', { steps: LONG_STEPS }, started);
  await subject.kill();
  const heir = await lab.open({ leaseTtlMs: 5_000 });
  const { ms } = await heir.call('recovered', { id }, z.object({ ms: z.number() }));
  return {
    long_run_last_over_first: (laps.at(-1) ?? Number.NaN) / (laps[0] ?? Number.NaN),
    long_run_recovery_ms: ms,
  };
}

// A service for each sample: a breaker opens once. The first one finds both processes listening.
async function measureBreakerChange(lab: Lab, subject: SubjectProcess, { samples }: Sizes): Promise<Figures> {
  const other = await lab.open();
  const changeSeen = async (service: string): Promise<number> => {
    const seen = other.call('seeOpen', { service }, instant);
    const failed = await subject.call('failService', { service }, instant);
    return (await seen).at - failed.at;
  };
  await changeSeen('warm-up');
  const durations: number[] = [];
  for (let sample = 0; sample < samples; sample++) durations.push(await changeSeen(`service ${sample}`));
  return { breaker_change_seen_ms: median(durations), breaker_change_seen_p95_ms: percentile(durations, 0.95) };
}

// Ours has another process standing by, as deployed. Raw DBOS recovers only under the same executor id: it is started again at once.
async function measureTakeover(lab: Lab, subject: SubjectProcess): Promise<Figures> {
  const { runs, steps, stepMs, leaseTtlMs } = TAKEOVER;
  const standby = lab.kind === 'breakwater' ? await lab.open({ leaseTtlMs }) : undefined;
  const { ids } = await subject.call('tick', { runs, steps, stepMs }, waiting);
  const killedAt = now();
  await subject.kill();
  const heir = standby ?? (await lab.open());
  const { at } = await heir.call('progress', { ids }, z.object({ at: z.array(z.number()) }));
  if (at.length !== runs || median(at) < killedAt) throw new Error('not every run was taken over after the kill');
  return {
    takeover_p95_ms: percentile(
      at.map((each) => each - killedAt),
      0.95,
    ),
  };
}
