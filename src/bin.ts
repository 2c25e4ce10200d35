// The `breakwater` command's entry: hands the process and the rooms to the CLI and leaves with its exit code.
import { runCli, screenOf } from './cli/index.ts';
import { readEnvironment } from './config.ts';
import { ROLES, createKey, listKeys, revokeKey } from './http/index.ts';
import { loadUserCode } from './load-workflows.ts';

const exitCode = await runCli(process.argv.slice(2), {
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
  isTerminal: process.stderr.isTTY,
  screen: screenOf(process.stdout),
  errorScreen: screenOf(process.stderr),
  environment: readEnvironment(),
  // Loaded when it is started: `validate` and its like need no database driver.
  startApp: async (config) => await (await import('./main.ts')).startApp(config),
  userTools: async (folder) => (await loadUserCode(folder)).tools,
  startSandbox: async (port) => await (await import('../sandbox/index.ts')).createSandbox({ port }),
  keys: { roles: ROLES, create: createKey, list: listKeys, revoke: revokeKey },
});
// Runs that were handed over leave timers behind; nothing is left to wait for.
process.exit(exitCode);
