// A launched engine on a database of its own, for the tests of the durable room. One a file: DBOS is a singleton.
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import { launchDurable, startInTransaction } from '../../src/durable/index.ts';
import type { Durable } from '../../src/durable/index.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createKnex, createPool } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';

export interface TestEngine {
  readonly url: string;
  readonly knex: Knex;
  readonly pool: Pool;
  readonly durable: Durable;
  readonly events: RoomEvent[];
  readonly stuck: { runId: string; error: unknown }[];
  readonly fatal: string[];
  start(workflow: string, input?: unknown, runId?: string): Promise<string>;
  workflowRow(
    runId: string,
  ): Promise<{ status: string; queue_name: string | null; owner_xid: string | null; error: string | null }>;
  stop(): Promise<void>;
}

let count = 0;

/** Workflows must be registered before. */
export async function openEngine({
  // Short, for tests wait for sweeps; not so short that a busy machine loses it, which ends the process.
  leaseTtlMs = 6_000,
  url,
  groupCheckpoints,
}: { leaseTtlMs?: number; url?: string; groupCheckpoints?: boolean } = {}): Promise<TestEngine> {
  const databaseUrl = url ?? (await createTestDatabase('durable'));
  const pool = createPool(databaseUrl, { max: 8, name: 'test-dbos' });
  const knex = createKnex(databaseUrl, { max: 8, name: 'test-engine' });
  const leaseKnex = createKnex(databaseUrl, { max: 2, name: 'test-lease' });
  const events: RoomEvent[] = [];
  const stuck: TestEngine['stuck'] = [];
  const fatal: string[] = [];
  const durable = await launchDurable({
    pool,
    databaseUrl,
    knex,
    leaseKnex,
    role: 'all',
    leaseTtlMs,
    groupCheckpoints,
    emit: (event) => events.push(event),
    onStuck: async (_trx, runId, error) => void stuck.push({ runId, error }),
    onFatal: (reason) => fatal.push(reason),
  });
  return {
    url: databaseUrl,
    knex,
    pool,
    durable,
    events,
    stuck,
    fatal,
    async start(workflow, input = null, runId = `run_test_${process.pid}_${count++}`) {
      const inserted = await knex.transaction(
        async (trx) => await startInTransaction(trx, { runId, name: workflow, input }),
      );
      await inserted.begin();
      return runId;
    },
    async workflowRow(runId) {
      const row = await knex('dbos.workflow_status as w')
        .leftJoin('dbos.workflow_output as o', 'o.workflow_uuid', 'w.workflow_uuid')
        .first('w.status', 'w.queue_name', 'w.owner_xid', 'o.error')
        .where('w.workflow_uuid', runId);
      return row as Awaited<ReturnType<TestEngine['workflowRow']>>;
    },
    async stop() {
      await durable.stop(5_000);
      await Promise.all([pool.end(), knex.destroy(), leaseKnex.destroy()]);
    },
  };
}
