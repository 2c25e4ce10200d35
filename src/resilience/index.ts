// The resilience room's face.
export { MAX_RETRY_AFTER_MS, nextAttempt } from './retry-policy.ts';
export type { NextAttempt } from './retry-policy.ts';
export { createSlots } from './slots.ts';
export type { SlotPriority, Slots } from './slots.ts';
