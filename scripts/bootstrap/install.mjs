// Makes node_modules right: installed from the lock file, with a Node 24 that runs, and the `breakwater` command linked.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRecentNode, lockDir, nodeBin, root, runNpm, say } from './checkout.mjs';
import { withLock } from './lock.mjs';

const modules = join(root, 'node_modules');
const lockFile = join(root, 'package-lock.json');
// npm writes this file last, and no other way of filling the folder does.
const installedLockFile = join(modules, '.package-lock.json');
const stamp = join(modules, '.breakwater-installed');

export async function ensureInstalled() {
  if (isStamped()) return;
  await withLock(lockDir, () => {
    if (isStamped()) return;
    if (!isInstalled()) installModules();
    ensureNode();
    linkCommand();
    writeFileSync(stamp, lockHash());
  });
}

/** Lets `npx breakwater` work in a clone. npm runs this as our postinstall, so it takes no lock and never fails the installation. */
export function linkCommand() {
  const link = join(modules, '.bin', 'breakwater');
  if (!existsSync(modules)) return;
  try {
    mkdirSync(dirname(link), { recursive: true });
    rmSync(link, { force: true });
    symlinkSync(join('..', '..', 'bin', 'breakwater.mjs'), link);
  } catch (error) {
    say(`npx breakwater will not work here (use node bin/breakwater.mjs): ${error.message}`);
  }
}

function isStamped() {
  return existsSync(nodeBin) && existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash();
}

function isInstalled() {
  return existsSync(installedLockFile) && statSync(installedLockFile).mtimeMs >= statSync(lockFile).mtimeMs;
}

function lockHash() {
  return createHash('sha256').update(readFileSync(lockFile)).digest('hex');
}

function installModules() {
  say('Installing dependencies (once, about 15 s) …');
  if (runNpm('ci', '--no-audit', '--no-fund', '--loglevel=error') !== 0) {
    throw new Error('npm ci failed; its messages are above');
  }
}

// The `node` package fetches its binary in an install script, which `--ignore-scripts` skips.
function ensureNode() {
  if (nodeRuns()) return;
  say('Fetching Node 24 for this checkout …');
  runNpm('rebuild', 'node', '--loglevel=error');
  if (!nodeRuns()) throw new Error(`${nodeBin} does not run; try: npm rebuild node`);
}

function nodeRuns() {
  const { status, stdout } = spawnSync(nodeBin, ['--version'], { encoding: 'utf8' });
  return status === 0 && isRecentNode(stdout.trim());
}
