// The loop under every stateless duty: it outlives errors, does not hurry because of them, and stops when asked.
import { describe, expect, it } from 'vitest';
import { repeat } from '../../src/durable/loop.ts';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { until } from '../support/until.ts';

const FOR_EVER_MS = 600_000;

function setup(work: (turn: number) => number, errorPauseMs = FOR_EVER_MS) {
  const events: RoomEvent[] = [];
  let turns = 0;
  const loop = repeat({
    name: 'duty',
    emit: (event) => void events.push(event),
    work: async () => {
      await new Promise(setImmediate);
      return work(++turns);
    },
    errorPauseMs,
  });
  return { loop, events, turns: () => turns };
}

describe('repeat', () => {
  it('begins at once and goes on at once as long as there is more', async () => {
    const { loop, turns } = setup((turn) => (turn < 5 ? 0 : FOR_EVER_MS));

    await until(() => turns() === 5, { what: 'five turns' });
    await loop.stop();

    expect(turns()).toBe(5);
  });

  it('goes on when it is woken, also by what happens while it works', async () => {
    const { loop, turns } = setup((turn) => {
      if (turn === 1) loop.wake();
      return FOR_EVER_MS;
    });

    await until(() => turns() === 2, { what: 'the turn after the wake' });
    loop.wake();
    await until(() => turns() === 3, { what: 'one more' });
    await loop.stop();

    expect(turns()).toBe(3);
  });

  it('tells of an error and goes on after its pause', async () => {
    const { loop, events, turns } = setup((turn) => {
      if (turn === 1) throw new Error('no database');
      return FOR_EVER_MS;
    }, 1);

    await until(() => turns() === 2, { what: 'the turn after the error' });
    await loop.stop();

    expect(events).toEqual([{ level: 'warn', name: 'duty.failed', fields: { error: 'no database' } }]);
  });

  it('does not let a wake cut the pause after an error short', async () => {
    const { loop, events, turns } = setup(() => {
      throw new Error('no database');
    });
    await until(() => events.length === 1, { what: 'the error' });

    for (let n = 0; n < 10; n++) {
      loop.wake();
      await new Promise(setImmediate);
    }
    await loop.stop();

    expect(turns()).toBe(1);
  });
});
