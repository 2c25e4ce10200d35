// Branches of one execution: an error that escapes one of them is never mistaken for there being nothing left to do.
import { describe, expect, it } from 'vitest';
import { openBranches } from '../../src/durable/branches.ts';
import { asExecution, currentRun } from '../../src/durable/execution.ts';
import { until } from '../support/until.ts';

const inExecution = async <T>(body: () => Promise<T>): Promise<T> =>
  await asExecution({ isFirst: false, runId: 'run', ownerXid: 'token' }, body);

describe('branches', () => {
  it('are told of one by one, and then there are none', async () => {
    await inExecution(async () => {
      const branches = openBranches<string, number>();
      branches.start('a', async () => 1);

      expect(branches.size).toBe(1);
      expect(await branches.next()).toEqual({ key: 'a', value: 1 });
      expect(branches.size).toBe(0);
    });
  });

  // Whoever asks for the size may have been away when the branch ended: a run once succeeded without its last acts.
  it('count one that escaped unseen until it is thrown', async () => {
    await inExecution(async () => {
      const branches = openBranches<string, number>();
      branches.start('a', async () => {
        throw new Error('the database is gone');
      });
      await until(() => !branches.has('a'), { what: 'the branch to end' });

      expect(branches.size).toBe(1);
      await expect(branches.next()).rejects.toThrow('the database is gone');
    });
  });

  it('count one that a stop ended before anybody looked', async () => {
    await inExecution(async () => {
      const { quiesce, comeToRest } = currentRun();
      const branches = openBranches<string, never>();
      const stopped = Promise.withResolvers<never>();
      quiesce.addEventListener('abort', () => stopped.reject(quiesce.reason as Error));
      branches.start('wait', () => stopped.promise);
      comeToRest('shutdown');
      await until(() => !branches.has('wait'), { what: 'the wait to end' });

      expect(branches.size).toBe(1);
      await expect(branches.next()).rejects.toBe(quiesce.reason);
    });
  });
});
