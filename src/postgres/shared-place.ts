// Places on this machine that the demoted user of a root process can reach, and how to find such a place. Touches files only.
import { chmod, mkdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { BreakwaterError } from '../kernel/index.ts';

/** In order of preference: state that survives reboots and is not swept by age, as temporary folders are. */
const CANDIDATES = ['/var/lib/breakwater', '/var/tmp/breakwater', join(tmpdir(), 'breakwater')];

const EVERYONE_ENTERS = 0o001;
const OTHERS_WRITE = 0o022;

/** May any user pass through every folder of this path, itself included? */
export async function everyoneCanEnter(folder: string): Promise<boolean> {
  const { mode } = await stat(folder);
  if ((mode & EVERYONE_ENTERS) === 0) return false;
  const parent = dirname(folder);
  return parent === folder || everyoneCanEnter(parent);
}

/** A folder of root's that all may enter and only root may write: nobody can plant a file in it. Only root calls this. */
export async function sharedPlace(): Promise<string> {
  for (const candidate of CANDIDATES) {
    if (await isMadeSafe(candidate)) return candidate;
  }
  throw new BreakwaterError(
    'DATABASE',
    `The embedded Postgres cannot run as root from here, and none of ${CANDIDATES.join(', ')} can be used instead; ` +
      'set BREAKWATER_DATA_DIR to a folder every user may enter, run as an ordinary user, or set DBOS_SYSTEM_DATABASE_URL',
  );
}

async function isMadeSafe(folder: string): Promise<boolean> {
  try {
    if ((await mkdir(folder, { recursive: true })) !== undefined) await chmod(folder, 0o755);
    const { uid, mode } = await stat(folder);
    return uid === 0 && (mode & OTHERS_WRITE) === 0 && (await everyoneCanEnter(folder));
  } catch {
    return false; // a read-only or missing file system: the next candidate may do
  }
}
