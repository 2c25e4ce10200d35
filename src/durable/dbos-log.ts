// What DBOS logs, as events of ours: its news is for whoever looks closely.
import type { Emit } from '../kernel/index.ts';

export function dbosLogger(emit: Emit) {
  const at = (level: 'debug' | 'info' | 'warn' | 'error') => (message: unknown) =>
    emit({
      level: level === 'info' ? 'debug' : level,
      name: 'dbos',
      fields: { message: message instanceof Error ? message.message : String(message) },
    });
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}
