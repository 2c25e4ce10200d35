// Waits for a fact: the only way a test waits. Looks every 20 ms and fails with what it was waiting for.
import { setTimeout as delay } from 'node:timers/promises';

export interface UntilOptions {
  /** Default 10 s. */
  readonly timeoutMs?: number;
  /** Completes "Waited in vain for …". */
  readonly what: string;
}

/** The first result that is not false, null or undefined. A check that throws has not found it yet. */
export async function until<T>(
  check: () => T | Promise<T>,
  { timeoutMs = 10_000, what }: UntilOptions,
): Promise<Exclude<T, false | null | undefined>> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const { found, error } = await look(check);
    if (found !== undefined) return found;
    if (performance.now() > deadline) throw new Error(`Waited in vain for ${what}`, { cause: error });
    await delay(20);
  }
}

async function look<T>(
  check: () => T | Promise<T>,
): Promise<{ found?: Exclude<T, false | null | undefined>; error?: unknown }> {
  try {
    const found = await check();
    return isFound(found) ? { found } : {};
  } catch (error) {
    return { error };
  }
}

function isFound<T>(value: T): value is Exclude<T, false | null | undefined> {
  return value !== false && value !== null && value !== undefined;
}
