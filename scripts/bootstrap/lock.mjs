// One bootstrap at a time in a checkout: a folder in which every contender puts a file named by its process id.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 10 * 60_000;

/**
 * Runs `work` while no other live process runs its own under the same folder.
 * Each contender writes first and looks second, so of two at least one sees the other and steps back;
 * the file of a dead process counts for nothing.
 */
export async function withLock(dir, work) {
  const own = join(dir, String(process.pid));
  await acquire(dir, own);
  try {
    return await work();
  } finally {
    rmSync(own, { force: true });
  }
}

async function acquire(dir, own) {
  const startedAt = Date.now();
  for (;;) {
    mkdirSync(dir, { recursive: true });
    writeFileSync(own, '');
    const holder = liveRival(dir);
    if (holder === undefined) return;
    rmSync(own, { force: true });
    if (Date.now() - startedAt > PATIENCE_MS) {
      throw new Error(
        `Process ${holder} has been preparing this checkout for 10 minutes; if it is not, remove ${join(dir, holder)}`,
      );
    }
    await sleep(50 + Math.random() * 100);
  }
}

function liveRival(dir) {
  for (const pid of readdirSync(dir)) {
    if (pid === String(process.pid)) continue;
    if (isAlive(Number(pid))) return pid;
    rmSync(join(dir, pid), { force: true });
  }
  return undefined;
}

function isAlive(pid) {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return error.code === 'EPERM';
  }
}
