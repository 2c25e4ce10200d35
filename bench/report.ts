// From the figures of every repeat to the report: medians, ratios and spread. Pure.
import type { Row } from './rows.ts';
import { median, spread } from './statistics.ts';

/** Who did the work: ours, DBOS by itself, or nobody but Postgres. */
export type Kind = 'breakwater' | 'dbos' | 'limit';

/** Row name -> figure, of one repeat of one subject. */
export type Figures = Readonly<Record<string, number>>;

export interface Sample {
  readonly kind: Kind;
  readonly repeat: number;
  readonly figures: Figures;
}

export interface ReportRow {
  readonly name: string;
  readonly unit: string;
  readonly breakwater: number | null;
  readonly dbos: number | null;
  readonly limit?: number;
  /** Ours over raw DBOS. Null where one of the two has no such figure. */
  readonly ratio: number | null;
  readonly repeats: number;
  /** (largest - smallest) / median of the repeats: of their ratios where there are two sides, else of their figures. */
  readonly spread: number;
}

/** A row for each that was measured, in the catalog's order. */
export function summarize(rows: readonly Row[], samples: readonly Sample[]): ReportRow[] {
  return rows.flatMap((row) => {
    const ours = valuesOf(samples, row.name, 'breakwater');
    const theirs = valuesOf(samples, row.name, 'dbos');
    const limits = valuesOf(samples, row.name, 'limit');
    const repeats = Math.max(ours.size, theirs.size, limits.size);
    if (repeats === 0) return [];
    const [breakwater, dbos, limit] = [ours, theirs, limits].map(medianOf);
    return {
      name: row.name,
      unit: row.unit,
      breakwater: breakwater ?? null,
      dbos: dbos ?? null,
      ...(limit !== undefined && { limit }),
      ratio: breakwater === undefined || dbos === undefined ? null : breakwater / dbos,
      repeats,
      spread: spread(comparable(ours, theirs, limits)),
    };
  });
}

function valuesOf(samples: readonly Sample[], name: string, kind: Kind): ReadonlyMap<number, number> {
  const values = new Map<number, number>();
  for (const sample of samples) {
    const value = sample.figures[name];
    if (sample.kind === kind && value !== undefined) values.set(sample.repeat, value);
  }
  return values;
}

function medianOf(values: ReadonlyMap<number, number>): number | undefined {
  return values.size === 0 ? undefined : median([...values.values()]);
}

// The two sides of a repeat ran within seconds of each other: their ratio varies less than either of them.
function comparable(
  ours: ReadonlyMap<number, number>,
  theirs: ReadonlyMap<number, number>,
  limits: ReadonlyMap<number, number>,
): number[] {
  if (ours.size === 0) return [...(theirs.size > 0 ? theirs : limits).values()];
  if (theirs.size === 0) return [...ours.values()];
  return [...ours].flatMap(([repeat, value]) => {
    const other = theirs.get(repeat);
    return other === undefined ? [] : [value / other];
  });
}
