// Tells a person of runs that nobody will ever execute: their protocol is served by no executor that is alive (D6).
import type { Knex } from 'knex';
import type { Emit } from '../kernel/index.ts';
import { listUnserved } from './alarm-store.ts';
import { repeat } from './loop.ts';
import type { Loop } from './loop.ts';

const EVERY_MS = 10_000;
/** A rolling restart leaves a protocol without an executor for a moment. */
const GRACE_MS = 10_000;
/** The same news at most this often. */
const QUIET_MS = 60_000;

export function startProtocolAlarm(knex: Knex, emit: Emit): Loop {
  const toldAt = new Map<string, number>();
  const look = async (): Promise<number> => {
    for (const { protocol, count } of await listUnserved(knex, GRACE_MS)) {
      const now = performance.now();
      if (now - (toldAt.get(protocol) ?? Number.NEGATIVE_INFINITY) < QUIET_MS) continue;
      toldAt.set(protocol, now);
      emit({ level: 'error', name: 'protocol.unserved', fields: { protocol, count, remedy: remedyOf(protocol) } });
    }
    return EVERY_MS;
  };
  return repeat({ name: 'protocol', emit, work: look, errorPauseMs: EVERY_MS });
}

function remedyOf(protocol: string): string {
  return `No executor that is alive serves ${protocol}: start one of the version that these runs began under, until they have ended.`;
}
