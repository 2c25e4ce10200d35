// The resilience room's face.
export { MAX_RETRY_AFTER_MS, nextAttempt } from './retry-policy.ts';
export type { NextAttempt } from './retry-policy.ts';
