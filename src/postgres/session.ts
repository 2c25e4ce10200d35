// What every session with our Postgres has in common, whichever pool opens it. Pure.
import type { ClientConfig } from 'pg';

/** A transaction whose owner fell silent may hold its locks this long. */
const IDLE_IN_TRANSACTION_MS = 60_000;

/** Settings in the URL itself win over these. */
export function sessionSettings(url: string, name: string) {
  return {
    connectionString: url,
    application_name: name,
    keepAlive: true,
    // Finds the dead peer of an idle connection, such as one that listens, which the watchdog leaves alone.
    keepAliveInitialDelayMillis: 5_000,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
  } satisfies ClientConfig;
}
