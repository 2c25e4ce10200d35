// `breakwater doctor` finds what is wrong with a set-up: each fault is planted in a real one, alone.
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { linkKeys } from '../../src/approvals/index.ts';
import { LEAST_FREE_BYTES, judgeDataDir } from '../../src/cli/doctor/check-data-dir.ts';
import { createKnex, listen } from '../../src/postgres/index.ts';
import { createEmptyDatabase, createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { sampled } from '../support/whole.ts';
import { breakwater } from './command-line.ts';
import { TransactionPooler } from './transaction-pooler.ts';

interface Answer {
  readonly ok: boolean;
  readonly findings: readonly { check: string; level: string; fault: string; remedy: string }[];
  readonly checks: readonly { check: string; looked: string }[];
}

interface SetUp {
  readonly url: string;
  readonly folder: string;
  readonly environment: Record<string, string>;
}

// The server of the tests loses what it acknowledged, on purpose: allowed here, that is a warning.
async function soundSetUp(): Promise<SetUp> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-doctor-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const url = await createTestDatabase('doctor');
  const environment = {
    DBOS_SYSTEM_DATABASE_URL: url,
    BREAKWATER_DATA_DIR: folder,
    BREAKWATER_WORKFLOWS_DIR: folder,
    BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
  };
  return { url, folder, environment };
}

async function examine(environment: Record<string, string>) {
  const ended = await breakwater(['doctor', '--json'], environment);
  const answer = ended.json() as Answer;
  return { exitCode: ended.exitCode, answer, problems: answer.findings.filter(({ level }) => level === 'problem') };
}

const databaseOf = (url: string): string => new URL(url).pathname.slice(1);

/** What a server or a login of another kind would answer, in place of what this one does. */
async function shadow(url: string, functionText: string): Promise<void> {
  await execute(url, `create schema planted; create function planted.${functionText}`);
  await execute(url, `alter database ${databaseOf(url)} set search_path = planted, pg_catalog, public`);
}

async function loginWithoutAppRole(url: string): Promise<string> {
  const login = `planted_${randomBytes(6).toString('hex')}`;
  await execute(
    url,
    `create role ${login} login password 'planted';
     grant usage on schema breakwater, dbos to ${login};
     grant select on all tables in schema breakwater, dbos to ${login}`,
  );
  return withLogin(url, login, 'planted');
}

function withLogin(url: string, login: string, password: string): string {
  const changed = new URL(url);
  changed.username = login;
  changed.password = password;
  return changed.href;
}

const MAILS = `
workflow: { name: offer, version: 1.0.0 }
modules:
  - id: ask
    type: approval
    approval: { title: "Send it?", approvers: ["user:ann"], timeout: 1h, notify: [{ tool: sendgrid, to: ann@example.com, as: "user:ann" }] }
`;
const TELLS_SLACK = MAILS.replace(/notify: .*\]/, `notify: [{ tool: slack, to: "#offers" }]`);
const FILES = `
workflow: { name: filer, version: 1.0.0 }
modules:
  - id: keep
    activities:
      - { name: file, tool: github, action: create_or_update_file, with: { owner: a, repo: b, path: c, content: d }, compensation: delete_file }
`;

interface Plant {
  readonly what: string;
  /** Changes the set-up; what it answers is set on top of the settings. */
  readonly plant: (setUp: SetUp) => Promise<Record<string, string>> | Record<string, string>;
  readonly check: string;
  readonly fault: RegExp;
  readonly remedy: RegExp;
}

