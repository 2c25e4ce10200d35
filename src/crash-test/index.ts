// The crash test's face: play scenarios, kill their process at every boundary, and hold each end against the undisturbed one.
export { createTrap } from './boundary-point.ts';
export { runCrashTest } from './crash-test.ts';
export { passed } from './matrix.ts';
export type { MatrixResult, Verdict } from './matrix.ts';
export { summaryText, verdictLine } from './report.ts';
export { readScenario } from './scenario.ts';
export type { Scenario } from './scenario.ts';
export { LAST_WORDS, order } from './victim-message.ts';
export type { Order, Report } from './victim-message.ts';
