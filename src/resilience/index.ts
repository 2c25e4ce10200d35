// The resilience room's face.
export { BREAKER_OPEN } from './breaker-refusal.ts';
export { createBreakerBoard } from './breaker-board.ts';
export type { BreakerBoard, BreakerView } from './breaker-board.ts';
export { openBreakers } from './breakers.ts';
export type { Breakers, BreakersOptions } from './breakers.ts';
export { EVERY_TENANT, breakerStates } from './breaker-store.ts';
export type { BreakerState, Verdict } from './breaker.ts';
export type { Entry, Pass } from './service-breaker.ts';
export { MAX_RETRY_AFTER_MS, nextAttempt } from './retry-policy.ts';
export type { NextAttempt } from './retry-policy.ts';
export { createSlots } from './slots.ts';
export type { SlotPriority, Slots } from './slots.ts';
