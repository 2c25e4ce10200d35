// Writes what rooms announce as JSON lines on stderr; stdout is for results.
import { destination, pino } from 'pino';
import type { Emit } from '../kernel/index.ts';

/** `silent` writes nothing. Every line is redacted as a whole, whatever it was made of. */
export function createLog(level: string, redact: (text: string) => string = (text) => text): Emit {
  const stderr = destination({ dest: 2, sync: true });
  const redacted = { write: (line: string) => stderr.write(redact(line)) };
  const log = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, redacted);
  return ({ level: eventLevel, name, fields, trace }) => {
    if (!log.isLevelEnabled(eventLevel)) return;
    log[eventLevel](trace ? { ...fields, traceId: trace.traceId, spanId: trace.spanId } : fields, name);
  };
}
