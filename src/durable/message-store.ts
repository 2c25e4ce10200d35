// Looks, without taking, whether a message is there.
import type { Knex } from 'knex';

export async function hasMessage(knex: Knex, runId: string, topic: string): Promise<boolean> {
  const row = await knex
    .withSchema('dbos')
    .table('notifications')
    .first<{ message_uuid: string } | undefined>('message_uuid')
    .where({ destination_uuid: runId, topic, consumed: false });
  return row !== undefined;
}
