import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDatabase } from '../support/database.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

const BIN = join(import.meta.dirname, '../../src/bin.ts');

let dataDir: string;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'breakwater-start-'));
  env = {
    PATH: process.env.PATH,
    DBOS_SYSTEM_DATABASE_URL: await createTestDatabase('cli_start'),
    BREAKWATER_DATA_DIR: dataDir,
    BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
    LOG_LEVEL: 'silent',
  };
});

afterAll(() => rm(dataDir, { recursive: true }));

function breakwater(args: readonly string[], over: NodeJS.ProcessEnv = {}) {
  const program = new Program(BIN, args, { env: { ...env, ...over } });
  let stderr = '';
  program.child.stderr?.on('data', (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  return { program, stderr: () => stderr };
}

async function start(over: NodeJS.ProcessEnv = {}) {
  const started = breakwater(['start'], { PORT: '0', ...over });
  const url = await until(() => /listens on (\S+)/.exec(started.stderr())?.[1], {
    what: 'the app to listen',
    timeoutMs: 30_000,
  });
  return { ...started, url };
}

describe('breakwater start', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('listens until %s and exits 0', async (signal) => {
    const { program, url } = await start();
    expect((await fetch(`${url}/ready`)).status).toBe(200);

    await program.end(signal);

    expect(program.child.exitCode).toBe(0);
    await expect(fetch(`${url}/health`)).rejects.toThrow('fetch failed');
  });

  it('keeps its admin key in the data directory and shows it to no pipe', async () => {
    const { program, url, stderr } = await start();
    const key = (await readFile(join(dataDir, 'admin-key'), 'utf8')).trim();

    const answer = await fetch(`${url}/v1/runs`, { headers: { authorization: `Bearer ${key}` } });
    await program.end('SIGTERM');

    expect(answer.status).toBe(200);
    expect(stderr()).not.toContain(key);
  });

  it('exits 1 with one line when its port is taken', async () => {
    const { program, url } = await start();
    const { port } = new URL(url);

    const second = breakwater(['start'], { PORT: port });
    const exitCode = await second.program.exitCode();
    await program.end('SIGTERM');

    expect(exitCode).toBe(1);
    expect(second.stderr()).toMatch(/^breakwater: Port \d+ .*\n$/);
  });
});

describe('breakwater sandbox', () => {
  it.each(['SIGTERM', 'SIGINT'] as const)('serves the doubles until %s and exits 0', async (signal) => {
    const program = new Program(BIN, ['sandbox', '--port', '0'], { env });
    const url = /on (\S+)$/.exec(await program.nextLine())?.[1] ?? '';
    const ledger = await fetch(`${url}/_ledger`);

    await program.end(signal);

    expect(ledger.status).toBe(200);
    expect(program.child.exitCode).toBe(0);
    await expect(fetch(`${url}/_ledger`)).rejects.toThrow('fetch failed');
  });

  it('exits 1 with one line when its port is taken', async () => {
    const first = new Program(BIN, ['sandbox', '--port', '0'], { env });
    const port = /:(\d+)$/.exec(await first.nextLine())?.[1] ?? '';

    const second = breakwater(['sandbox', '--port', port]);
    const exitCode = await second.program.exitCode();
    await first.end('SIGTERM');

    expect(exitCode).toBe(1);
    expect(second.stderr()).toMatch(/^breakwater: .*\n$/);
  });

  it.each(['many', '70000', '-1'])('exits 2 for the port %s', async (port) => {
    expect(await breakwater(['sandbox', `--port=${port}`]).program.exitCode()).toBe(2);
  });
});

describe('the exit code of the process', () => {
  it('is that of the command', async () => {
    expect(await breakwater(['schema']).program.exitCode()).toBe(0);
    expect(
      await breakwater(['runs', 'list'], {
        BREAKWATER_URL: 'http://127.0.0.1:9',
        BREAKWATER_KEY: 'k',
      }).program.exitCode(),
    ).toBe(1);
    expect(await breakwater(['nonsense']).program.exitCode()).toBe(2);
  });
});
