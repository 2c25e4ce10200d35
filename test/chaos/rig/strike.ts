// Strikes one planned fault and says whether it truly landed, with the proof.
import { setTimeout as delay } from 'node:timers/promises';
import { pauseProcess, resumeProcess } from '../faults/index.ts';
import type { ArmedFault, LandedFault, Match } from '../faults/index.ts';
import { until } from '../../support/until.ts';
import { endListeners, loadEnded, loadExecutors, loadOwned, loadWaiting } from './app-store.ts';
import type { CommitSite, Step } from './plan.ts';
import { describeStep } from './plan.ts';
import type { Replica } from './replica.ts';
import type { World } from './world.ts';

export interface Struck {
  readonly what: string;
  readonly landed: boolean;
  readonly proof: string;
  readonly at: number;
}

type FaultStep<Fault extends Step['fault']> = Extract<Step, { fault: Fault }>;
/** Faults that one call strikes; races, poison and herds are phases of their own. */
export type SimpleStep = Exclude<
  Step,
  { fault: 'start race' } | { fault: 'approval race' } | { fault: 'poison' } | { fault: 'herd' }
>;

const LANDING_MS = 30_000;
/** How often what a fault waits for is brought about, and how long each time may take to bring it. */
const PROVOCATIONS = 4;
const PROVOKED_MS = 10_000;
/** How often a replica is asked to stop until it ends by that. */
const ROLLS = 3;
const ZOMBIE_EXIT_MS = 5_000;
const OWNING_MS = 5_000;
const WORTH_KILLING = 3;
const CLOCK_MS = 1_200;

export async function strike(world: World, step: SimpleStep): Promise<Struck> {
  const at = Date.now();
  try {
    const proof = await proofOf(world, step);
    return { what: describeStep(step), landed: proof !== undefined, proof: proof ?? 'it never struck', at };
  } catch (error) {
    return {
      what: describeStep(step),
      landed: false,
      proof: error instanceof Error ? error.message : String(error),
      at,
    };
  }
}

async function proofOf(world: World, step: SimpleStep): Promise<string | undefined> {
  switch (step.fault) {
    case 'kill':
      return await kill(world, step);
    case 'pause':
      return await pause(world, step);
    case 'commit':
      return await loseCommit(world, step);
    case 'sqlstate':
      return await answerError(world, step);
    case 'partition':
      return await partition(world, step);
    case 'clock':
      return await shiftClock(world, step);
    case 'server':
      return await troubleServer(world, step);
    case 'restart':
      return await restart(world, step);
    case 'roll':
      return await roll(world, step);
    case 'listeners':
      return await endListening(world);
  }
}

async function kill({ fleet, takeovers, database }: World, { replica }: FaultStep<'kill'>): Promise<string> {
  const place = fleet.at(replica);
  const { id, pid, app } = await place.ready();
  const executor = await untilItOwns(database, pid);
  await fleet.anotherReady(replica);
  await place.end('SIGKILL');
  const victims = executor === undefined ? 0 : await takeovers.follow(executor, Date.now());
  return `${id} ended by ${app.child.signalCode} owning ${victims} runs`;
}

// A replica that just came up has nothing to lose yet.
async function untilItOwns(database: World['database'], pid: number): Promise<string | undefined> {
  const deadline = Date.now() + OWNING_MS;
  for (;;) {
    const executor = (await loadExecutors(database)).find((row) => row.pid === pid && row.live)?.id;
    const owned = executor === undefined ? 0 : (await loadOwned(database, executor)).length;
    if (owned >= WORTH_KILLING || Date.now() > deadline) return executor;
    await delay(20);
  }
}

async function pause(world: World, { replica, beyondLeaseMs }: FaultStep<'pause'>): Promise<string | undefined> {
  const place = world.fleet.at(replica);
  const { id, pid, app } = await place.ready();
  await world.fleet.anotherReady(replica);
  const from = Date.now();
  pauseProcess(pid);
  await delay(world.leaseTtlMs + beyondLeaseMs);
  resumeProcess(pid);
  const exited = await Promise.race([app.exitCode().then(() => true), delay(ZOMBIE_EXIT_MS, false)]);
  world.disturbances.push({ what: 'pause', instance: id, from, until: Date.now() });
  if (!exited) throw new Error(`${id} lives on ${ZOMBIE_EXIT_MS} ms after it woke up without a lease`);
  return `${id} ended by itself (${app.child.signalCode ?? app.child.exitCode}) after ${Date.now() - from} ms`;
}

