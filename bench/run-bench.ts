// Runs the measurements on one private Postgres, subjects taking turns, and gathers their figures.
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbeddedCluster } from '../src/postgres/index.ts';
import { Lab } from './lab.ts';
import { GROWTH } from './growth.ts';
import { FULL, MEASUREMENTS, QUICK } from './measurements.ts';
import type { Measurement } from './measurements.ts';
import type { BenchOptions } from './options.ts';
import type { Kind, Sample } from './report.ts';
import type { SubjectProcess } from './subject-process.ts';
import { loadServerSettings } from './work-store.ts';

/** Of the repeats asked for, how many a measurement that takes long gets. */
const LONG_SHARE = 0.4;

export interface BenchRun {
  readonly samples: readonly Sample[];
  readonly server: Readonly<Record<string, string>>;
  /** How long each measurement took, by its first row. */
  readonly seconds: Readonly<Record<string, number>>;
}

export interface Surroundings {
  readonly say: (line: string) => void;
  /** Ends the run early: the subjects go, then the Postgres, then its files. */
  readonly signal: AbortSignal;
}

export async function runBench(options: BenchOptions, surroundings: Surroundings): Promise<BenchRun> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-bench-'));
  await chmod(folder, 0o711);
  const cluster = await openEmbeddedCluster(folder);
  try {
    const server = await loadServerSettings(cluster.url);
    const samples: Sample[] = [];
    const seconds: Record<string, number> = {};
    for (const [index, measurement] of chosen(options).entries()) {
      surroundings.say(measurement.rows.join(', '));
      const place = (name: string) => ({ databaseUrl: new URL(`/bench_${index}_${name}`, cluster.url).href, folder });
      const startedAt = performance.now();
      samples.push(...(await repeat(measurement, options, surroundings, place)));
      seconds[measurement.rows[0] ?? ''] = Math.round((performance.now() - startedAt) / 1_000);
    }
    return { samples, server, seconds };
  } finally {
    await cluster.stop();
    await rm(folder, { recursive: true });
  }
}

function chosen({ only, quick, growth }: BenchOptions): readonly Measurement[] {
  return (growth ? GROWTH : MEASUREMENTS).filter(
    ({ rows, long }) => !(quick && long) && (only === undefined || rows.some((name) => only.has(name))),
  );
}

interface Turn {
  readonly lab: Lab;
  readonly subject: SubjectProcess;
}

async function repeat(
  measurement: Measurement,
  options: BenchOptions,
  surroundings: Surroundings,
  place: (name: string) => { databaseUrl: string; folder: string },
): Promise<Sample[]> {
  const repeats = measurement.long ? Math.max(1, Math.round(options.repeats * LONG_SHARE)) : options.repeats;
  const turns = new Map<Kind, Turn>();
  const samples: Sample[] = [];
  const begin = async (kind: Kind, round: number): Promise<Turn> => {
    const name = `${kind === 'limit' ? 'dbos' : kind}_${round}`;
    const lab = new Lab({ kind, ...place(name), without: options.without });
    const turn = { lab, subject: await lab.open({ leaseTtlMs: measurement.leaseTtlMs }) };
    turns.set(kind, turn);
    return turn;
  };
  const end = async (): Promise<void> => {
    await Promise.all([...turns.values()].map(async ({ lab }) => await lab.close()));
    turns.clear();
  };
  const stop = (): void => void end();
  surroundings.signal.addEventListener('abort', stop, { once: true });
  try {
    for (let round = 0; round < repeats; round++) {
      for (const kind of measurement.kinds) {
        const { lab, subject } = turns.get(kind) ?? (await begin(kind, round));
        surroundings.signal.throwIfAborted();
        const sizes = options.quick ? QUICK : FULL;
        // Code that ran once is compiled and has its connections.
        if (round === 0 && !measurement.fresh) await measurement.measure(lab, subject, QUICK);
        const figures = await measurement.measure(lab, subject, sizes);
        samples.push({ kind, repeat: round, figures });
        surroundings.say(`  ${round + 1}/${repeats} ${kind} ${describe(figures)}`);
        if (measurement.fresh) await end();
      }
    }
  } finally {
    surroundings.signal.removeEventListener('abort', stop);
    await end();
  }
  return samples;
}

function describe(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${value.toFixed(2)}`)
    .join('  ');
}
