// Rows of a raw query, parsed once at this edge: past it, their types are trusted.
import type { Knex } from 'knex';
import { z } from 'zod';

/** `bindings` fill `?` in order, or `:name` by name. */
export async function selectRows<T>(
  knex: Knex,
  row: z.ZodType<T>,
  sql: string,
  bindings: readonly Knex.RawBinding[] | Knex.ValueDict = [],
): Promise<T[]> {
  const answer: unknown = await knex.raw(sql, bindings);
  return z.object({ rows: z.array(row) }).parse(answer).rows;
}

/** For a query that answers with one row whatever happens, such as one without a table. */
export async function selectRow<T>(...query: Parameters<typeof selectRows<T>>): Promise<T> {
  const [row] = await selectRows<T>(...query);
  if (row === undefined) throw new Error('The query answered without a row');
  return row;
}
