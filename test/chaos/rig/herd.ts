// The herd: many runs of one replica, killed; the others share them, within their slots, while the API goes on answering.
import { setTimeout as delay } from 'node:timers/promises';
import { loadExecutors } from './app-store.ts';
import { spreadOf } from './figures.ts';
import type { Struck } from './strike.ts';
import { TakeoverWatch } from './takeover.ts';
import type { World } from './world.ts';

const WORK_MS = 1_000;
const STARTERS = 16;
const PROBE_EVERY_MS = 50;
const MIN_LEFT = 0.5;
const MAX_SHARE_PERCENT = 80;
/** Below this one round of claims may take it all. */
const SHARED_FROM = 200;

export async function strikeHerd(world: World, runs: number): Promise<Struck> {
  const { fleet, database, load } = world;
  const patienceMs = 60_000 + runs * WORK_MS;
  // Apart from the other take-overs: a herd is claimed as its work goes on, not at once.
  const takeovers = new TakeoverWatch(database, patienceMs);
  const at = Date.now();
  const place = fleet.at(0);
  const { pid, id } = await place.ready();
  await startAll(world, runs);
  const executor = (await loadExecutors(database)).find((row) => row.pid === pid)?.id ?? '';
  place.hold();
  await place.end('SIGKILL');
  const diedAt = Date.now();
  const victims = await takeovers.follow(executor, diedAt);
  const probing = probeApi(world);
  await takeovers.settle();
  const left = await load.drain(patienceMs);
  place.release();
  await place.ready();
  const latency = spreadOf(await probing.stop());
  report(world, takeovers);
  world.figures.push({ name: 'API p99 beside the herd', value: latency.p99, unit: 'ms', limit: 1_000 });
  const proof = `${id} owned ${victims} of ${runs}; ${left.length} left; GET p50 ${latency.p50} ms, p99 ${latency.p99} ms of ${latency.count}`;
  return {
    what: `${runs} runs of one replica, killed`,
    landed: victims >= runs * MIN_LEFT && left.length === 0,
    proof,
    at,
  };
}

async function startAll({ load, fleet }: World, runs: number): Promise<void> {
  const chosen = { workflow: 'herd', input: { ms: WORK_MS }, allowed: ['succeeded'] };
  const at = (): string | undefined => fleet.at(0).url;
  let started = 0;
  const starter = async (): Promise<void> => {
    while (started++ < runs) await load.start(chosen, { at });
  };
  await Promise.all(Array.from({ length: STARTERS }, starter));
}

// What one executor took may not be nearly all of it.
function report({ figures, say }: World, { takeovers, orphans }: TakeoverWatch): void {
  const owners = takeovers.map(({ by }) => by ?? 'nobody');
  const counts = [...Map.groupBy(owners, (owner) => owner).values()]
    .map((same) => same.length)
    .toSorted((a, b) => b - a);
  say(`the herd was shared ${counts.join(' : ')}`);
  const share = Math.round(((counts[0] ?? 0) / Math.max(1, owners.length)) * 100);
  const limit = owners.length >= SHARED_FROM ? { limit: MAX_SHARE_PERCENT } : {};
  const { p50, max } = spreadOf(takeovers.map(({ ms }) => ms));
  figures.push(
    { name: 'the greatest share of the herd', value: share, unit: '%', ...limit },
    { name: 'half of the herd claimed after', value: p50, unit: 'ms' },
    { name: 'all of the herd claimed after', value: max, unit: 'ms' },
    { name: 'runs of the herd nobody claimed', value: orphans.length, unit: 'runs', limit: 0 },
  );
}

function probeApi({ api, fleet }: World): { stop(): Promise<number[]> } {
  const latencies: number[] = [];
  let stopped = false;
  const loop = async (): Promise<void> => {
    while (!stopped) {
      const url = fleet.anyUrl();
      const from = performance.now();
      if (url !== undefined) await api.try(url, { method: 'GET', path: '/v1/runs?limit=20' });
      latencies.push(Math.round(performance.now() - from));
      await delay(PROBE_EVERY_MS);
    }
  };
  const done = loop();
  return {
    async stop() {
      stopped = true;
      await done;
      return latencies;
    },
  };
}
