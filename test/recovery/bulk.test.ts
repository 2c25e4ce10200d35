// An action on many runs outlives the process that carries it out: another one goes on, and no run is told twice.
import { expect, it } from 'vitest';
import { startTestApp } from '../http/running-app.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';

const RUNS = 60;
const NAP = `
workflow: { name: nap, version: 1.0.0 }
modules: [{ id: nap, type: wait, wait: { for: 1h } }]
`;
const ASKED = { action: 'pause', filter: { workflow: 'nap' }, expectedCount: RUNS };
// The note that a run is done takes long: a process that is killed is killed between the verb and its note.
const SLOW_NOTES = `
  create function slowly() returns trigger language plpgsql as $$ begin perform pg_sleep(0.1); return new; end $$;
  create trigger slowly before update on breakwater.bulk_run for each row execute function slowly();
  grant execute on function slowly() to breakwater_app`;
const KEY = { 'idempotency-key': 'freeze' };

it('goes on in another process when its own is killed halfway', { timeout: 60_000 }, async () => {
  const databaseUrl = await createTestDatabase('bulk_killed');
  await execute(databaseUrl, SLOW_NOTES);
  const killed = await AppProcess.start({ databaseUrl });
  await killed.call('POST', '/v1/definitions', NAP, { 'content-type': 'application/yaml' });
  await Promise.all(
    Array.from({ length: RUNS }, async () => await killed.call('POST', '/v1/runs', { workflow: 'nap', input: {} })),
  );
  const { body: asked } = await killed.call('POST', '/v1/runs/bulk', ASKED, KEY);
  const path = `/v1/runs/bulk/${String(asked['id'])}`;
  const isUnderWay = async () => Number((await killed.call('GET', path)).body['done']) >= 5;
  await until(isUnderWay, { what: 'some to be done' });
  await killed.kill();
  await execute(databaseUrl, 'drop trigger slowly on breakwater.bulk_run');

  const next = await startTestApp('bulk_goes_on', { databaseUrl });
  const { rows: left } = await next.knex.raw<{ rows: unknown[] }>(
    'select 1 from breakwater.bulk_run where outcome is null',
  );
  const again = await next.call('/v1/runs/bulk', { body: ASKED, headers: KEY });
  const over = await next.call(`${path}?wait=30s`);
  const told = await next.knex.raw<{ rows: unknown[] }>(
    `select count(*)::int as told, count(distinct run_id)::int as runs from breakwater.event where kind = 'control.pause'`,
  );
  await next.stop();

  expect(left.length).toBeGreaterThan(0);
  expect(again.body).toMatchObject({ id: asked['id'] });
  expect(over.body).toMatchObject({ count: RUNS, done: RUNS, unchanged: 0, refused: 0, left: 0 });
  expect(told.rows).toEqual([{ told: RUNS, runs: RUNS }]);
});
