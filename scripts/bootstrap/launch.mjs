// Hands the terminal over to a program on the checkout's Node 24: it gets our arguments, streams and signals, we its exit status.
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { join } from 'node:path';
import { nodeBin, root } from './checkout.mjs';

/**
 * Becomes the program where the platform and our own version can, so that whoever kills us kills it.
 * Otherwise (Node 20, which has no `execve`) runs it as a child and stays until it ends.
 */
export function launch(args, cwd = process.cwd()) {
  process.chdir(cwd);
  if (typeof process.execve === 'function' && process.platform !== 'win32') {
    process.execve(nodeBin, [nodeBin, ...args], environment());
  }
  return runChild(args);
}

// Compiled code is kept: every process after the first starts in half the time.
function environment() {
  return { NODE_COMPILE_CACHE: join(root, 'node_modules/.cache/node'), ...process.env };
}

function runChild(args) {
  const child = spawn(nodeBin, args, { stdio: 'inherit', env: environment() });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) forwardOnce(child, signal);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + constants.signals[signal]));
  });
}

// A terminal sends Ctrl-C to the whole foreground group, so there the child already has it.
function forwardOnce(child, signal) {
  let forwarded = signal === 'SIGINT' && process.stdin.isTTY;
  process.on(signal, () => {
    if (!forwarded) child.kill(signal);
    forwarded = true;
  });
}