async function loseCommit(world: World, step: FaultStep<'commit'>): Promise<string | undefined> {
  const { site, nth } = step;
  const arm = ({ proxy }: Replica): ArmedFault => proxy.ambiguousCommit({ match: matchOf(site), nth });
  return await ambush(world, step, arm, site === 'claim' ? handOver : undefined);
}

function matchOf(site: CommitSite): Match | undefined {
  if (site === 'any') return undefined;
  return site === 'transaction record' ? ({ kind, transaction }) => kind === 'record' && transaction.length > 0 : site;
}

async function answerError(world: World, step: FaultStep<'sqlstate'>): Promise<string | undefined> {
  const { site, code } = step;
  const arm = ({ proxy }: Replica): ArmedFault => proxy.answerError(code, { match: site });
  if (site === 'look-up') return await ambush(world, step, arm, handOver);
  return await ambush(world, step, arm, site === 'connect' ? reconnect : undefined);
}

/** Makes a statement come that steady work does not bring; answers the places at which it may. */
type Provoke = (world: World, replica: number) => { places: readonly Replica[]; act(): Promise<unknown> };

// A fault that waits for its statement, disturbing whatever instances it waits at from now until it strikes.
async function ambush(
  world: World,
  step: FaultStep<'commit' | 'sqlstate'>,
  arm: (place: Replica) => ArmedFault,
  provoke?: Provoke,
): Promise<string | undefined> {
  const from = Date.now();
  const provoked = provoke?.(world, step.replica);
  const places = provoked?.places ?? [world.fleet.at(step.replica)];
  const instances = await Promise.all(places.map(async (place) => (await place.ready()).id));
  const armed = places.map(arm);
  const struck = Promise.race(armed.map(({ done }) => done.then(() => true)));
  for (let time = 0; provoked && time < PROVOCATIONS; time++) {
    await provoked.act();
    // A replica that owned nothing hands nothing over: it is asked again.
    if (await Promise.race([struck, delay(PROVOKED_MS, false)])) break;
  }
  await Promise.race([struck, delay(LANDING_MS)]);
  for (const each of armed) each.disarm();
  const what = describeStep(step);
  world.disturbances.push(...instances.map((instance) => ({ what, instance, from, until: Date.now() })));
  return proofIn(armed.flatMap(({ landed }) => landed));
}

// The runs of a replica that stops are claimed and looked up by the others.
function handOver({ fleet }: World, replica: number): ReturnType<Provoke> {
  const places = fleet.replicas.filter(({ index }) => index !== replica);
  const act = async (): Promise<void> => {
    await fleet.at(replica).ready();
    await fleet.at(replica).end('SIGTERM');
  };
  return { places, act };
}

// Pools keep their sessions: only a break makes them connect.
function reconnect({ fleet }: World, replica: number): ReturnType<Provoke> {
  const place = fleet.at(replica);
  const act = async (): Promise<void> => {
    await place.proxy.partition('reset');
    await place.proxy.heal();
  };
  return { places: [place], act };
}

async function partition(world: World, step: FaultStep<'partition'>): Promise<string | undefined> {
  const place = world.fleet.at(step.replica);
  const { id } = await place.ready();
  const from = Date.now();
  const armed = await place.proxy.partition(step.partition);
  if (step.partition === 'refuseNew') await endSessionsUntil(world, armed.landed);
  await delay(step.ms);
  await place.proxy.heal();
  const healedAt = Date.now();
  world.disturbances.push({ what: 'partition', instance: id, from, until: healedAt });
  await untilServing(world, place);
  world.figures.push({ name: 'serving after a partition', value: Date.now() - healedAt, unit: 'ms', limit: 15_000 });
  return proofIn(armed.landed);
}

// A pool at rest makes no new connection by itself, and the sessions that end may be those of others.
async function endSessionsUntil(world: World, landed: readonly LandedFault[]): Promise<void> {
  const from = Date.now();
  while (landed.length === 0 && Date.now() - from < LANDING_MS) {
    await endSessions(world);
    await delay(250);
  }
  world.disturbances.push({ what: 'sessions ended', from, until: Date.now() });
}

