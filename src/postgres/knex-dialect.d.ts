// knex publishes no types for its dialect classes; these are the members that knex.ts overrides.
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex';
  import type pg from 'pg';

  export default class PostgresDialect extends Knex.Client {
    _driver(): { Client: typeof pg.Client };
    acquireRawConnection(): Promise<pg.Client>;
    acquireConnection(): Promise<pg.Client>;
  }
}
