// The circuit breaker as one would tell it: it keeps every call and counts anew each time. What the real one must be like.
import type { BreakerSettings } from '../../src/kernel/index.ts';

interface ToldCall {
  readonly ok: boolean;
  readonly atMs: number;
}

export class BreakerModel {
  kind: 'closed' | 'open' | 'half_open' = 'closed';
  epoch = 0;
  probe: { readonly token: string; readonly untilMs: number } | undefined;
  untilMs = 0;
  successes = 0;
  #calls: ToldCall[] = [];

  /** In the order in which they are told. */
  tell(epoch: number, call: ToldCall, settings: BreakerSettings, nowMs: number): void {
    if (this.kind !== 'closed' || epoch !== this.epoch || nowMs < this.untilMs) return;
    this.#calls.push(call);
    if (call.ok) return;
    const recent = this.#calls.filter(({ atMs }) => second(nowMs) - second(atMs) < settings.windowMs / 1_000);
    const failed = recent.filter(({ ok }) => !ok).length;
    const tooOften = recent.length >= 2 * settings.failures && failed / recent.length >= settings.rate;
    if (this.failures >= settings.failures || tooOften) this.#become('open', nowMs + settings.openMs);
  }

  get failures(): number {
    let row = 0;
    let lastMs = 0;
    for (const { ok, atMs } of this.#calls) {
      if (!ok) row += 1;
      else if (atMs >= lastMs) row = 0;
      if (!ok) lastMs = Math.max(lastMs, atMs);
    }
    return row;
  }

  ask(token: string, untilMs: number, nowMs: number): boolean {
    if (this.kind === 'closed') return false;
    if (this.kind === 'open' && nowMs < this.untilMs) return false;
    if (this.probe && nowMs < this.probe.untilMs) return false;
    if (this.kind === 'open') this.#become('half_open', 0);
    this.probe = { token, untilMs };
    return true;
  }

  settle(token: string, verdict: 'ok' | 'failed' | 'none', settings: BreakerSettings, nowMs: number): void {
    if (this.probe?.token !== token) return;
    this.probe = undefined;
    if (verdict === 'failed') this.#become('open', nowMs + settings.openMs);
    if (verdict !== 'ok') return;
    this.successes += 1;
    if (this.successes >= settings.successes) this.#become('closed', 0);
  }

  force(to: 'open' | 'closed', untilMs: number): void {
    this.#become(to, untilMs);
  }

  #become(kind: BreakerModel['kind'], untilMs: number): void {
    this.kind = kind;
    this.untilMs = untilMs;
    this.epoch += 1;
    this.successes = 0;
    this.probe = undefined;
    this.#calls = [];
  }
}

function second(ms: number): number {
  return Math.floor(ms / 1_000);
}
