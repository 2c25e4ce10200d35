// The topics of the engine and of users: no name that a user gives is one that the engine waits on.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { userTopic, wakeTopic } from '../../src/durable/index.ts';

it('keeps the topics of users apart from those that wake nodes, whatever a user calls them', () => {
  fc.assert(
    fc.property(fc.string(), fc.string(), fc.nat(), (node, said, epoch) => {
      const woken = wakeTopic(node, epoch);
      expect([userTopic(said), userTopic(woken)]).not.toContain(woken);
    }),
  );
  expect(userTopic(wakeTopic('review', 0))).not.toBe(wakeTopic('review', 0));
});
