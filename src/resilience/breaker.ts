// The circuit breaker of one service: its states and what moves it from one to the next. Pure: the time is a parameter.
import { formatDuration } from '../kernel/index.ts';
import type { BreakerSettings } from '../kernel/index.ts';
import { addCalls, countCalls } from './breaker-window.ts';
import type { CallWindow } from './breaker-window.ts';

/** An operator's word, which holds until its time is over. */
export interface Force {
  readonly by: string;
  readonly reason: string;
  readonly untilMs: number;
}

/** The right to make the one call that tries a service. */
export interface Probe {
  readonly token: string;
  /** The executor that makes it; absent: a process without a lease. */
  readonly holder?: string;
  readonly expiresAtMs: number;
}

/** Calls go through. While forced they do not count. */
export interface Closed {
  readonly kind: 'closed';
  readonly epoch: number;
  /** In a row. */
  readonly failures: number;
  readonly lastFailureAtMs?: number;
  readonly window: CallWindow;
  readonly forced?: Force;
}

/** Calls are refused until `nextProbeAtMs`, which is the end of a force. */
export interface Open {
  readonly kind: 'open';
  readonly epoch: number;
  readonly openedAtMs: number;
  readonly nextProbeAtMs: number;
  readonly forced?: Force;
}

/** One call at a time tries the service. */
export interface HalfOpen {
  readonly kind: 'half_open';
  readonly epoch: number;
  readonly openedAtMs: number;
  readonly successes: number;
  readonly probe?: Probe;
}

/** `epoch` counts the changes from state to state: a call counts only in the epoch in which it began. */
export type BreakerState = Closed | Open | HalfOpen;

/** What becomes of a state. `why` says what made it another one; absent: it is still the same one. */
export interface Step {
  readonly state: BreakerState;
  readonly why?: string;
}

/** Calls with one outcome, told together. */
export interface Tally {
  readonly ok: boolean;
  readonly count: number;
  /** When the last of them ended. */
  readonly atMs: number;
  /** Of the acts that failed; successes ask for none. */
  readonly settings?: BreakerSettings;
}

/** How a call speaks for its service. `none`: it says nothing, such as one that was cancelled. */
export type Verdict = 'ok' | 'failed' | 'none';

export const NEW_BREAKER: Closed = closed(0);

/** What a call meets: it passes, it may try to be the probe, or it is refused for the time being. */
export type Admission = 'pass' | 'probe' | { readonly refusedForMs: number };

export function admit(state: BreakerState, nowMs: number): Admission {
  if (state.kind === 'closed') return 'pass';
  const untilMs = state.kind === 'open' ? state.nextProbeAtMs : (state.probe?.expiresAtMs ?? nowMs);
  return untilMs > nowMs ? { refusedForMs: untilMs - nowMs } : 'probe';
}

/** Gives `probe` the one try, if it is to be had. */
export function takeProbe(state: BreakerState, probe: Probe, nowMs: number): Step {
  if (state.kind === 'closed' || admit(state, nowMs) !== 'probe') return { state };
  if (state.kind === 'half_open') return { state: { ...state, probe } };
  const { epoch, openedAtMs } = state;
  return { state: { kind: 'half_open', epoch: epoch + 1, openedAtMs, successes: 0, probe }, why: 'it is time to try' };
}

/** What the probe said of the service. A probe whose lease another one took over is not heard. */
export function settleProbe(
  state: BreakerState,
  token: string,
  verdict: Verdict,
  settings: BreakerSettings,
  nowMs: number,
): Step {
  if (state.kind !== 'half_open' || state.probe?.token !== token) return { state };
  const { probe: _, ...rest } = state;
  if (verdict === 'failed') return { state: open(state.epoch + 1, settings, nowMs), why: 'the try failed' };
  if (verdict === 'none') return { state: rest };
  const successes = state.successes + 1;
  if (successes < settings.successes) return { state: { ...rest, successes } };
  return { state: closed(state.epoch + 1), why: `${successes} tries succeeded` };
}

/** Counts calls that began in `epoch`, in this order. */
export function count(state: BreakerState, epoch: number, tallies: readonly Tally[], nowMs: number): Step {
  let step: Step = { state };
  for (const tally of tallies) {
    if (step.state.kind !== 'closed' || step.state.epoch !== epoch || isForced(step.state, nowMs)) break;
    const { forced: _, ...current } = step.state;
    step = tally.ok ? { state: succeed(current, tally, nowMs) } : fail(current, tally, nowMs);
  }
  return step;
}

function isForced({ forced }: Closed, nowMs: number): boolean {
  return forced !== undefined && forced.untilMs > nowMs;
}

// A success that came before the last failure, and is only told after it, ends no row of failures.
function succeed(state: Closed, { count: ok, atMs }: Tally, nowMs: number): Closed {
  const window = addCalls(state.window, atMs, { ok, failed: 0 }, nowMs);
  return { ...state, window, failures: atMs >= (state.lastFailureAtMs ?? 0) ? 0 : state.failures };
}

function fail(state: Closed, { count: failed, atMs, settings }: Tally, nowMs: number): Step {
  let current = state;
  for (let call = 0; call < failed; call++) {
    const window = addCalls(current.window, atMs, { ok: 0, failed: 1 }, nowMs);
    const lastFailureAtMs = Math.max(atMs, current.lastFailureAtMs ?? 0);
    current = { ...current, window, lastFailureAtMs, failures: current.failures + 1 };
    const why = settings && tooMuch(current, settings, nowMs);
    if (settings && why !== undefined) return { state: open(current.epoch + 1, settings, nowMs), why };
  }
  return { state: current };
}

function tooMuch({ failures, window }: Closed, settings: BreakerSettings, nowMs: number): string | undefined {
  if (failures >= settings.failures) return `${failures} failures in a row`;
  const { ok, failed } = countCalls(window, settings.windowMs, nowMs);
  const calls = ok + failed;
  if (calls < 2 * settings.failures || failed / calls < settings.rate) return undefined;
  return `${failed} of ${calls} calls failed in ${formatDuration(settings.windowMs)}`;
}

/** An operator's word: open refuses everything until its end and then lets one call try, closed counts nothing until then. */
export function force(state: BreakerState, to: 'open' | 'closed', forced: Force, nowMs: number): Step {
  const why = forced.reason;
  const epoch = state.epoch + 1;
  if (to === 'closed') return { state: { ...closed(epoch), forced }, why };
  return { state: { kind: 'open', epoch, openedAtMs: nowMs, nextProbeAtMs: forced.untilMs, forced }, why };
}

/** The force that still holds. */
export function forceOf(state: BreakerState, nowMs: number): Force | undefined {
  const forced = state.kind === 'half_open' ? undefined : state.forced;
  return forced && forced.untilMs > nowMs ? forced : undefined;
}

function closed(epoch: number): Closed {
  return { kind: 'closed', epoch, failures: 0, window: [] };
}

function open(epoch: number, { openMs }: BreakerSettings, nowMs: number): Open {
  return { kind: 'open', epoch, openedAtMs: nowMs, nextProbeAtMs: nowMs + openMs };
}
