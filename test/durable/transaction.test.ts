// A durable transaction whose process is killed before its commit, after it, and between it and DBOS's checkpoint: its effect happens once.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createTestDatabase, execute } from '../support/database.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const PROGRAM = join(import.meta.dirname, 'programs', 'transaction.ts');

describe('runTransaction', () => {
  it.each([
    { dieAt: 'before', groups: 'on', rowsAtDeath: 0 },
    { dieAt: 'after', groups: 'on', rowsAtDeath: 1 },
    { dieAt: 'between', groups: 'off', rowsAtDeath: 1 },
  ])('killed $dieAt the commit, with groups $groups, leaves its effect exactly once', async (killed) => {
    const { dieAt, groups, rowsAtDeath } = killed;
    const url = await createTestDatabase('transaction');
    await execute(url, 'create table public.effect_log (run text)');
    const rows = async (): Promise<unknown> =>
      (await execute(url, 'select count(*)::int as n from public.effect_log')).rows[0]?.['n'];
    const status = async (): Promise<unknown> =>
      (await execute(url, `select status from dbos.workflow_status`)).rows[0]?.['status'];

    const first = new Program(PROGRAM, [url, 'run_killed', dieAt, groups]);
    await first.exitCode();
    const atDeath = await rows();
    const second = new Program(PROGRAM, [url, 'run_killed', 'never']);
    await until(async () => (await status()) === 'SUCCESS', {
      what: 'the second process to finish the run',
      timeoutMs: 20_000,
    });
    await second.end('SIGKILL');

    expect(first.child.signalCode).toBe('SIGKILL');
    expect(atDeath).toBe(rowsAtDeath);
    expect(await rows()).toBe(1);
  });
});
