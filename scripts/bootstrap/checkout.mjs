// Where things are in this checkout, and how its own programs are called: with Node 24 from node_modules, whoever started us.
import { spawnSync } from 'node:child_process';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
export const nodeBin = join(root, 'node_modules', '.bin', 'node');
export const lockDir = join(root, 'dist', '.lock');

const MINIMUM_NODE = [22, 19];
const onWindows = process.platform === 'win32';

/** `v22.19.0` and later: what `engines` asks for. */
export function isRecentNode(version) {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number);
  return major > MINIMUM_NODE[0] || (major === MINIMUM_NODE[0] && minor >= MINIMUM_NODE[1]);
}

/** Runs a program of node_modules/.bin to its end in the root folder and answers its exit status. */
export function runTool(name, args, stdio = 'inherit') {
  return run(name, args, stdio, [join(root, 'node_modules', '.bin'), ...pathWithoutCheckout()]);
}

/** npm must not run on the Node that it is about to replace, and what it prints is not the command's output. */
export function runNpm(...args) {
  return run('npm', args, ['ignore', 2, 2], pathWithoutCheckout());
}

/** A line for people; stdout belongs to the command. */
export function say(line) {
  console.error(line);
}

function run(name, args, stdio, path) {
  const env = { ...process.env, PATH: path.join(delimiter) };
  const { status, error } = spawnSync(name, args, { cwd: root, env, stdio, shell: onWindows });
  if (error) throw new Error(`Could not run ${name}: ${error.message}`);
  return status ?? 1;
}

function pathWithoutCheckout() {
  const entries = (process.env.PATH ?? '').split(delimiter);
  return entries.filter((entry) => entry !== join(root, 'node_modules', '.bin'));
}
