// Races: many starts under one key, many decisions on one approval; each has one winner, and everybody hears the same.
import { setTimeout as delay } from 'node:timers/promises';
import { until } from '../../support/until.ts';
import { loadApprovals, loadEnded } from './app-store.ts';
import type { Struck } from './strike.ts';
import type { World } from './world.ts';

/** `requests` starts under one key through all replicas at once. The checker wants one run of them. */
export async function raceStarts({ load }: World, requests: number): Promise<Struck> {
  const at = Date.now();
  const key = load.nextKey();
  const chosen = { workflow: 'saga', input: { refused: false, ms: 0 }, allowed: ['succeeded'] };
  const ids = await Promise.all(Array.from({ length: requests }, async () => await load.start(chosen, { key })));
  const distinct = new Set(ids).size;
  return { what: `${requests} starts under one key`, landed: distinct === 1, proof: `${distinct} run`, at };
}

/** `requests` decisions on one approval at once: one counts, unless its deadline came first. */
export async function raceDecisions(world: World, requests: number, late: boolean): Promise<Struck> {
  const { load, database, random } = world;
  const at = Date.now();
  const workflow = late ? 'late-approval' : 'approval';
  const run = await load.start({ workflow, input: {}, allowed: ['succeeded', 'rejected'] });
  load.leaveAlone(run);
  const approval = await until(async () => (await loadApprovals(database)).find((each) => each.run === run)?.id, {
    what: `the question of ${run}`,
    timeoutMs: 30_000,
  });
  // The deadline is two seconds after the question.
  if (late) await delay(random.int(1_700, 2_100));
  const decisions = Array.from({ length: requests }, () => random.pick(['approve', 'reject'] as const));
  const won = await Promise.all(decisions.map(async (decision) => await load.decide(approval, decision)));
  const winners = won.filter(Boolean).length;
  await until(async () => (await loadEnded(database, [run])).length > 0, { what: `${run} to end`, timeoutMs: 60_000 });
  const fair = winners === 1 || (late && winners === 0);
  return { what: `${requests} decisions on one approval`, landed: fair, proof: `${winners} of them counted`, at };
}
