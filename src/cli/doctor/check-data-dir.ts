// Is the data directory closed to others, and is there room in it? Looks at files, changes none.
import { stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config.ts';
import { problem, type CheckResult, type Finding } from './finding.ts';

/** What a write-ahead log needs before Postgres stops for want of room. */
export const LEAST_FREE_BYTES = 1024 ** 3;
const OTHERS_WRITE = 0o022;
const OTHERS_ANYTHING = 0o077;

export interface DataDirFacts {
  readonly dataDir: string;
  /** Permission bits; absent when there is no such file, or where files have none. */
  readonly mode?: number;
  readonly adminKeyMode?: number;
  /** Of the embedded cluster; another database's disk is not ours to see. */
  readonly freeBytes?: number;
}

export async function checkDataDir({ dataDir, databaseUrl }: Config): Promise<CheckResult> {
  const mode = await modeOf(dataDir);
  const adminKeyMode = await modeOf(join(dataDir, 'admin-key'));
  const freeBytes = mode === undefined || databaseUrl !== undefined ? undefined : await freeBytesOf(dataDir);
  const looked = mode === undefined ? `${dataDir} is not there yet: the first start makes it` : dataDir;
  return { check: 'data directory', looked, findings: judgeDataDir({ dataDir, mode, adminKeyMode, freeBytes }) };
}

/** Pure. */
export function judgeDataDir({ dataDir, mode = 0, adminKeyMode = 0, freeBytes }: DataDirFacts): Finding[] {
  const findings: Finding[] = [];
  const keyFile = join(dataDir, 'admin-key');
  if ((mode & OTHERS_WRITE) !== 0)
    findings.push(problem(`Others on this machine may write into ${dataDir}`, `chmod go-w ${dataDir}`));
  if ((adminKeyMode & OTHERS_ANYTHING) !== 0)
    findings.push(
      problem(
        `Others on this machine may read the admin key in ${keyFile}`,
        `chmod 600 ${keyFile}; if somebody may have read it, make another key ("breakwater keys create") and revoke this one`,
      ),
    );
  if (freeBytes !== undefined && freeBytes < LEAST_FREE_BYTES)
    findings.push(
      problem(
        `The disk of ${dataDir} has ${Math.floor(freeBytes / 1024 ** 2)} MiB left; a full one stops Postgres`,
        'make room, or shorten BREAKWATER_RETENTION',
      ),
    );
  return findings;
}

async function modeOf(path: string): Promise<number | undefined> {
  if (process.platform === 'win32') return undefined;
  return (await stat(path).catch(() => undefined))?.mode;
}

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}
