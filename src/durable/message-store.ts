// Looks, without taking, whether messages are there.
import type { Knex } from 'knex';

/** A run that waits, and for what. */
export interface Wait {
  readonly runId: string;
  readonly topic: string;
}

/** For each wait, whether a message is there: one query, however many they are. */
export async function haveMessages(knex: Knex, waits: readonly Wait[]): Promise<boolean[]> {
  const { rows } = await knex.raw<{ rows: { n: number }[] }>(
    `select wait.n::int
       from unnest(?::text[], ?::text[]) with ordinality as wait (run, topic, n)
      where exists (select 1
                      from dbos.notifications
                     where destination_uuid = wait.run and topic = wait.topic and consumed = false)`,
    [waits.map(({ runId }) => runId), waits.map(({ topic }) => topic)],
  );
  const found = new Set(rows.map(({ n }) => n));
  return waits.map((_, at) => found.has(at + 1));
}
