// Switches mechanisms of the engine off from outside, before or after it is launched: there are no such settings.
import { DBOSExecutor } from '@dbos-inc/dbos-sdk/internal/dbos-executor';
import pg from 'pg';
import { ExecutionMemory } from '../../src/durable/group-memory.ts';
import type { Mechanism } from '../mechanisms.ts';

/** Call before the app starts. Group checkpoints have a setting. */
export function switchOffBefore(without: ReadonlySet<Mechanism>): void {
  if (without.has('prepared')) forgetNames();
  if (without.has('memory')) forgetExecutions();
}

/** Call once the app is up. */
export function switchOffAfter(without: ReadonlySet<Mechanism>): void {
  const { systemDatabase } = DBOSExecutor.globalInstance ?? {};
  if (without.has('notify') && systemDatabase) systemDatabase.notificationsMap.callCallbacks = () => undefined;
}

function forgetNames(): void {
  const prototype: { query: (...args: unknown[]) => unknown } = pg.Client.prototype;
  const { query } = prototype;
  prototype.query = function unnamed(first, ...rest) {
    return query.call(this, isNamed(first) ? { text: first.text, values: first.values } : first, ...rest);
  };
}

function isNamed(query: unknown): query is { name: string; text: string; values?: unknown[] } {
  return typeof query === 'object' && query !== null && 'name' in query && query.name !== undefined && 'text' in query;
}

function forgetExecutions(): void {
  Object.defineProperties(ExecutionMemory.prototype, {
    isComplete: { get: () => false },
    isSeenNow: { get: () => false },
    vouchesFor: { value: () => false },
    isUnrecorded: { value: () => false },
    take: { value: () => undefined },
  });
}
