// How busy all executors were, sample by sample, for as long as somebody looks. Pure.

export interface LoadSample {
  readonly atMs: number;
  /** Activities that run, that wait for a slot, and that may run at once. */
  readonly used: number;
  readonly queued: number;
  readonly capacity: number;
}

interface Busy {
  readonly slots: { readonly used: number; readonly queued: number; readonly capacity: number };
}

/** Older ones are forgotten: twenty minutes at a look each two seconds. */
const MOST_SAMPLES = 600;

export function sampleOf(executors: readonly Busy[], atMs: number): LoadSample {
  const sum = (what: keyof Busy['slots']): number => executors.reduce((all, { slots }) => all + slots[what], 0);
  return { atMs, used: sum('used'), queued: sum('queued'), capacity: sum('capacity') };
}

export function withSample(samples: readonly LoadSample[], sample: LoadSample): LoadSample[] {
  return [...samples, sample].slice(-MOST_SAMPLES);
}

/** Columns as the chart takes them: seconds, then a line each. */
export function columnsOf(samples: readonly LoadSample[]): [number[], number[], number[]] {
  return [
    samples.map(({ atMs }) => atMs / 1_000),
    samples.map(({ used }) => used),
    samples.map(({ queued }) => queued),
  ];
}

export function loadWords({ used, queued, capacity }: LoadSample): string {
  const waiting = queued === 0 ? 'none waits for one' : `${queued} ${queued === 1 ? 'waits' : 'wait'} for one`;
  return `${used} of ${capacity} slots in use, ${waiting}`;
}