// Whether it is the same boot, or the next because its lease was lost.
async function untilServing({ api }: World, place: Replica): Promise<void> {
  const answers = async (): Promise<boolean> => {
    const { app } = await place.ready();
    return (await api.try(app.url, { method: 'GET', path: '/ready' }))?.status === 200;
  };
  await until(answers, { what: `replica ${place.index} to serve again`, timeoutMs: 30_000 });
}

async function endSessions({ server }: World): Promise<void> {
  await server.killBackends(5);
}

async function shiftClock(world: World, { replica, offsetMs }: FaultStep<'clock'>): Promise<string> {
  const place = world.fleet.at(replica);
  const { id } = await place.ready();
  const from = Date.now();
  const { what } = await place.clock.shift(offsetMs);
  await delay(CLOCK_MS);
  await place.clock.shift(0);
  world.disturbances.push({ what: 'clock', instance: id, from, until: Date.now() });
  await delay(CLOCK_MS / 4);
  return `${id}: ${what}`;
}

async function troubleServer(world: World, { what, ms }: FaultStep<'server'>): Promise<string | undefined> {
  const from = Date.now();
  const landed = await trouble(world, what, ms);
  world.disturbances.push({ what, from, until: Date.now() });
  return landed?.what;
}

async function trouble(
  { server }: World,
  what: FaultStep<'server'>['what'],
  ms: number,
): Promise<LandedFault | undefined> {
  if (what === 'killBackends') return await server.killBackends();
  if (what === 'exhaust') {
    await using taken = await server.exhaustConnections();
    await delay(ms);
    return taken.landed;
  }
  const landed = await server[what](true);
  await delay(ms);
  await server[what](false);
  return landed;
}

async function restart(world: World, { mode, downMs }: FaultStep<'restart'>): Promise<string> {
  const from = Date.now();
  const { what } = await world.server.restart(mode, downMs);
  const upAt = Date.now();
  world.disturbances.push({ what: 'restart', from, until: upAt });
  const progressMs = await untilProgress(world, upAt);
  world.figures.push({ name: 'progress after Postgres is up', value: progressMs, unit: 'ms', limit: 10_000 });
  return `${what}; a run ended ${progressMs} ms after it was up`;
}

const PROGRESS_MS = 30_000;

async function untilProgress({ load }: World, since: number): Promise<number> {
  while (load.lastEndedAt <= since) {
    if (Date.now() - since > PROGRESS_MS) throw new Error(`no run ended in ${PROGRESS_MS} ms after Postgres was up`);
    await delay(20);
  }
  return load.lastEndedAt - since;
}

async function roll({ fleet }: World, { replica }: FaultStep<'roll'>): Promise<string> {
  const place = fleet.at(replica);
  for (let time = 1; ; time++) {
    const from = Date.now();
    const { id, app } = await place.end('SIGTERM');
    const tookMs = Date.now() - from;
    await place.ready();
    if (app.child.exitCode === 0) return `${id} ended after ${tookMs} ms with status 0`;
    // An earlier fault may have cost it its lease at this very moment; more often than that it cannot be.
    if (time === ROLLS) throw new Error(`${id} ended with ${app.child.exitCode ?? app.child.signalCode}`);
  }
}

// Notifications are lost; the message must wake its run all the same.
async function endListening(world: World): Promise<string | undefined> {
  const { load, database, disturbances, figures } = world;
  const run = await load.start({ workflow: 'message', input: {}, allowed: ['succeeded'] });
  await until(async () => (await loadWaiting(database, [run])).length > 0, {
    what: `${run} to wait`,
    timeoutMs: 15_000,
  });
  const from = Date.now();
  const ended = await endListeners(database);
  disturbances.push({ what: 'listeners', from, until: Date.now() });
  await load.sendMessage(run);
  const sentAt = Date.now();
  await until(async () => (await loadEnded(database, [run])).length > 0, { what: `${run} to wake`, timeoutMs: 30_000 });
  const wakeMs = Date.now() - sentAt;
  figures.push({ name: 'wake after lost listeners', value: wakeMs, unit: 'ms', limit: 10_000 });
  return ended > 0 ? `${ended} listening sessions ended; woken ${wakeMs} ms after the message` : undefined;
}

function proofIn(landed: readonly LandedFault[]): string | undefined {
  const [first] = landed;
  return first && `${first.what}${landed.length > 1 ? ` (${landed.length} times)` : ''}`;
}
