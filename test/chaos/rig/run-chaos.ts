// Runs a plan from its first phase to the verdict.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { check } from './check.ts';
import { collectFacts } from './collect.ts';
import type { Facts, Figure, Violation } from './facts.ts';
import { mostAtOnce, spreadOf } from './figures.ts';
import { strikeHerd } from './herd.ts';
import type { Phase, Plan, Step } from './plan.ts';
import { strikePoison } from './poison.ts';
import { raceDecisions, raceStarts } from './races.ts';
import { strike } from './strike.ts';
import type { SimpleStep, Struck } from './strike.ts';
import type { World } from './world.ts';

export interface PhaseResult {
  readonly family: Phase['family'];
  readonly planned: number;
  readonly struck: readonly Struck[];
  readonly seconds: number;
}

export interface ChaosResult {
  readonly plan: Plan;
  readonly phases: readonly PhaseResult[];
  readonly figures: readonly Figure[];
  readonly violations: readonly Violation[];
  readonly totals: Readonly<Record<string, number>>;
  readonly passed: boolean;
}

export interface Judging {
  /** Does a time over its limit fail the run, or is it only told? On a machine that others use too it says little. */
  readonly timesCount: boolean;
}

const SETTLE_MS = 120_000;

export async function runChaos(
  world: World,
  plan: Plan,
  judging: Judging = { timesCount: true },
): Promise<ChaosResult> {
  const phases: PhaseResult[] = [];
  await warmUp(world);
  for (const phase of plan.phases) {
    world.load.aim(phase.family === 'herd' ? 0 : world.runsUnderWay);
    if (phase.family === 'herd') await world.load.drain(SETTLE_MS);
    phases.push(await runPhase(world, phase, plan));
  }
  world.say('waiting for everything to end');
  await world.load.drain(SETTLE_MS);
  await world.takeovers.settle();
  // Whatever is left over shows itself once nobody is held up any more.
  await delay(world.leaseTtlMs);
  const facts = await collectFacts(world);
  // The databases go with us: what a violation is traced by stays.
  await writeFile(join(world.folder, 'facts.json'), JSON.stringify(facts));
  return judge({ world, plan, phases, facts, judging });
}

// A fault that meets no work proves nothing.
async function warmUp({ load, runsUnderWay }: World): Promise<void> {
  load.aim(runsUnderWay);
  await until(() => load.underWay >= runsUnderWay / 2 && load.ended > 0, { what: 'steady work', timeoutMs: 60_000 });
}

async function runPhase(world: World, phase: Phase, plan: Plan): Promise<PhaseResult> {
  const from = performance.now();
  const struck = await strikeAll(world, phase, plan);
  return { family: phase.family, planned: phase.steps.length, struck, seconds: (performance.now() - from) / 1_000 };
}

async function strikeAll(world: World, { family, steps }: Phase, plan: Plan): Promise<Struck[]> {
  const log = logger(world, family, steps.length);
  switch (family) {
    case 'commits':
    case 'sqlstates':
      return await inLanes(steps, plan.replicas, async (step) => log(await strike(world, simple(step))));
    case 'starts':
      return await inLanes(steps, 1, async (step) => log(await raceStarts(world, requestsOf(step))));
    case 'approvals':
      return await inLanes(steps, 8, async (step, index) =>
        log(await raceDecisions(world, requestsOf(step), index % 3 === 2)),
      );
    case 'poison':
      return (
        await strikePoison(
          world,
          steps.filter((step) => step.fault === 'poison'),
          plan.goodRuns,
        )
      ).map(log);
    case 'herd':
      return await inLanes(steps, 1, async (step) =>
        log(await strikeHerd(world, step.fault === 'herd' ? step.runs : 0)),
      );
    case 'kills':
    case 'pauses':
    case 'partitions':
    case 'clocks':
    case 'server':
    case 'restarts':
    case 'rolling':
    case 'listeners':
      return await inLanes(steps, 1, async (step) => log(await strike(world, simple(step))));
  }
}

