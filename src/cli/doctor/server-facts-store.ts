// What the doctor asks of Postgres about its own session and its neighbours. Reads only.
import type { Knex } from 'knex';
import { z } from 'zod';
import { selectRow, selectRows, withClient } from '../../postgres/index.ts';
import { storedPlan } from './used-definition.ts';

const count = z.coerce.number();

const sessionRow = z.object({
  version: z.string(),
  login: z.string(),
  max_connections: count,
  reserved: count,
  /** -1: no limit. */
  login_limit: count,
  database_limit: count,
  /** Sessions of other programs. */
  others: count,
  /** Processes of ours, by the session with which each listens for breakers. */
  processes: count,
  statement_timeout_ms: count,
  lock_timeout_ms: count,
  read_only: z.boolean(),
});
export type SessionFacts = z.infer<typeof sessionRow>;

/** As this login gets it: a role or a database may override the server. Of sessions of others it may not see which kind they are. */
export async function loadSessionFacts(knex: Knex): Promise<SessionFacts> {
  return await selectRow(
    knex,
    sessionRow,
    `select current_setting('server_version')                                       as version,
            current_user                                                            as login,
            current_setting('max_connections')                                      as max_connections,
            current_setting('superuser_reserved_connections')::int
              + coalesce(current_setting('reserved_connections', true)::int, 0)     as reserved,
            (select rolconnlimit from pg_roles where rolname = current_user)        as login_limit,
            (select datconnlimit from pg_database where datname = current_database()) as database_limit,
            (select count(*) from pg_stat_activity
              where usesysid is not null and coalesce(backend_type, 'client backend') = 'client backend'
                and coalesce(application_name, '') not like 'breakwater-%')         as others,
            (select count(*) from pg_stat_activity
              where application_name = 'breakwater-breakers' and datname = current_database()) as processes,
            (select setting from pg_settings where name = 'statement_timeout')      as statement_timeout_ms,
            (select setting from pg_settings where name = 'lock_timeout')           as lock_timeout_ms,
            current_setting('default_transaction_read_only')::bool                  as read_only`,
  );
}

/**
 * Does a session keep what it was told, while others have transactions? Behind a pooler in transaction mode it is lent another's:
 * whoever had the session before is handed it again first, so a transaction beside it takes it away. Needs two sessions.
 */
export async function keepsItsSession(knex: Knex): Promise<boolean> {
  return await withClient(knex, async (client) => {
    await client.query(`select set_config('breakwater.doctor', 'here', false)`);
    return await knex.transaction(async (beside) => {
      await beside.raw('select 1');
      const { rows } = await client.query<{ told: unknown }>(
        `select current_setting('breakwater.doctor', true) as told`,
      );
      return rows[0]?.told === 'here';
    });
  });
}

/** May this login become the role that requests run under? */
export async function maySetAppRole(knex: Knex): Promise<boolean> {
  const row = await selectRow(
    knex,
    z.object({ may: z.boolean() }),
    `select coalesce((select pg_has_role(current_user, oid, 'member') from pg_roles where rolname = 'breakwater_app'), false) as may`,
  );
  return row.may;
}

/** The newest plan of each published definition. */
export async function loadNewestPlans(knex: Knex): Promise<z.infer<typeof storedPlan>[]> {
  const rows = await selectRows(
    knex,
    z.object({ plan: storedPlan }),
    `select distinct on (tenant, name) plan
       from breakwater.definition
      where plan is not null
      order by tenant, name, created_at desc`,
  );
  return rows.map(({ plan }) => plan);
}
