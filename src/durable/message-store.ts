// Looks, without taking, whether messages are there.
import type { Knex } from 'knex';

/** Where a message comes to. */
export interface Address {
  readonly runId: string;
  readonly topic: string;
}

/** For each address, whether a message is there: one query, however many they are. */
export async function haveMessages(knex: Knex, addresses: readonly Address[]): Promise<boolean[]> {
  const { rows } = await knex.raw<{ rows: { n: number }[] }>(
    `select wait.n::int
       from unnest(?::text[], ?::text[]) with ordinality as wait (run, topic, n)
      where exists (select 1
                      from dbos.notifications
                     where destination_uuid = wait.run and topic = wait.topic and consumed = false)`,
    [addresses.map(({ runId }) => runId), addresses.map(({ topic }) => topic)],
  );
  const found = new Set(rows.map(({ n }) => n));
  return addresses.map((_, at) => found.has(at + 1));
}
