// Runs one of Postgres's own programs to its end, as another user where asked. Its output is returned, never printed.
import { spawn } from 'node:child_process';

/** A user to run as and to give files to. */
export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface CommandResult {
  /** Null when a signal ended it. */
  readonly exitCode: number | null;
  readonly output: string;
}

// Nothing of ours reaches Postgres by accident: PGDATA, PGPORT and the like would change what it does.
const ENVIRONMENT = { PATH: '/usr/local/bin:/usr/bin:/bin', LC_ALL: 'C' };

/** In a session of its own, so that a Ctrl-C meant for node does not reach it. Rejects when the program cannot be run at all. */
export function runCommand(
  program: string,
  args: readonly string[],
  { owner, cwd = '/' }: { owner?: Owner | undefined; cwd?: string } = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const stdio = ['ignore', 'pipe', 'pipe'] as const;
    const child = spawn(program, args, { ...owner, cwd, detached: true, env: ENVIRONMENT, stdio: [...stdio] });
    const chunks: Buffer[] = [];
    child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.stderr?.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.on('error', reject);
    child.on('close', (exitCode) => resolve({ exitCode, output: Buffer.concat(chunks).toString().trim() }));
  });
}
