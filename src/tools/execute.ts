// One call outside of any run, while its caller waits: tried again like an activity, for as long as an answer may take.
import { RETRY_POLICIES } from '../definitions/index.ts';
import type { Clock, JsonObject, Outcome, Random, SecretPlace } from '../kernel/index.ts';
import { nextAttempt } from '../resilience/index.ts';
import type { Registry } from './registry.ts';

/** All attempts and the pauses between them: nobody waits longer for an answer. */
export const MAX_EXECUTION_MS = 60_000;
const ATTEMPT_TIMEOUT_MS = 30_000;
const POLICY = { ...RETRY_POLICIES.idempotent_api_call, maxElapsedMs: MAX_EXECUTION_MS };

export interface Execution {
  readonly tool: string;
  readonly action: string;
  readonly args: JsonObject;
  /** Where in them the caller wrote references to secrets. */
  readonly secrets?: readonly SecretPlace[];
  readonly key: string;
  /** May an earlier execution under this key have taken effect? */
  readonly suspect: boolean;
  readonly tenant: string;
  /** Once it settles no attempt follows the one in flight. */
  readonly stopped: Promise<void>;
}

export interface ExecutionParts {
  readonly registry: Registry;
  readonly clock: Clock;
  readonly random: Random;
}

export async function executeAction(parts: ExecutionParts, { stopped, ...call }: Execution): Promise<Outcome> {
  const { registry, clock, random } = parts;
  const startedAt = clock.now();
  let { suspect } = call;
  for (let attempt = 1; ; attempt += 1) {
    const left = MAX_EXECUTION_MS - (clock.now() - startedAt);
    const timeoutMs = Math.max(1, Math.min(ATTEMPT_TIMEOUT_MS, left));
    const outcome = await registry.invoke({ ...call, suspect, timeoutMs, runId: `execute_${call.key}` });
    if (outcome.ok) return outcome;
    const next = nextAttempt(POLICY, outcome.error, attempt, clock.now() - startedAt, random);
    if (next.kind === 'stop' || !(await pause(next.delayMs, stopped))) return outcome;
    suspect = outcome.error.unknown;
  }
}

/** False when it was cut short. */
async function pause(ms: number, stopped: Promise<void>): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(true), ms);
  void stopped.then(() => resolve(false));
  const whole = await promise;
  clearTimeout(timer);
  return whole;
}