/** Several at once, in order, each lane taking the next when its last is done. */
async function inLanes<T>(
  steps: readonly Step[],
  lanes: number,
  work: (step: Step, index: number) => Promise<T>,
): Promise<T[]> {
  const results: T[] = [];
  const queue = steps.entries();
  const lane = async (): Promise<void> => {
    for (const [index, step] of queue) results.push(await work(step, index));
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  return results;
}

function logger({ say }: World, family: string, planned: number): (struck: Struck) => Struck {
  let done = 0;
  return (struck) => {
    say(`${family} ${++done}/${planned} ${struck.landed ? 'landed' : 'MISSED'}: ${struck.what}: ${struck.proof}`);
    return struck;
  };
}

function simple(step: Step): SimpleStep {
  if (step.fault === 'start race' || step.fault === 'approval race' || step.fault === 'poison' || step.fault === 'herd')
    throw new TypeError(`${step.fault} is a phase of its own`);
  return step;
}

function requestsOf(step: Step): number {
  return 'requests' in step ? step.requests : 0;
}

interface Played {
  readonly world: World;
  readonly plan: Plan;
  readonly phases: readonly PhaseResult[];
  readonly facts: Facts;
  readonly judging: Judging;
}

function judge({ world, plan, phases, facts, judging }: Played): ChaosResult {
  const figures = [...world.figures, ...figuresOf(world, facts)];
  const judged = figures.filter(({ unit }) => judging.timesCount || unit !== 'ms');
  const violations = [...check(facts), ...judged.filter(isOver).map(overLimit)];
  const landed = phases.every(({ planned, struck }) => struck.filter((each) => each.landed).length >= planned);
  return {
    plan,
    phases,
    figures,
    violations,
    totals: totalsOf(world, facts),
    passed: landed && violations.length === 0,
  };
}

function figuresOf({ takeovers, leaseTtlMs, activitySlots }: World, facts: Facts): Figure[] {
  const spread = spreadOf(takeovers.takeovers.map(({ ms }) => ms));
  const limit = leaseTtlMs + 5_000;
  const takeover = (name: string, value: number, most?: number): Figure => ({
    name: `takeover ${name}`,
    value,
    unit: 'ms',
    ...(most !== undefined && { limit: most }),
  });
  const measured = spread.count > 0;
  return [
    ...(measured ? [takeover('p50', spread.p50), takeover('p95', spread.p95, limit), takeover('max', spread.max)] : []),
    { name: 'runs nobody took over', value: takeovers.orphans.length, unit: 'runs', limit: 0 },
    { name: 'acts at once in one process', value: mostActsAtOnce(facts), unit: 'acts', limit: activitySlots },
  ];
}

// Of the herd: acts that a cancel abandoned hold no slot but go on at the vendor.
function mostActsAtOnce({ calls, runs }: Facts): number {
  const herd = new Set(runs.filter((run) => run.workflow === 'herd').map((run) => run.id));
  const acts = calls.filter((call) => call.kind === 'act' && herd.has(call.run) && call.endedAt !== null);
  const byInstance = [...Map.groupBy(acts, (call) => call.instance).values()];
  return Math.max(
    0,
    ...byInstance.map((same) =>
      mostAtOnce(same.map(({ beganAt, endedAt }) => ({ from: beganAt, until: endedAt ?? beganAt }))),
    ),
  );
}

function isOver({ value, limit }: Figure): boolean {
  return limit !== undefined && value > limit;
}

function overLimit({ name, value, unit, limit }: Figure): Violation {
  return { rule: 'figure', what: `${name}: ${value} ${unit}, at most ${limit}` };
}

function totalsOf({ fleet, takeovers }: World, facts: Facts): Record<string, number> {
  const byStatus = Map.groupBy(facts.runs, (run) => run.status);
  return {
    runs: facts.runs.length,
    ...Object.fromEntries([...byStatus].map(([status, runs]) => [status, runs.length])),
    calls: facts.calls.length,
    effects: facts.effects.length,
    repeats:
      facts.calls.filter((call) => call.kind === 'act').length -
      new Set(facts.calls.filter((call) => call.kind === 'act').map((call) => call.key)).size,
    takeovers: takeovers.takeovers.length,
    boots: fleet.exits.length + fleet.replicas.length,
    unplannedExits: fleet.exits.filter(({ planned }) => !planned).length,
  };
}
