// `npm run bench` as a process: a short run of one measurement, to its table and its file.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, it, onTestFinished } from 'vitest';
import { packageRoot } from '../../src/postgres/index.ts';

async function bench(...args: string[]): Promise<{ code: number | null; table: string; progress: string }> {
  const program = join(packageRoot(), 'dist', 'scripts', 'bench.js');
  const flags = ['--disable-warning=DeprecationWarning'];
  const child = spawn(process.execPath, [...flags, program, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(() => void child.kill('SIGKILL'));
  const [table, progress] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { code: child.exitCode, table, progress };
}

interface Figures {
  readonly breakwater: number;
  readonly dbos: number;
  readonly limit: number;
  readonly ratio: number;
  readonly repeats: number;
}

it('measures ours beside raw DBOS and the limit, in a table and in a file', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-bench-test-'));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const file = join(folder, 'figures.json');

  const { code, table, progress } = await bench('--quick', '--only', 'seq_steps_c1', '--json', file);

  expect(code, progress).toBe(0);
  expect(table).toMatch(/^seq_steps_c1 .* steps\/s +1 +0 %$/m);
  const report = JSON.parse(await readFile(file, 'utf8')) as { rows: [Figures] };
  expect(report).toMatchObject({
    machine: { cores: expect.any(Number) },
    settings: { quick: true, server: { fsync: 'on', synchronous_commit: 'on', full_page_writes: 'on' } },
    rows: [{ name: 'seq_steps_c1' }, { name: 'seq_latency_c1_ms' }, { name: 'commit_limit_c1', breakwater: null }],
  });
  const [{ breakwater, dbos, limit, ratio, repeats }] = report.rows;
  expect(Math.min(breakwater, dbos, limit)).toBeGreaterThan(0);
  expect({ ratio, repeats }).toEqual({ ratio: breakwater / dbos, repeats: 1 });
});

it('refuses a row that there is not and says how it is used', async () => {
  const { code, progress } = await bench('--only', 'speed');

  expect(code).toBe(2);
  expect(progress).toContain('there is no row "speed"');
  expect(progress).toContain('usage: npm run bench');
});
