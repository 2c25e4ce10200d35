// What every knex of ours is under its query builder: Postgres, with the failures of its pool branded as our database's.
import PostgresDialect from 'knex/lib/dialects/postgres/index.js';
import { brandOwnDatabaseError } from './own-database-error.ts';

export class OwnDialect extends PostgresDialect {
  // A full pool is our database's failure too, though no query was sent.
  override async acquireConnection() {
    try {
      return await super.acquireConnection();
    } catch (error) {
      throw brandOwnDatabaseError(error);
    }
  }
}