const PLANTS: readonly Plant[] = [
  {
    what: 'a setting that there is not',
    plant: () => ({ BREAKWATER_LEASE_TLL: '20s' }),
    check: 'settings',
    fault: /BREAKWATER_LEASE_TLL is not a setting; did you mean "BREAKWATER_LEASE_TTL"/,
    remedy: /correct or remove it/,
  },
  {
    what: 'half of the settings of an issuer',
    plant: () => ({ BREAKWATER_OIDC_ISSUER: 'https://login.example' }),
    check: 'settings',
    fault: /BREAKWATER_OIDC_AUDIENCE is missing/,
    remedy: /correct or remove it/,
  },
  {
    what: 'a database that nobody serves',
    plant: () => ({ DBOS_SYSTEM_DATABASE_URL: 'postgresql://app:hush@127.0.0.1:9/orders' }),
    check: 'database',
    fault: /Cannot use the database orders at 127.0.0.1:9 as app: nothing listens there/,
    remedy: /start Postgres/,
  },
  {
    what: 'a wrong password',
    plant: ({ url }) => ({ DBOS_SYSTEM_DATABASE_URL: withLogin(url, 'postgres', 'wrong') }),
    check: 'database',
    fault: /the password was refused/,
    remedy: /correct it in DBOS_SYSTEM_DATABASE_URL/,
  },
  {
    what: 'a Postgres that is too old',
    async plant({ url }) {
      await shadow(
        url,
        `current_setting(name text) returns text language sql as
           $$ select case name when 'server_version_num' then '130014' else pg_catalog.current_setting(name) end $$`,
      );
      return {};
    },
    check: 'database',
    fault: /It is Postgres 13/,
    remedy: /use 14 or later/,
  },
  {
    what: 'commits that a crash may lose',
    async plant({ url }) {
      await execute(url, `alter database ${databaseOf(url)} set synchronous_commit = off`);
      return { BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'off' };
    },
    check: 'database',
    fault: /synchronous_commit is off, so a crash of the server can lose acknowledged steps/,
    remedy: /turn it on/,
  },
  {
    what: 'a clock that is off',
    async plant({ url }) {
      await shadow(
        url,
        `clock_timestamp() returns timestamptz language sql volatile as $$ select pg_catalog.clock_timestamp() - interval '1 minute' $$`,
      );
      return {};
    },
    check: 'database',
    fault: /This machine's clock is (?:1m|59\.\d+s|1m .*) ahead of the database's/,
    remedy: /NTP/,
  },
  {
    what: 'a time limit on statements',
    async plant({ url }) {
      await execute(url, `alter database ${databaseOf(url)} set statement_timeout = '2s'`);
      return {};
    },
    check: 'database',
    fault: /statement_timeout is 2s for the login postgres/,
    remedy: /alter role postgres reset statement_timeout/,
  },
  {
    what: 'a pooler in transaction mode',
    async plant({ url }) {
      const pooler = await TransactionPooler.start(url);
      onTestFinished(() => pooler.stop());
      return { DBOS_SYSTEM_DATABASE_URL: pooler.url };
    },
    check: 'database',
    fault: /a pooler in transaction mode/,
    remedy: /session mode/,
  },
  {
    what: 'a login that may only read',
    async plant({ url }) {
      await execute(url, `alter database ${databaseOf(url)} set default_transaction_read_only = on`);
      return {};
    },
    check: 'database',
    fault: /read-only/,
    remedy: /reset default_transaction_read_only/,
  },
  {
    what: 'migrations that have not run',
    plant: async () => ({ DBOS_SYSTEM_DATABASE_URL: await createEmptyDatabase('doctor_empty') }),
    check: 'schema',
    fault: /\d+ migrations have not run here, from 0001_foundation.js on/,
    remedy: /breakwater migrate/,
  },
  {
    what: 'a database that a newer version migrated',
    async plant({ url }) {
      await execute(
        url,
        `insert into breakwater.migration (name, batch, migration_time) values ('9999_later.js', 9, now())`,
      );
      return {};
    },
    check: 'schema',
    fault: /newer than this version, which does not know 9999_later.js/,
    remedy: /use the version that migrated it/,
  },
  {
    what: 'a login that may not become the role of requests',
    plant: async ({ url }) => ({ DBOS_SYSTEM_DATABASE_URL: await loginWithoutAppRole(url) }),
    check: 'rights',
    fault: /may not become breakwater_app/,
    remedy: /grant breakwater_app to/,
  },
  {
    what: 'fewer sessions than the pools may hold',
    async plant({ url }) {
      await execute(url, `alter database ${databaseOf(url)} connection limit 20`);
      return {};
    },
    check: 'connections',
    fault: /A process of ours may hold 35 sessions, and 20 are free/,
    remedy: /raise the connection limit of the database/,
  },
  {
    what: 'more processes than there are sessions for, api processes among them',
    async plant({ url }) {
      const listening = Array.from({ length: 6 }, () =>
        listen(url, { channel: 'planted', name: 'breakwater-breakers', onNotice: () => undefined }),
      );
      onTestFinished(async () => {
        await Promise.all(listening.map((each) => each.stop()));
      });
      const sessions = `select from pg_stat_activity where application_name = 'breakwater-breakers' and datname = current_database()`;
      await until(async () => (await execute(url, sessions)).rowCount === 6, { what: 'six processes to listen' });
      return {};
    },
    check: 'connections',
    fault: /6 processes of ours may hold 210 sessions, and 1\d\d are free/,
    remedy: /raise max_connections to 2\d\d, or run fewer processes/,
  },
  {
    what: 'runs that nobody serves',
    async plant({ url }) {
      await insertWorkflow(url, 'breakwater-3');
      return {};
    },
    check: 'executors',
    fault: /1 run is under way and no executor that is alive serves them/,
    remedy: /start a process with BREAKWATER_ROLE all or worker/,
  },
  {
    what: 'runs of a protocol that nobody serves',
    async plant({ url }) {
      await insertWorkflow(url, 'breakwater-1');
      return {};
    },
    check: 'executors',
    fault: /their protocol, breakwater-1/,
    remedy: /a worker of the version that they began under/,
  },
  {
    what: 'an executor on a machine whose clock is off',
    async plant({ url }) {
      await execute(
        url,
        `insert into breakwater.executor (id, host, pid, role, protocol, expires_at, clock_skew_ms, slots_used, slots_queued, slots_capacity)
         values ('ex_planted', 'far.example', 1, 'all', 'breakwater-3', clock_timestamp() + interval '1 minute', -7000, 0, 0, 64)`,
      );
      return {};
    },
    check: 'executors',
    fault: /The clock of far.example, where an executor runs, is 7s off/,
    remedy: /synchronise both/,
  },
  {
    what: 'a link key that other executors do not have',
    async plant({ url }) {
      const knex = createKnex(url, { max: 1, name: 'test' });
      await linkKeys(knex, { current: 'the key of the other executor' });
      await knex.destroy();
      return { BREAKWATER_LINK_KEY: 'the key of this set-up alone' };
    },
    check: 'link key',
    fault: /each would refuse the links of the other/,
    remedy: /BREAKWATER_LINK_KEY/,
  },
  {
    what: 'an admin key that others may read',
    async plant({ folder }) {
      await writeFile(join(folder, 'admin-key'), 'bwk_planted\n');
      await chmod(join(folder, 'admin-key'), 0o644);
      return {};
    },
    check: 'data directory',
    fault: /Others on this machine may read the admin key/,
    remedy: /chmod 600/,
  },
  {
    what: 'a secrets file that others may read',
    async plant({ folder }) {
      const file = join(folder, 'secrets');
      await writeFile(file, '{}');
      await chmod(file, 0o644);
      return { BREAKWATER_SECRETS_FILE: file };
    },
    check: 'secrets',
    fault: /others/,
    remedy: /docs\/security.md/,
  },
  {
    what: 'a definition that is refused',
    async plant({ folder }) {
      await writeFile(join(folder, 'wrong.yaml'), FILES.replace('tool: github', 'tool: githob'));
      return {};
    },
    check: 'definitions',
    fault: /wrong.yaml is refused/,
    remedy: /breakwater validate/,
  },
  {
    what: 'a tool without credentials',
    async plant({ folder }) {
      await writeFile(join(folder, 'filer.yaml'), FILES);
      return {};
    },
    check: 'tools',
    fault: /filer calls tools that have no credentials: github/,
    remedy: /set GITHUB_TOKEN, or BREAKWATER_SANDBOX/,
  },
  {
    what: 'a sandbox that is not there',
    plant: () => ({ BREAKWATER_SANDBOX: 'http://127.0.0.1:9' }),
    check: 'tools',
    fault: /Nothing answers at the sandbox, http:\/\/127.0.0.1:9 \(/,
    remedy: /breakwater sandbox/,
  },
  {
    what: 'links by mail that lead to the reader',
    async plant({ folder }) {
      await writeFile(join(folder, 'offer.yaml'), MAILS);
      return { SENDGRID_API_KEY: 'SG.planted', BREAKWATER_BASE_URL: 'http://localhost:60000' };
    },
    check: 'links',
    fault: /offer mails links, but BREAKWATER_BASE_URL is http:\/\/localhost:60000/,
    remedy: /set BREAKWATER_BASE_URL/,
  },
  {
    what: "Slack's buttons without a signing secret",
    async plant({ folder }) {
      await writeFile(join(folder, 'offer.yaml'), TELLS_SLACK);
      return { SLACK_BOT_TOKEN: 'xoxb-planted' };
    },
    check: 'links',
    fault: /SLACK_SIGNING_SECRET is not set/,
    remedy: /interactivity/,
  },
];

async function insertWorkflow(url: string, protocol: string): Promise<void> {
  await execute(
    url,
    `insert into dbos.workflow_status (workflow_uuid, status, name, application_name, application_version, executor_id, created_at, updated_at, queue_name)
     values ('run_planted', 'ENQUEUED', 'breakwater.run', 'breakwater', '${protocol}', 'gone', 1, 1, 'breakwater_runs')`,
  );
}

describe('a sound set-up', () => {
  it('has no problem, and exits 0', async () => {
    const { environment } = await soundSetUp();

    const { exitCode, answer, problems } = await examine(environment);

    expect(problems).toEqual([]);
    expect({ exitCode, ok: answer.ok }).toEqual({ exitCode: 0, ok: true });
    expect(answer.findings).toContainEqual(
      expect.objectContaining({ level: 'warning', fault: expect.stringContaining('fsync is off') }),
    );
  });

  it('needs no database before the first start', async () => {
    const { environment, folder } = await soundSetUp();

    const { exitCode, answer } = await examine({ ...environment, DBOS_SYSTEM_DATABASE_URL: '' });

    expect(exitCode).toBe(0);
    expect(answer.checks).toContainEqual({
      check: 'database',
      looked: `none yet: the first start sets one up in ${folder}`,
    });
  });
});

describe('what is planted', () => {
  it.each(sampled(PLANTS))('$what is the one problem, with its remedy', async ({ plant, check, fault, remedy }) => {
    const setUp = await soundSetUp();
    const planted = await plant(setUp);

    const { exitCode, problems } = await examine({ ...setUp.environment, ...planted });

    expect(exitCode).toBe(1);
    const found = problems.filter((each) => fault.test(each.fault));
    expect(found).toEqual([
      { check, level: 'problem', fault: expect.any(String), remedy: expect.stringMatching(remedy) },
    ]);
    // Durability is the server's as well as the database's.
    if (check !== 'database') expect(problems).toHaveLength(1);
  });

  it('is told in words too', async () => {
    const { environment } = await soundSetUp();

    const ended = await breakwater(['doctor'], { ...environment, BREAKWATER_LEASE_TLL: '20s' });

    expect(ended.exitCode).toBe(1);
    expect(ended.stdout).toContain('PROBLEM  settings');
    expect(ended.stdout).toContain('\n         Remedy: correct or remove it; .env.example explains every setting.\n');
    expect(ended.stdout).toMatch(/\n1 problem and \d warnings\.\n$/);
    expect(ended.stdout).not.toContain('\u001B');
  });

  it('shows no password', async () => {
    const { environment } = await soundSetUp();
    const url = 'postgresql://app:hush-hush@127.0.0.1:9/orders';

    const ended = await breakwater(['doctor'], { ...environment, DBOS_SYSTEM_DATABASE_URL: url });

    expect(ended.stdout + ended.stderr).not.toContain('hush-hush');
  });
});

describe('judgeDataDir', () => {
  it('tells of a disk on which a write-ahead log finds no room', () => {
    const dataDir = '/data';

    expect(judgeDataDir({ dataDir, freeBytes: LEAST_FREE_BYTES })).toEqual([]);
    expect(judgeDataDir({ dataDir, freeBytes: LEAST_FREE_BYTES - 1 })).toEqual([
      expect.objectContaining({ fault: 'The disk of /data has 1023 MiB left; a full one stops Postgres' }),
    ]);
  });

  it('tells who may write into it, of others alone', () => {
    expect(judgeDataDir({ dataDir: '/data', mode: 0o700 })).toEqual([]);
    expect(judgeDataDir({ dataDir: '/data', mode: 0o722 })).toHaveLength(1);
  });
});
