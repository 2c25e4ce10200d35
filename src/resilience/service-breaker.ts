// The breaker of one service as this process knows it: the shared row, and on top of it what this process has seen and not yet told.
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { DEFAULT_BREAKER, MAX_BREAKER_WINDOW_MS, messageOf } from '../kernel/index.ts';
import type { BreakerSettings, BreakerUse, Clock, Emit, Failure, Random } from '../kernel/index.ts';
import { isOwnDatabaseError } from '../postgres/index.ts';
import { NEW_BREAKER, admit, count, forceOf, settleProbe, takeProbe } from './breaker.ts';
import type { BreakerState, Step, Tally, Verdict } from './breaker.ts';
import { refusalOf } from './breaker-refusal.ts';
import type { BreakerKey, Change, StoredBreaker } from './breaker-store.ts';
import { countCalls, secondOf } from './breaker-window.ts';
import { ParkedActs } from './parked.ts';

/** A probe's lease outlives its call by so much: the call ends first. */
const PROBE_GRACE_MS = 5_000;
/** Those whom a probe under way refuses come back no later than this: most probes are short. */
const HALF_OPEN_RETRY_MS = 5_000;
/** How often successes are told while there are failures in the window. */
const TELL_SUCCESSES_MS = 1_000;
const RETRY_MS = 1_000;

/** A call that may go on. `leave` is heard once. */
export interface Pass {
  readonly refused?: undefined;
  leave(verdict: Verdict): void;
}

export type Entry = Pass | { readonly refused: Failure };

/** What a service's breaker needs of its process. */
export interface BreakerParts {
  readonly clock: Clock;
  readonly random: Random;
  readonly emit: Emit;
  /** The executor that this process is; undefined: it has no lease. */
  readonly holder: () => string | undefined;
  readonly change: (key: BreakerKey, decide: (state: BreakerState, nowMs: number) => Step) => Promise<Change>;
  /** Reads the rows again, soon. */
  readonly reload: () => void;
}

interface MutableTally {
  ok: boolean;
  count: number;
  atMs: number;
  settings?: BreakerSettings;
}

export class ServiceBreaker {
  readonly key: BreakerKey;
  readonly parked: ParkedActs;
  readonly #parts: BreakerParts;
  #stored: BreakerState = NEW_BREAKER;
  #version = 0;
  /** `#stored` with what was not told yet. */
  #view: BreakerState = NEW_BREAKER;
  #untold: MutableTally[] = [];
  #telling: readonly Tally[] = [];
  #isTelling = false;
  /** The row was read while something was being told: that reading may hold it already. */
  #isStale = false;
  #isAsking = false;
  /** Of all calls of this process. */
  #failures = 0;
  /** The longest that calls of this process asked for. */
  #windowMs = DEFAULT_BREAKER.windowMs;
  #tellTimer: NodeJS.Timeout | undefined;
  #isStopped = false;
  readonly #underWay = new Set<Promise<Change>>();

