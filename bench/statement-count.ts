// Counts what a process sends to Postgres: every query of every pg client, whoever made it.
import pg from 'pg';

let count = 0;

/** Call before any client is made. */
export function countStatements(): void {
  const prototype: { query: (...args: unknown[]) => unknown } = pg.Client.prototype;
  const { query } = prototype;
  prototype.query = function counted(...args) {
    count++;
    return query.apply(this, args);
  };
}

export function statementCount(): number {
  return count;
}
