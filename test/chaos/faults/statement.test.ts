// What a statement is for: by texts as DBOS, knex and we write them, and by all that a real app says in its life.
import { describe, expect, it } from 'vitest';
import { AppProcess } from '../../support/app-process.ts';
import { createTestDatabase } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { CALL_SITES, PostgresProxy } from './index.ts';
import { matches, meaningOf, type Statement } from './statement.ts';

describe('meaningOf', () => {
  it.each([
    ['BEGIN ISOLATION LEVEL READ COMMITTED', 'begin', false],
    ['start transaction', 'begin', false],
    ['COMMIT', 'commit', false],
    ['rollback to savepoint trx2', 'rollback', false],
    ['UPDATE "dbos".workflow_status SET status = $1, recovery_attempts = recovery_attempts + 1 WHERE x', 'claim', true],
    ['update "dbos"."workflow_status" as w set recovery_attempts = w.recovery_attempts + 1 from due', 'claim', true],
    ['update "breakwater"."executor" set heartbeat_at = now() where id = $1', 'lease-renewal', true],
    ['insert into "dbos"."transaction_completion" ("output") values ($1)', 'completion', true],
    ['INSERT INTO "dbos".operation_outputs (workflow_uuid) VALUES ($1)', 'record', true],
    [
      'with owned as (select 1 from dbos.workflow_status), ins as (insert into dbos.operation_outputs select 1) select',
      'record',
      true,
    ],
    ['SELECT output FROM "dbos".operation_outputs WHERE workflow_uuid = $1', 'look-up', false],
    ['insert into "breakwater"."run" ("id") values ($1)', 'run-insert', true],
    ['insert into "breakwater"."run_note" ("id") values ($1)', 'write', true],
    ['INSERT INTO "dbos".notifications (destination_uuid) VALUES ($1)', 'message-insert', true],
    [
      'UPDATE "dbos".workflow_status SET status=$2, completed_at=(now())  WHERE workflow_uuid=$1',
      'outcome-update',
      true,
    ],
    [
      'update "breakwater"."run" set "status" = $1, "finished_at" = clock_timestamp() where "id" = $2',
      'outcome-update',
      true,
    ],
    ['update "breakwater"."run" set "progress" = $1 where "id" = $2', 'write', true],
    ['select * from "breakwater"."run" where "id" = $1 for update', 'read', false],
    ["-- update x set\nselect 'the answer'", 'read', false],
    ['listen dbos_notifications_channel', 'other', false],
  ])('reads %s as %s', (sql, kind, writes) => {
    expect(meaningOf(sql)).toEqual({ kind, writes });
  });

  it('stays the same when it has read more texts than it remembers', () => {
    const first = meaningOf('select 1');
    for (let n = 0; n < 5_000; n++) meaningOf(`select ${n}`);

    expect(meaningOf('select 1')).toEqual(first);
  });
});

describe('matches', () => {
  const statement: Statement = {
    sql: 'insert into guest values (1)',
    kind: 'write',
    writes: true,
    application: 'app',
    transaction: ['begin'],
  };

  it('goes by kind, kinds, text or a look', () => {
    expect(matches('write', statement)).toBe(true);
    expect(matches('read', statement)).toBe(false);
    expect(matches(['read', 'write'], statement)).toBe(true);
    expect(matches(['read'], statement)).toBe(false);
    expect(matches(/guest/, statement)).toBe(true);
    expect(matches(/host/, statement)).toBe(false);
    expect(matches(({ transaction }) => transaction.includes('begin'), statement)).toBe(true);
    expect(matches(({ application }) => application === 'other', statement)).toBe(false);
  });
});

const QUESTION = `
workflow: { name: question, version: 1.0.0 }
modules:
  - id: review
    type: approval
    approval: { title: Go on?, approvers: ["role:admin"], allow_requester: true, timeout: 1h }
`;

/** Apps behind one proxy, which are gone at the end. */
class ProxiedApps implements AsyncDisposable {
  readonly #databaseUrl: string;
  readonly #proxy: PostgresProxy;
  readonly #apps: AppProcess[] = [];

  private constructor(databaseUrl: string, proxy: PostgresProxy) {
    this.#databaseUrl = databaseUrl;
    this.#proxy = proxy;
  }

  static async create(): Promise<ProxiedApps> {
    const databaseUrl = await createTestDatabase('call_sites');
    return new ProxiedApps(databaseUrl, await PostgresProxy.start(databaseUrl));
  }

  get seen() {
    return this.#proxy.seen;
  }

  async startApp(): Promise<AppProcess> {
    const app = await AppProcess.start({ databaseUrl: this.#proxy.through(this.#databaseUrl) });
    this.#apps.push(app);
    return app;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#apps.map((app) => app.kill()));
    await this.#proxy.close();
  }
}

/** The id of a run that waits for its answer. */
async function startQuestion(app: AppProcess): Promise<string> {
  await app.call('POST', '/v1/definitions', QUESTION, { 'content-type': 'application/yaml' });
  const { body } = await app.call('POST', '/v1/runs', { workflow: 'question', input: {} });
  const id = String(body.id);
  await until(async () => (await app.call('GET', `/v1/runs/${id}`)).body.status === 'waiting', {
    what: 'the run to wait',
    timeoutMs: 30_000,
  });
  return id;
}

async function approve(app: AppProcess): Promise<void> {
  const { body } = await app.call('GET', '/v1/approvals?status=pending');
  const [question] = body.items as { id: string }[];
  const answer = await app.call('POST', `/v1/approvals/${question?.id}/decisions`, { decision: 'approve' });
  expect(answer.status).toBe(200);
}

describe('a real app', () => {
  // Two boots, one after the other.
  it('is heard at every place at which a fault may strike', { timeout: 90_000 }, async () => {
    await using proxy = await ProxiedApps.create();
    const first = await proxy.startApp();
    const id = await startQuestion(first);
    await first.stop();
    const second = await proxy.startApp();
    await approve(second);
    await until(async () => (await second.call('GET', `/v1/runs/${id}`)).body.status === 'succeeded', {
      what: 'the run to end',
      timeoutMs: 30_000,
    });
    // Both come with time alone.
    await until(() => proxy.seen.audit > 0 && proxy.seen['lease-renewal'] > 0, { what: 'an audit and a renewal' });

    const silent = CALL_SITES.filter((site) => site !== 'connect' && proxy.seen[site] === 0);
    expect(silent).toEqual([]);
  });
});
