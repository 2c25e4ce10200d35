// The bootstrap with real processes: its lock, and how it hands a command over.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-bootstrap-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A process that imports a module of scripts/bootstrap and runs the code with it. */
function runModule(module: string, code: string): ChildProcess {
  const url = JSON.stringify(new URL(`../../scripts/bootstrap/${module}`, import.meta.url).href);
  const child = spawn(process.execPath, ['--input-type=module', '-e', `import * as it from ${url};\n${code}`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

async function ended(child: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  return { code: child.exitCode, signal: child.signalCode };
}

async function firstOutput(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stdout!, 'data')) as [Buffer];
  return chunk.toString();
}

describe('withLock', () => {
  function enter(lock: string, log: string): ChildProcess {
    const note = (word: string) => `appendFileSync(${JSON.stringify(log)}, '${word}\\n')`;
    return runModule(
      'lock.mjs',
      `import { appendFileSync } from 'node:fs';
       import { setImmediate as turn } from 'node:timers/promises';
       await it.withLock(${JSON.stringify(lock)}, async () => { ${note('in')}; for (let i = 0; i < 1e4; i++) await turn(); ${note('out')}; });`,
    );
  }

  it('lets one process in at a time', async () => {
    const folder = temporaryFolder();
    const log = join(folder, 'log');

    const exits = await Promise.all(Array.from({ length: 6 }, () => ended(enter(join(folder, 'lock'), log))));

    expect(exits.map(({ code }) => code)).toEqual(Array(6).fill(0));
    expect(readFileSync(log, 'utf8')).toBe('in\nout\n'.repeat(6));
  });

  it('takes no notice of a holder that was killed', async () => {
    const folder = temporaryFolder();
    const lock = join(folder, 'lock');
    const holder = runModule(
      'lock.mjs',
      `await it.withLock(${JSON.stringify(lock)}, () => { console.log('in'); return new Promise((resolve) => setInterval(resolve.bind, 1e6)); });`,
    );
    expect(await firstOutput(holder)).toBe('in\n');
    holder.kill('SIGKILL');
    await ended(holder);

    const next = enter(lock, join(folder, 'log'));

    expect(await ended(next)).toEqual({ code: 0, signal: null });
  });
});

describe('launch', () => {
  const waiting = `process.on('SIGTERM', () => { console.log('stopping'); process.exit(7); }); setInterval(() => undefined, 1e6); console.log('ready');`;

  // Without execve, as on Node 20, the program is a child and its launcher stays.
  it.each([
    ['becoming the program', ''],
    ['keeping it as a child', 'process.execve = undefined;'],
  ])('passes arguments, a signal and the exit status on by %s', async (_, prelude) => {
    const program = JSON.stringify(['-e', waiting]);
    const child = runModule('launch.mjs', `${prelude} process.exitCode = await it.launch(${program});`);
    expect(await firstOutput(child)).toBe('ready\n');

    child.kill('SIGTERM');

    expect(await text(child.stdout!)).toBe('stopping\n');
    expect(await ended(child)).toEqual({ code: 7, signal: null });
  });
});

describe('bootstrap', () => {
  it('names the commands there are when it gets another, on stderr alone', async () => {
    const child = spawn(process.execPath, ['scripts/bootstrap.mjs', 'strat'], { cwd: root });

    const [out, err, { code }] = await Promise.all([text(child.stdout), text(child.stderr), ended(child)]);

    expect(out).toBe('');
    expect(err).toMatch(/Unknown command "strat".*demo \| start \| sandbox/);
    expect(code).toBe(2);
  });
});
