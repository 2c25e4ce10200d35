// The calls of the last minutes, counted by second: what a failure rate is taken from. Pure.
import { MAX_BREAKER_WINDOW_MS } from '../kernel/index.ts';

export interface WindowSlot {
  /** Since the epoch, by the database's clock. */
  readonly second: number;
  readonly ok: number;
  readonly failed: number;
}

/** In order of time; seconds without a call are absent. */
export type CallWindow = readonly WindowSlot[];

export interface CallCounts {
  readonly ok: number;
  readonly failed: number;
}

/** Adds calls that ended at `atMs`, and forgets what is too old for any window. */
export function addCalls(window: CallWindow, atMs: number, calls: CallCounts, nowMs: number): CallWindow {
  const second = secondOf(atMs);
  const kept = window.filter((slot) => isWithin(slot.second, MAX_BREAKER_WINDOW_MS, nowMs));
  if (!isWithin(second, MAX_BREAKER_WINDOW_MS, nowMs)) return kept;
  const known = kept.find((slot) => slot.second === second) ?? { second, ok: 0, failed: 0 };
  const slot = { second, ok: known.ok + calls.ok, failed: known.failed + calls.failed };
  return [...kept.filter((each) => each !== known), slot].toSorted((a, b) => a.second - b.second);
}

/** The calls of the last `windowMs`, to the second. */
export function countCalls(window: CallWindow, windowMs: number, nowMs: number): CallCounts {
  const slots = window.filter((slot) => isWithin(slot.second, windowMs, nowMs));
  return {
    ok: slots.reduce((sum, slot) => sum + slot.ok, 0),
    failed: slots.reduce((sum, slot) => sum + slot.failed, 0),
  };
}

export function secondOf(atMs: number): number {
  return Math.floor(atMs / 1_000);
}

function isWithin(second: number, windowMs: number, nowMs: number): boolean {
  return secondOf(nowMs) - second < Math.ceil(windowMs / 1_000);
}
