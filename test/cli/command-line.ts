// Runs one command line in this process and keeps what it printed.
import { createSandbox } from '../../sandbox/index.ts';
import { runCli } from '../../src/cli/index.ts';
import type { CliIo } from '../../src/cli/io.ts';
import { ROLES, createKey, listKeys, revokeKey } from '../../src/http/index.ts';
import { loadUserCode } from '../../src/load-workflows.ts';
import { startApp } from '../../src/main.ts';

export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
  /** stdout parsed. */
  json(): unknown;
}

export async function breakwater(args: readonly string[], environment: CliIo['environment'] = {}): Promise<Ended> {
  const printed = { stdout: '', stderr: '' };
  const exitCode = await runCli(args, {
    stdout: (text) => (printed.stdout += text),
    stderr: (text) => (printed.stderr += text),
    isTerminal: false,
    environment,
    startApp,
    userTools: async (folder) => (await loadUserCode(folder)).tools,
    startSandbox: (port) => createSandbox({ port }),
    keys: { roles: ROLES, create: createKey, list: listKeys, revoke: revokeKey },
  });
  return { exitCode, ...printed, json: (): unknown => JSON.parse(printed.stdout) };
}
