// Postgres going read-only, refusing a login and killing backends under five campaigns: no compensation, nothing stuck, all succeed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import type { TestSandbox } from '../sandbox/open-sandbox.ts';
import { sampled } from '../support/whole.ts';
import { FINAL, ONE_CAMPAIGN, countCreated, decide, startCampaign, untilStatus } from './a-campaign.ts';

const CAMPAIGNS = 5;
const EACH = Object.fromEntries(Object.entries(ONE_CAMPAIGN).map(([what, count]) => [what, count * CAMPAIGNS]));

let sandbox: TestSandbox;
beforeAll(async () => {
  sandbox = await openSandbox();
});
afterAll(async () => await sandbox[Symbol.asyncDispose]());

interface Fault {
  readonly what: string;
  strike(url: string, database: string): Promise<void>;
  heal(url: string, database: string): Promise<void>;
}

const killBackends = (database: string): string =>
  `select pg_terminate_backend(pid) from pg_stat_activity where datname = '${database}' and pid <> pg_backend_pid()`;
/** A statement on the server's own database: the one under test may refuse us. */
const onServer = (url: string): string => new URL('/postgres', url).href;

const FAULTS: readonly Fault[] = [
  {
    what: 'Postgres is read-only for 3 s',
    async strike(url, database) {
      await execute(onServer(url), `alter database ${database} set default_transaction_read_only = on`);
      await execute(onServer(url), killBackends(database));
    },
    async heal(url, database) {
      await execute(onServer(url), `alter database ${database} reset default_transaction_read_only`);
      await execute(onServer(url), killBackends(database));
    },
  },
  {
    what: 'logins are refused for 3 s',
    async strike(url, database) {
      await execute(onServer(url), `alter database ${database} allow_connections false`);
      await execute(onServer(url), killBackends(database));
    },
    heal: async (url, database) =>
      void (await execute(onServer(url), `alter database ${database} allow_connections true`)),
  },
  {
    what: 'every backend is killed',
    strike: async (url, database) => void (await execute(onServer(url), killBackends(database))),
    heal: async () => undefined,
  },
];

describe('five running campaigns', () => {
  it.each(sampled(FAULTS))('all succeed, each effect once, although $what', async (fault) => {
    await sandbox.call('POST', '/_reset');
    const url = await createTestDatabase('infrastructure');
    const database = new URL(url).pathname.slice(1);
    const app = await AppProcess.start({
      databaseUrl: url,
      sandboxUrl: sandbox.url,
      env: { BREAKWATER_LEASE_TTL: '10s' },
    });
    try {
      await sandbox.fault({ vendor: 'slm', fault: 'delay', delayMs: 500 });
      const ids = await Promise.all(
        Array.from(
          { length: CAMPAIGNS },
          async (_, n) => await startCampaign(app, `campaign-${n}`, { campaign_name: `Spring ${n}` }),
        ),
      );
      await until(async () => (await sandbox.calls('slm')).length >= CAMPAIGNS, {
        what: 'all campaigns to be under way',
      });

      await fault.strike(url, database);
      const struckAt = performance.now();
      await until(() => performance.now() - struckAt > 3_000, { what: 'three seconds of the fault' });
      await fault.heal(url, database);

      for (const id of ids) {
        await untilStatus(app, id, ['waiting'], 60_000);
        await decide(app, id, { decision: 'approve' });
      }
      for (const id of ids) {
        const run = await untilStatus(app, id, FINAL, 60_000);
        expect(run).toMatchObject({ status: 'succeeded' });
        expect(run.compensation).toBeUndefined();
      }
      expect(countCreated(await sandbox.created())).toEqual(EACH);
      // DBOS records the end just after our own row did.
      const open = `select 1 from dbos.workflow_status where status <> 'SUCCESS'`;
      await until(async () => (await execute(url, open)).rows.length === 0, { what: 'every workflow to have ended' });
    } finally {
      await app.kill();
    }
  });
});
