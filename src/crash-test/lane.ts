// One chain of processes on a database and doubles of its own: each rescues the run of the one before, then dies in its own.
import type { Knex } from 'knex';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Boundary } from '../durable/index.ts';
import type { BoundaryPoint } from './boundary-point.ts';
import { Client, hasEnded } from './client.ts';
import type { RunAnswer, WorkflowName } from './client.ts';
import { countWorld, duplicatesOf, namesOfIds, withoutOwn } from './end-state.ts';
import type { EndState, WorldObject } from './end-state.ts';
import { NoAnswer, lookUntil } from './json-http.ts';
import { clearNotes, countNotes, countVerbs, listUnfinished, loadNodeEnds } from './lane-store.ts';
import type { Operation, Scenario } from './scenario.ts';
import { Disturbed, Victim, endError } from './victim.ts';
import type { VictimEnd } from './victim.ts';
import type { World } from './world.ts';

/** The victim is dead or about to be: its connection broke. */
const DYING_MS = 5_000;
/** A run has ended: its last boundaries come right behind. */
const LANDING_MS = 5_000;
const LOOK_EVERY_MS = 50;
const UNFINISHED_EVERY_MS = 200;
/** A busy machine costs processes their leases: then they get longer ones, up to this. */
const LONGEST_LEASE_MS = 32_000;
const MAX_RESCUERS = 6;

export interface LaneParts {
  readonly world: World;
  readonly knex: Knex;
  /** Of every process of this lane. */
  readonly settings: Readonly<Record<string, string>>;
  readonly adminKey: string;
  readonly leaseTtlMs: number;
  readonly runTimeoutMs: number;
}

/** The run ended and the victim lives: the boundary was not passed. */
class NotLanded extends Error {}

/** A run on its way. */
interface Ride {
  readonly scenario: Scenario;
  readonly key: string;
  id?: string;
}

// Of an execution that went on with a reopened run nobody is told that its end is written.
function isWhole(passed: readonly Boundary[], id: string): boolean {
  const own = passed.filter(({ runId }) => runId === id);
  return own.at(-1)?.phase === (own.some(({ name }) => name === 'reopen') ? 'ending' : 'ended');
}

interface Look {
  readonly run: RunAnswer;
  /** Nobody does anything to it any more. */
  readonly ended: boolean;
}

export class Lane {
  readonly #parts: LaneParts;
  readonly #published = new Map<string, WorkflowName>();
  readonly #runs: string[] = [];
  #leaseTtlMs: number;
  #victim: Victim | undefined;

  constructor(parts: LaneParts) {
    this.#parts = parts;
    this.#leaseTtlMs = parts.leaseTtlMs;
  }

