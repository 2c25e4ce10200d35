// Runs of a protocol that no executor serves: a person is told, once a minute and with what to do.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Knex } from 'knex';
import { startProtocolAlarm } from '../../src/durable/protocol-alarm.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { createKnex } from '../../src/postgres/index.ts';
import { createTestDatabase } from '../support/database.ts';
import { until } from '../support/until.ts';
import { plantExecutor, plantRuns } from './planted.ts';

let knex: Knex;
beforeAll(async () => {
  knex = createKnex(await createTestDatabase('alarm'), { max: 2, name: 'test' });
  await plantExecutor(knex, 'alive', 600_000);
});
afterAll(async () => await knex.destroy());

describe('the protocol alarm', () => {
  it('tells of runs that no living executor serves, of no others, and only once a minute', async () => {
    await plantRuns(knex, [
      { id: 'queued', protocol: 'breakwater-0' },
      { id: 'owned', protocol: 'breakwater-0', status: 'PENDING', executor: 'gone' },
      { id: 'delayed', protocol: 'breakwater-0', status: 'DELAYED', delayMs: 60_000 },
      { id: 'stuck', protocol: 'breakwater-0', queue: 'breakwater_stuck' },
      { id: 'served' },
    ]);
    await knex
      .withSchema('dbos')
      .table('workflow_status')
      .update({ updated_at: Date.now() - 60_000 });
    await plantRuns(knex, [{ id: 'fresh', protocol: 'breakwater-00' }]);
    const events: RoomEvent[] = [];

    const alarm = startProtocolAlarm(knex, (event) => events.push(event));
    await until(() => events.length > 0, { what: 'the alarm' });
    alarm.wake();
    await alarm.stop();

    expect(events).toEqual([
      {
        level: 'error',
        name: 'protocol.unserved',
        fields: { protocol: 'breakwater-0', count: 3, remedy: expect.stringContaining('breakwater-0') },
      },
    ]);
  });
});
