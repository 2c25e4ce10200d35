// knex publishes no types for its dialect classes; these are the members that this room uses.
declare module 'knex/lib/dialects/postgres/index.js' {
  import type { Knex } from 'knex';
  import type pg from 'pg';

  export default class PostgresDialect extends Knex.Client {
    _driver(): { Client: typeof pg.Client };
    acquireRawConnection(): Promise<pg.Client>;
    acquireConnection(): Promise<pg.Client>;
    /** Of the client of a transaction. */
    transacting?: true;
    query(connection: pg.Client, query: unknown): Promise<unknown>;
    transaction<T>(
      work: (trx: Knex.Transaction) => Promise<T>,
      config: Knex.TransactionConfig,
      outer: unknown,
    ): Knex.Transaction & Promise<T>;
  }
}
