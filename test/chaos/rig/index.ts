// The face of the chaos rig: plan, world, run, report.
export { FAMILIES, makePlan, TIERS } from './plan.ts';
export type { Family, Tier } from './plan.ts';
export { planLines, resultLines } from './report.ts';
export { runChaos } from './run-chaos.ts';
export type { ChaosResult } from './run-chaos.ts';
export { openWorld } from './world.ts';
