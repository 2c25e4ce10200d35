// Writes what rooms announce as JSON lines on stderr; stdout is for results.
import { destination, pino } from 'pino';
import type { Emit } from '../kernel/index.ts';

/** `silent` writes nothing. Every line is redacted as a whole, whatever it was made of. */
export function createLog(level: string, redact: (text: string) => string = (text) => text): Emit {
  const stderr = destination({ dest: 2, sync: true });
  const lines = gatherTurns((text) => stderr.write(redact(text)));
  const log = pino({ level, base: undefined, timestamp: pino.stdTimeFunctions.isoTime }, lines);
  return ({ level: eventLevel, name, fields, trace }) => {
    if (!log.isLevelEnabled(eventLevel)) return;
    log[eventLevel](trace ? { ...fields, traceId: trace.traceId, spanId: trace.spanId } : fields, name);
    // The process may be about to end because of it.
    if (eventLevel === 'warn' || eventLevel === 'error') lines.flush();
  };
}

// Runs end in groups: the lines of one turn of the event loop are one write, and each write wakes whoever reads.
function gatherTurns(write: (text: string) => void): { write(line: string): void; flush(): void } {
  let waiting = '';
  const flush = (): void => {
    const text = waiting;
    waiting = '';
    if (text !== '') write(text);
  };
  process.on('exit', flush);
  return {
    write(line) {
      if (waiting === '') setImmediate(flush);
      waiting += line;
    },
    flush,
  };
}
