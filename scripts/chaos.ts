// `npm run chaos`: kills, stops, cuts off and confuses three replicas under load by a seeded plan, and checks every promise afterwards.
import { writeFile } from 'node:fs/promises';
import { Command, InvalidArgumentError, Option } from 'commander';
import { createRandom, INFRASTRUCTURE_SQLSTATES } from '../test/chaos/faults/index.ts';
import { FAMILIES, TIERS, makePlan, openWorld, planLines, resultLines, runChaos } from '../test/chaos/rig/index.ts';
import type { ChaosResult, Family, Tier } from '../test/chaos/rig/index.ts';

interface Options {
  readonly tier: Tier;
  readonly seed: number;
  readonly only?: readonly Family[];
  readonly scale: number;
  readonly runs?: number;
  readonly leaseTtl: number;
  readonly groupCheckpoints: 'on' | 'off';
  readonly json?: string;
  readonly plan?: boolean;
  readonly tellTimes?: boolean;
}

const TIMING = { activitySlots: 16, runsUnderWay: 30, startsPerSecond: 10 };

function parseNumber(text: string): number {
  const value = Number(text);
  if (!Number.isFinite(value) || value < 0) throw new InvalidArgumentError('must be a number');
  return value;
}

function parseFamilies(text: string): Family[] {
  const asked = text.split(',');
  const known = FAMILIES.filter((family) => asked.includes(family));
  if (known.length === asked.length) return known;
  throw new InvalidArgumentError(`must be some of ${FAMILIES.join(', ')}`);
}

function readOptions(): Options {
  return new Command('chaos')
    .addOption(new Option('--tier <tier>', 'how many of each').choices(Object.keys(TIERS)).default('change'))
    .option('--seed <number>', 'the same seed plans the same', parseNumber, Date.now() % 1_000_000)
    .option('--only <families>', `some of ${FAMILIES.join(', ')}`, parseFamilies)
    .option('--scale <factor>', 'multiplies every count', parseNumber, 1)
    .option('--runs <number>', 'size of the herd', parseNumber)
    .option('--lease-ttl <ms>', 'of the replicas', parseNumber, 5_000)
    .addOption(new Option('--group-checkpoints <on|off>', "off: DBOS's own path").choices(['on', 'off']).default('on'))
    .option('--json <file>', 'writes the whole result there')
    .option('--plan', 'only prints the plan')
    .option('--tell-times', 'a time over its limit is told but fails nothing: for a machine that others use too')
    .parse()
    .opts<Options>();
}

async function main(options: Options): Promise<number> {
  const { tier, seed, only, scale, runs } = options;
  const counts = { ...TIERS[tier], ...(runs !== undefined && { herd: Math.round(runs / scale) }) };
  const plan = makePlan({ seed, counts, only, scale, sqlstates: INFRASTRUCTURE_SQLSTATES }, createRandom(seed));
  console.log(planLines(plan).join('\n'));
  if (options.plan) return 0;
  const startedAt = performance.now();
  const say = (line: string): void =>
    console.log(`[${((performance.now() - startedAt) / 1_000).toFixed(1).padStart(7)} s] ${line}`);
  const { leaseTtl: leaseTtlMs, groupCheckpoints } = options;
  const fleet = { ...TIMING, leaseTtlMs, groupCheckpoints, replicas: plan.replicas };
  const world = await openWorld({ ...fleet, random: createRandom(seed + 1), say });
  let result: ChaosResult | undefined;
  try {
    say(`${plan.replicas} replicas are up; logs in ${world.folder}`);
    result = await runChaos(world, plan, { timesCount: !options.tellTimes });
    say('judged');
  } finally {
    await world.close({ keepFolder: !result?.passed });
  }
  console.log(resultLines(result).join('\n'));
  if (!result.passed) console.log(`The replicas' logs and facts.json are in ${world.folder}`);
  if (options.json !== undefined) await writeFile(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
  return result.passed ? 0 : 1;
}

// Everything was stopped and told: a request that still waits for a dead replica must not hold the end up.
process.exit(await main(readOptions()));
