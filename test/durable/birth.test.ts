// What a start tells the execution that it begins: by its token, once, and no longer than it is true.
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { expectBirth, takeBirth } from '../../src/durable/birth.ts';
import { currentTurn } from '../../src/durable/group-memory.ts';

describe('a birth', () => {
  it('is known to the token of its start alone, once', () => {
    expectBirth('token', currentTurn());

    expect([takeBirth('another token'), takeBirth('token'), takeBirth('token')]).toEqual([
      undefined,
      { isSeenNow: true },
      undefined,
    ]);
  });

  it('is a sight of the run in the turn of its commit only', async () => {
    expectBirth('late', currentTurn());
    expectBirth('unknown', undefined);
    await setImmediate();
    await setImmediate();

    expect([takeBirth('late'), takeBirth('unknown')]).toEqual([{ isSeenNow: false }, { isSeenNow: false }]);
  });
});
