// Metrics: counts what is announced, and tells it with what is so at this moment in the words of Prometheus.
import { Registry, collectDefaultMetrics } from 'prom-client';
import type { Catalog } from '../definitions/index.ts';
import type { Emit } from '../kernel/index.ts';
import { activityNames } from './activity-names.ts';
import { countEvents } from './count-events.ts';
import { OTHER } from './label-bound.ts';
import { createSeries } from './series.ts';
import { standingFigures } from './standing-figures.ts';
import type { FiguresOptions } from './standing-figures.ts';

export interface Metrics {
  readonly tell: Emit;
  /** From now on actions are counted by the names that they have there. */
  nameBy(catalog: Catalog): void;
  /** What answers `GET /metrics`. */
  report(of: Omit<FiguresOptions, 'series'>): MetricsReport;
}

export interface MetricsReport {
  readonly contentType: string;
  text(): Promise<string>;
}

export function createMetrics(): Metrics {
  const series = createSeries();
  let names = (_action: string): string => OTHER;
  return {
    tell: countEvents(series, (action) => names(action)),
    nameBy(catalog) {
      names = activityNames(catalog);
    },
    report(of) {
      const refresh = standingFigures({ series, ...of });
      return {
        contentType: series.registry.contentType,
        async text() {
          await refresh();
          return `${await series.registry.metrics()}\n${await processFigures().metrics()}`;
        },
      };
    },
  };
}

let ofProcess: Registry | undefined;

// Node's observers live as long as the process, however many apps run in it.
function processFigures(): Registry {
  if (ofProcess) return ofProcess;
  ofProcess = new Registry();
  collectDefaultMetrics({ register: ofProcess });
  return ofProcess;
}
