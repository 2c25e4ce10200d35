// A process without an engine: what it starts and sends goes through DBOS's own client into the caller's transaction, for workers to take (K11).
import { DBOSClient } from '@dbos-inc/dbos-sdk';
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import type { Emit } from '../kernel/index.ts';
import { listenAtBoundaries } from './boundary.ts';
import type { BoundaryListener } from './boundary.ts';
import { dbosLogger } from './dbos-log.ts';
import { startProtocolAlarm } from './protocol-alarm.ts';
import { APPLICATION } from './protocol.ts';

let connected: DBOSClient | undefined;

/** The client of a process that launches no engine; undefined where the engine itself starts runs. */
export function durableClient(): DBOSClient | undefined {
  return connected;
}

export interface DurableClient {
  stop(): Promise<void>;
}

/** Instead of `launchDurable`: no lease, and no run is ever executed here. It tells when no worker is there to do so. */
export async function connectDurable(options: {
  readonly pool: Pool;
  readonly databaseUrl: string;
  readonly knex: Knex;
  readonly emit: Emit;
  /** For crash tests. */
  readonly onBoundary?: BoundaryListener;
}): Promise<DurableClient> {
  listenAtBoundaries(options.onBoundary);
  const client = await DBOSClient.create({
    systemDatabaseUrl: options.databaseUrl,
    systemDatabasePool: options.pool,
    applicationName: APPLICATION,
    logger: dbosLogger(options.emit),
  });
  connected = client;
  const alarm = startProtocolAlarm(options.knex, options.emit);
  return {
    async stop() {
      await alarm.stop();
      connected = undefined;
      await client.destroy();
    },
  };
}