  /** Plays the scenario without a fault: how it ends, and the boundaries that it passes. */
  async undisturbed(scenario: Scenario): Promise<{ end: EndState; boundaries: readonly Boundary[] }> {
    const { ride, victim } = await this.#begin(scenario);
    const run = await this.#untilEnded(ride, victim);
    const boundaries = await lookUntil(
      async () => {
        const passed = await victim.boundariesOf([run.id, ...run.children.map(({ runId }) => runId)]);
        return isWhole(passed, run.id) ? passed : undefined;
      },
      { timeoutMs: LANDING_MS, everyMs: LOOK_EVERY_MS },
    );
    if (!boundaries) throw new Error(`the run is ${run.status}, which is no end: ${run.waiting ?? run.error?.message}`);
    return { end: await this.#endOf(run), boundaries };
  }

  /** Plays the scenario, kills its process at `point`, lets another one take over, and tells how that ends. */
  async killedAt(scenario: Scenario, point: BoundaryPoint): Promise<EndState> {
    const { ride, victim } = await this.#begin(scenario);
    await victim.arm(point, this.#runs);
    await this.#untilDead(ride, victim);
    for (let rescuers = 1; ; rescuers++) {
      try {
        const end = await this.#endOf(await this.#untilEnded(ride, await this.#live()));
        this.#calm();
        return end;
      } catch (error) {
        if (!(error instanceof Disturbed) || rescuers === MAX_RESCUERS) throw error;
      }
    }
  }

  /** Runs that have no end in the engine although the API says that they ended. */
  async unfinished(): Promise<readonly string[]> {
    // A lane that had nothing to do has no tables.
    if (this.#runs.length === 0) return [];
    await this.#live();
    const { knex, runTimeoutMs: timeoutMs } = this.#parts;
    const none = async () => ((await listUnfinished(knex)).length === 0 ? [] : undefined);
    return (await lookUntil(none, { timeoutMs, everyMs: UNFINISHED_EVERY_MS })) ?? (await listUnfinished(knex));
  }

  async close(): Promise<void> {
    if (this.#victim?.isAlive) await this.#victim.kill();
  }

  async #begin(scenario: Scenario): Promise<{ ride: Ride; victim: Victim }> {
    const victim = await this.#live();
    await this.#parts.world.prepare(scenario);
    await clearNotes(this.#parts.knex);
    await this.#whileAlive(victim, async () => await this.#publish(scenario, victim));
    return { ride: { scenario, key: randomUUID() }, victim };
  }

  async #live(): Promise<Victim> {
    if (this.#victim?.isAlive) return this.#victim;
    const settings = { ...this.#parts.settings, BREAKWATER_LEASE_TTL: `${this.#leaseTtlMs}ms` };
    try {
      this.#victim = await Victim.start(settings);
      return this.#victim;
    } catch (error) {
      throw this.#disturbed(error);
    }
  }

  #disturbed(error: unknown): unknown {
    if (error instanceof Disturbed) this.#leaseTtlMs = Math.min(this.#leaseTtlMs * 2, LONGEST_LEASE_MS);
    return error;
  }

  // The machine may be quiet again: a take-over waits for the whole lease.
  #calm(): void {
    this.#leaseTtlMs = Math.max(this.#parts.leaseTtlMs, Math.round(this.#leaseTtlMs * 0.8));
  }

  async #publish({ name, workflow, also = [] }: Scenario, victim: Victim): Promise<void> {
    if (this.#published.has(name)) return;
    for (const each of also) await this.#client(victim).publish(each);
    const known = 'coded' in workflow ? { workflow: workflow.coded } : await this.#client(victim).publish(workflow);
    this.#published.set(name, known);
  }

  #client({ url }: Victim): Client {
    return new Client(url, this.#parts.adminKey);
  }

  // Started, and asked for as long as it runs; what it waits for is answered on the way, what operators do is done.
  async #look(ride: Ride, victim: Victim): Promise<Look> {
    const client = this.#client(victim);
    if (ride.id === undefined) {
      const name = this.#published.get(ride.scenario.name);
      if (!name) throw new TypeError(`${ride.scenario.name} was not published`);
      ride.id = await client.start(name, ride.scenario, ride.key);
      this.#runs.push(ride.id);
    }
    // Told before the run is asked for: what was done meanwhile shows in the run, and is done once.
    const next = await this.#nextOperation(ride.scenario, ride.id);
    const run = await client.run(ride.id);
    if (next?.when === run.status) await client.operate(ride.id, next);
    else if (run.status === 'waiting') await client.answer(ride.id, ride.scenario);
    return { run, ended: hasEnded(run, next) };
  }

  async #nextOperation({ operate = [] }: Scenario, id: string): Promise<Operation | undefined> {
    return operate.length === 0 ? undefined : operate[await countVerbs(this.#parts.knex, id)];
  }

  // Each process has the whole time: what it cost that others lost their leases is no time of the run.
  async #untilEnded(ride: Ride, victim: Victim): Promise<RunAnswer> {
    const startedAt = performance.now();
    for (;;) {
      const { run, ended } = await this.#whileAlive(victim, async () => await this.#look(ride, victim));
      if (ended) return run;
      this.#checkTime(startedAt, run);
      await sleep(LOOK_EVERY_MS);
    }
  }

  // Nobody is to die here: a process that gives no answer has lost its lease.
  async #whileAlive<T>(victim: Victim, act: () => Promise<T>): Promise<T> {
    try {
      return await act();
    } catch (error) {
      if (!(error instanceof NoAnswer)) throw error;
      throw this.#disturbed(endError(await this.#deathOf(victim, error)));
    }
  }

  async #untilDead(ride: Ride, victim: Victim): Promise<void> {
    const end = await this.#endOfVictim(ride, victim);
    if (!end.atBoundary) throw this.#disturbed(endError(end));
  }

  async #endOfVictim(ride: Ride, victim: Victim): Promise<VictimEnd> {
    const startedAt = performance.now();
    while (victim.isAlive) {
      try {
        const { run, ended } = await this.#look(ride, victim);
        if (ended) return await this.#landing(victim, run);
        this.#checkTime(startedAt, run);
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        return await this.#deathOf(victim, error);
      }
      await sleep(LOOK_EVERY_MS);
    }
    return await victim.ended;
  }

  async #landing(victim: Victim, run: RunAnswer): Promise<VictimEnd> {
    const end = await Promise.race([victim.ended, sleep(LANDING_MS)]);
    if (end) return end;
    throw new NotLanded(`the run ended as ${run.status} and did not pass the boundary`);
  }

  async #deathOf(victim: Victim, error: NoAnswer): Promise<VictimEnd> {
    const end = await Promise.race([victim.ended, sleep(DYING_MS)]);
    if (end) return end;
    throw error;
  }

  #checkTime(startedAt: number, { status, waiting }: RunAnswer): void {
    const { runTimeoutMs } = this.#parts;
    if (performance.now() - startedAt < runTimeoutMs) return;
    const why = waiting === undefined ? '' : `: ${waiting}`;
    throw new Error(`the run is still ${status} after ${Math.round(runTimeoutMs / 1_000)} s${why}`);
  }

  async #endOf(run: RunAnswer): Promise<EndState> {
    const { world, knex } = this.#parts;
    const [objects, notes, nodes] = await Promise.all([world.objects(), countNotes(knex), loadNodeEnds(knex, run.id)]);
    return {
      status: run.status,
      cause: run.cause ?? null,
      output: withoutOwn(run.output ?? null, this.#own(run, objects)),
      nodes,
      world: { ...countWorld(objects), ...(notes > 0 && { 'memory note': { alive: notes, undone: 0 } }) },
      duplicates: duplicatesOf(objects),
    };
  }

  #own({ id }: RunAnswer, objects: readonly WorldObject[]): ReadonlyMap<string, string> {
    return new Map([
      ...namesOfIds(objects),
      [id, '<run>'],
      [id.slice(-8), '<end of run>'],
      [this.#parts.world.url, '<sandbox>'],
    ]);
  }
}
