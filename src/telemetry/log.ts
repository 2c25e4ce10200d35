// Writes what rooms announce as JSON lines on stderr; stdout is for results.
import { destination, pino } from 'pino';
import type { Emit } from '../kernel/index.ts';

/** `silent` writes nothing. Secrets never reach here: rooms keep them out of events. */
export function createLog(level: string): Emit {
  const log = pino(
    { level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ dest: 2, sync: true }),
  );
  return ({ level: eventLevel, name, fields }) => log[eventLevel](fields, name);
}
