// Listens on a channel of Postgres for as long as it is asked to: reconnects by itself, and notices a connection that only looks open.
import type pg from 'pg';
import { messageOf, silent, type Emit } from '../kernel/index.ts';
import { guardedClient } from './guarded-client.ts';
import { brandIfFromServer } from './own-database-error.ts';
import { sessionSettings } from './session.ts';

/** How often the connection must prove that it is alive; the client's watchdog gives up one that does not. */
const HEARTBEAT_MS = 5_000;
const MAX_RECONNECT_MS = 5_000;

export interface ListenerOptions {
  readonly channel: string;
  /** Shown as `application_name` in pg_stat_activity. */
  readonly name: string;
  /** Also called after each connect: what was told in between is lost. */
  readonly onNotice: () => void;
  readonly emit?: Emit;
}

export interface Listener {
  stop(): Promise<void>;
}

/** Returns at once; a server that cannot be reached is tried again for ever. */
export function listen(url: string, { channel, name, onNotice, emit = silent }: ListenerOptions): Listener {
  const ListeningClient = guardedClient({ watchdogMs: HEARTBEAT_MS, translate: brandIfFromServer, emit: silent });
  const stopping = new AbortController();
  const { signal } = stopping;

  const session = async (): Promise<void> => {
    const client = new ListeningClient(sessionSettings(url, name));
    const ended = new Promise<void>((resolve) => {
      client.once('end', resolve).once('error', () => resolve());
    });
    try {
      await client.connect();
      client.on('notification', onNotice);
      await client.query(`listen ${client.escapeIdentifier(channel)}`);
      onNotice();
      await untilBroken(client, ended, signal);
    } finally {
      // Not `end()`: on a connection that only looks open its goodbye would be waited for.
      client.connection.stream.destroy();
    }
  };
  const announce = (error: unknown): void =>
    emit({ level: 'debug', name: 'postgres.listener_lost', fields: { channel, reason: messageOf(error) } });
  const run = async (): Promise<void> => {
    for (let delayMs = 100; !signal.aborted; delayMs = Math.min(delayMs * 2, MAX_RECONNECT_MS)) {
      const startedAt = performance.now();
      await session().catch(announce);
      if (performance.now() - startedAt > HEARTBEAT_MS) delayMs = 100;
      await pause(delayMs, signal);
    }
  };
  const done = run();
  return {
    async stop() {
      stopping.abort();
      await done;
    },
  };
}

// A query now and then: silence on a listening connection means nothing, silence after a question does.
async function untilBroken(client: pg.Client, ended: Promise<void>, signal: AbortSignal): Promise<void> {
  for (;;) {
    await Promise.race([ended, pause(HEARTBEAT_MS, signal)]);
    if (signal.aborted) return;
    await client.query('select 1');
  }
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}
