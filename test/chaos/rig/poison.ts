// Poison beside good runs: workflows that take their process with them are set aside after a few crashes, the others never notice.
import { setTimeout as delay } from 'node:timers/promises';
import { loadEnded, loadRuns } from './app-store.ts';
import type { Step } from './plan.ts';
import type { Struck } from './strike.ts';
import type { World } from './world.ts';

const TIMEOUT_MS = 300_000;
const MAX_CRASHES = 5;

type Poison = Extract<Step, { fault: 'poison' }>;

export async function strikePoison(world: World, steps: readonly Poison[], goodRuns: number): Promise<Struck[]> {
  const { load, fleet, figures } = world;
  const at = Date.now();
  const goodBefore = load.ended;
  const exitsBefore = fleet.exits.length;
  load.aim(world.runsUnderWay);
  const ids = await Promise.all(
    steps.map(async ({ workflow }) => await load.start({ workflow, input: {}, allowed: ['stuck'] })),
  );
  const stuck = await untilStuck(world, ids);
  while (load.ended - goodBefore < goodRuns && Date.now() - at < TIMEOUT_MS) await delay(100);
  const crashes = fleet.exits.slice(exitsBefore).filter(({ planned }) => !planned).length;
  const limit = steps.length * MAX_CRASHES;
  figures.push({ name: 'crashes by poison', value: crashes, unit: 'crashes', limit });
  figures.push({ name: 'poison left at large', value: ids.length - stuck.size, unit: 'runs', limit: 0 });
  const claims = new Map((await loadRuns(world.database)).map((run) => [run.id, run.claims]));
  return steps.map(({ workflow }, index) => {
    const id = ids[index] ?? '';
    const proof = stuck.has(id) ? `stuck after ${claims.get(id) ?? 0} claims` : 'never set aside';
    return { what: `a run of ${workflow}`, landed: stuck.has(id), proof, at };
  });
}

async function untilStuck({ database }: World, ids: readonly string[]): Promise<Set<string>> {
  const deadline = Date.now() + TIMEOUT_MS;
  const stuck = new Set<string>();
  while (stuck.size < ids.length && Date.now() < deadline) {
    for (const { id } of await loadEnded(database, ids)) stuck.add(id);
    await delay(100);
  }
  return stuck;
}
