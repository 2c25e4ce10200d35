// What `postmaster.pid` says about the server on a data directory. Only Postgres writes or removes that file. Pure, but for one read.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from './error-code.ts';

export interface PostmasterFile {
  readonly pid: number;
  readonly port: number;
  /** False while it starts, recovers or stops. */
  readonly ready: boolean;
}

/** Undefined when there is none, or one that is being written. The server it names may have died. */
export async function readPostmasterFile(dataDirectory: string): Promise<PostmasterFile | undefined> {
  try {
    return parsePostmasterFile(await readFile(join(dataDirectory, 'postmaster.pid'), 'utf8'));
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Lines: pid, data directory, start time, port, socket directory, listen address, shared memory, status. */
export function parsePostmasterFile(text: string): PostmasterFile | undefined {
  const lines = text.split('\n');
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || !Number.isInteger(port) || pid <= 0 || port <= 0) return undefined;
  return { pid, port, ready: lines[7]?.trim() === 'ready' };
}
