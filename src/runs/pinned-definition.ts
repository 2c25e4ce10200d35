// The definitions that runs are pinned to, kept in the process: a version never changes, so what was read once need not be read again.
import type { Knex } from 'knex';
import { findPinned } from './definition-store.ts';
import type { PinnedDefinition } from './definition-store.ts';

/** What a run is pinned to (D6). */
export interface Pin {
  readonly tenant: string;
  readonly workflow: string;
  readonly version: string;
  readonly hash: string;
}

const MAX_KEPT = 500;

// The least recently used first.
const kept = new Map<string, PinnedDefinition>();

/** All runs share what is kept, its plan too. Undefined when there is no such version, or its content is another. */
export async function loadPinned(knex: Knex, pin: Pin): Promise<PinnedDefinition | undefined> {
  const { tenant, workflow, version, hash } = pin;
  const key = JSON.stringify([tenant, workflow, version, hash]);
  const read = kept.has(key) ? undefined : await findPinned(knex, tenant, workflow, version);
  const definition = kept.get(key) ?? read;
  return definition?.hash === hash ? keep(key, definition) : undefined;
}

function keep(key: string, definition: PinnedDefinition): PinnedDefinition {
  kept.delete(key);
  kept.set(key, definition);
  const [oldest] = kept.keys();
  if (kept.size > MAX_KEPT && oldest !== undefined) kept.delete(oldest);
  return definition;
}
