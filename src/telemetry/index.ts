// The telemetry room's face: subscribers to what the rooms below announce.
export { createLog } from './log.ts';
export { createMetrics } from './metrics.ts';
export type { Metrics } from './metrics.ts';
export type { Vitals } from './standing-figures.ts';
export { openTraces } from './traces.ts';