  constructor(key: BreakerKey, parts: BreakerParts) {
    this.key = key;
    this.#parts = parts;
    this.parked = new ParkedActs(() => this.#outlook(), parts.random);
  }

  get state(): BreakerState {
    return this.#view;
  }

  /** Decided in memory, but for the one call that becomes the probe. An error of our own database is thrown: then nothing is known. */
  enter(use: BreakerUse, timeoutMs: number): Entry | Promise<Entry> {
    const nowMs = this.#parts.clock.now();
    const admission = admit(this.#view, nowMs);
    if (admission === 'pass') return this.#pass(use.settings);
    if (admission === 'probe') return this.#isAsking ? this.#refuse(0, nowMs) : this.#askForProbe(use, timeoutMs);
    return this.#refuse(admission.refusedForMs, nowMs);
  }

  /** May an act that waits for its service go on? Those who wait already go first. */
  get isServing(): boolean {
    return this.#view.kind === 'closed' && this.parked.size === 0;
  }

  /** The row as it was read. */
  adopt({ state, version }: StoredBreaker): void {
    if (this.#isTelling) this.#isStale = true;
    else this.#take(state, version);
  }

  /** What is being told is told; nothing is afterwards. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#tellTimer);
    this.parked.stop();
    await Promise.allSettled(this.#underWay);
  }

  #pass(settings: BreakerSettings): Pass {
    const { epoch } = this.#view;
    let left = false;
    return {
      leave: (verdict) => {
        if (left) return;
        left = true;
        if (verdict !== 'none' && this.#view.epoch === epoch) this.#note(verdict === 'ok', settings);
      },
    };
  }

  #refuse(refusedForMs: number, nowMs: number): { refused: Failure } {
    const { service } = this.key;
    const atMostMs = this.#view.kind === 'half_open' ? HALF_OPEN_RETRY_MS : Number.POSITIVE_INFINITY;
    const refused = refusalOf(service, this.#view, Math.min(refusedForMs, atMostMs), nowMs, this.#parts.random);
    this.#parts.emit({ level: 'debug', name: 'breaker.refused', fields: { service } });
    return { refused };
  }

  async #askForProbe({ settings }: BreakerUse, timeoutMs: number): Promise<Entry> {
    const token = randomUUID();
    const holder = this.#parts.holder();
    this.#isAsking = true;
    try {
      const lease = { token, ...(holder !== undefined && { holder }) };
      const { after, nowMs } = await this.#change('asked', { token }, (state, now) =>
        takeProbe(state, { ...lease, expiresAtMs: now + timeoutMs + PROBE_GRACE_MS }, now),
      );
      this.adopt(after);
      if (after.state.kind === 'closed') return this.#pass(settings);
      if (after.state.kind === 'half_open' && after.state.probe?.token === token) return this.#probe(token, settings);
      const admission = admit(after.state, nowMs);
      return this.#refuse(typeof admission === 'object' ? admission.refusedForMs : 0, nowMs);
    } finally {
      this.#isAsking = false;
    }
  }

  #probe(token: string, settings: BreakerSettings): Pass {
    let left = false;
    return {
      leave: (verdict) => {
        if (left) return;
        left = true;
        void this.#settle(token, verdict, settings);
      },
    };
  }

  // Told until it is heard: only a lost lease of the probe ends it sooner.
  async #settle(token: string, verdict: Verdict, settings: BreakerSettings): Promise<void> {
    while (!this.#isStopped) {
      try {
        const { after } = await this.#change('tried', { token, verdict }, (state, now) =>
          settleProbe(state, token, verdict, settings, now),
        );
        return this.adopt(after);
      } catch (error) {
        this.#announceLoss(error);
        await delay(RETRY_MS * (0.5 + this.#parts.random()));
      }
    }
  }

  #note(ok: boolean, settings: BreakerSettings): void {
    const { service } = this.key;
    const atMs = this.#parts.clock.now();
    if (forceOf(this.#view, atMs)) return;
    this.#windowMs = Math.max(this.#windowMs, settings.windowMs);
    const last = this.#untold.at(-1);
    const isLike = last?.ok === ok && secondOf(last.atMs) === secondOf(atMs) && (ok || last.settings === settings);
    if (last && isLike) {
      last.count += 1;
      last.atMs = atMs;
    } else {
      this.#forgetBefore(atMs - MAX_BREAKER_WINDOW_MS);
      this.#untold.push({ ok, count: 1, atMs, ...(!ok && { settings }) });
    }
    if (ok && !this.#hasFailed()) return;
    if (!ok) this.#failures += 1;
    if (!ok) this.#parts.emit({ level: 'debug', name: 'breaker.failure', fact: true, fields: { service } });
    const endsFailures = ok && this.#failuresInARow() > 0;
    this.#fold();
    if (!ok || endsFailures) void this.#tell();
    else this.#tellLater();
  }

  #forgetBefore(atMs: number): void {
    const kept = this.#untold.findIndex((tally) => tally.atMs >= atMs);
    if (kept > 0) this.#untold.splice(0, kept);
  }

  #failuresInARow(): number {
    return this.#view.kind === 'closed' ? this.#view.failures : 0;
  }

  /** A failure in the window asks for the successes beside it: a breaker without one is quiet and tells nothing. */
  #hasFailed(): boolean {
    if (this.#view.kind !== 'closed') return false;
    if (this.#view.failures > 0) return true;
    return countCalls(this.#view.window, this.#windowMs, this.#parts.clock.now()).failed > 0;
  }

  #fold(): void {
    const tallies = [...this.#telling, ...this.#untold];
    this.#show(count(this.#stored, this.#stored.epoch, tallies, this.#parts.clock.now()).state);
  }

  #show(state: BreakerState): void {
    const from = this.#view.kind;
    this.#view = state;
    if (from !== state.kind) {
      const fields = { service: this.key.service, from, to: state.kind };
      this.#parts.emit({ level: 'debug', name: 'breaker.seen', fields });
    }
    this.parked.look();
  }

  #take(state: BreakerState, version: number): void {
    if (version < this.#version) return;
    // What this process had not told belongs to a time that is over.
    if (state.epoch !== this.#stored.epoch) this.#untold = [];
    this.#stored = state;
    this.#version = version;
    const wasQuiet = !this.#hasFailed();
    this.#fold();
    const isNews = this.#untold.some(({ ok }) => !ok) || this.#failuresInARow() > 0;
    if (isNews || (wasQuiet && this.#hasFailed())) void this.#tell();
    else if (this.#untold.length > 0 && this.#hasFailed()) this.#tellLater();
  }

  #tellLater(): void {
    if (this.#isStopped) return;
    this.#tellTimer ??= setTimeout(() => void this.#tell(), TELL_SUCCESSES_MS).unref();
  }

  // One statement at a time; what happens meanwhile goes with the next one.
  async #tell(): Promise<void> {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    if (this.#isTelling || this.#isStopped || this.#untold.length === 0) return;
    this.#isTelling = true;
    const tallies = this.#untold;
    const { epoch } = this.#stored;
    this.#telling = tallies;
    this.#untold = [];
    try {
      const { after } = await this.#change('told', { epoch, tallies }, (state, now) =>
        count(state, epoch, tallies, now),
      );
      this.#telling = [];
      this.#isTelling = false;
      this.#take(after.state, after.version);
      if (this.#isStale) this.#parts.reload();
    } catch (error) {
      this.#telling = [];
      this.#isTelling = false;
      this.#untold = [...tallies, ...this.#untold];
      this.#announceLoss(error);
      this.#tellLater();
    }
    this.#isStale = false;
  }

  async #change(
    what: 'asked' | 'tried' | 'told',
    said: Readonly<Record<string, unknown>>,
    decide: (state: BreakerState, nowMs: number) => Step,
  ): Promise<Change> {
    const changing = this.#parts.change(this.key, decide);
    this.#underWay.add(changing);
    const change = await changing.finally(() => this.#underWay.delete(changing));
    const { before, after, nowMs } = change;
    const fields = { service: this.key.service, ...said, nowMs, version: after.version, isNew: before !== after };
    this.#parts.emit({ level: 'debug', name: `breaker.${what}`, fields });
    return change;
  }

  #announceLoss(error: unknown): void {
    const level = isOwnDatabaseError(error) ? 'debug' : 'error';
    const fields = { service: this.key.service, error: messageOf(error) };
    this.#parts.emit({ level, name: 'breaker.untold', fields });
  }

  #outlook(): ReturnType<ConstructorParameters<typeof ParkedActs>[0]> {
    const admission = admit(this.#view, this.#parts.clock.now());
    if (admission === 'pass') return { kind: 'served', failures: this.#failures };
    return admission === 'probe' ? { kind: 'tried' } : { kind: 'refused', forMs: admission.refusedForMs };
  }
}
