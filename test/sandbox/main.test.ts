import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../../sandbox/main.ts', import.meta.url));

/** The command as a process of its own; it is killed when the test leaves its scope. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return { child, stderr: text(child.stderr), [Symbol.dispose]: () => void child.kill('SIGKILL') };
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return chunk.toString();
}

describe('npm run sandbox', () => {
  it('says in one line where it is and which vendors it has', async () => {
    using sandbox = start('--port', '0');

    const line = await firstLine(sandbox.child);

    const url = /^Sandbox of [a-z, ]+ on (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(line)?.[1];
    expect((await fetch(`${url}/_ledger`)).status).toBe(200);
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly on %s', async (signal) => {
    using sandbox = start('--port', '0');
    await firstLine(sandbox.child);

    sandbox.child.kill(signal);

    expect(await once(sandbox.child, 'exit')).toEqual([0, null]);
    expect(await sandbox.stderr).toBe('');
  });

  it('ends with 1 and one clear line when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : undefined;

    using sandbox = start('--port', String(port));

    expect(await once(sandbox.child, 'exit')).toEqual([1, null]);
    expect(await sandbox.stderr).toBe(`Port ${port} on 127.0.0.1 is taken; choose another with --port N\n`);
    other.close();
  });

  it.each([[['--port', 'x']], [['--port', '70000']], [['--prt', '1']], [['1']]])(
    'refuses %j with 2 and its usage',
    async (args) => {
      using sandbox = start(...args);

      expect(await once(sandbox.child, 'exit')).toEqual([2, null]);
      expect(await sandbox.stderr).toMatch(/^usage: sandbox \[--port N\]/);
    },
  );
});
