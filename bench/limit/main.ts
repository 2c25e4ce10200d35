// The limit: bare pg clients that insert rows like DBOS's, prepared, one row and one commit each. Nothing durable runs in here.
import pg from 'pg';
import { z } from 'zod';
import { serve, verb } from '../subject.ts';

const TABLE = `create table if not exists limit_outputs (like dbos.operation_outputs including all)`;
const INSERT = {
  name: 'insert',
  text: `insert into limit_outputs (workflow_uuid, function_id, function_name, output, started_at_epoch_ms, completed_at_epoch_ms)
         values ($1, $2, $3, $4, $5, $6)`,
};

let url = '';
let rounds = 0;

serve({
  open: verb(z.object({ databaseUrl: z.string() }), async ({ databaseUrl }) => {
    url = databaseUrl;
    const client = await connect();
    await client.query(TABLE);
    await client.end();
  }),
  insert: verb(z.object({ connections: z.number(), windowMs: z.number() }), async ({ connections, windowMs }) => {
    const clients = await Promise.all(Array.from({ length: connections }, connect));
    const round = rounds++;
    const startedAt = performance.now();
    const until = startedAt + windowMs;
    const counts = await Promise.all(clients.map((client, lane) => insertUntil(client, `${round}-${lane}`, until)));
    const elapsedMs = performance.now() - startedAt;
    await Promise.all(clients.map((client) => client.end()));
    const steps = counts.reduce((sum, count) => sum + count, 0);
    return { done: { workflows: 0, steps }, perSecond: (steps / elapsedMs) * 1_000 };
  }),
});

async function connect(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  return client;
}

async function insertUntil(client: pg.Client, workflow: string, until: number): Promise<number> {
  let count = 0;
  for (; performance.now() < until; count++) {
    const now = Date.now();
    await client.query({ ...INSERT, values: [workflow, count, 'step', '{"json":0}', now, now] });
  }
  return count;
}
