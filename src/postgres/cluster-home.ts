// Where the files of an embedded cluster live, and how they come to be there. Makes and removes folders, starts no server.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import {
  chown,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  realpath,
  rename,
  rm,
  stat,
  symlink,
  unlink,
  writeFile,
} from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { BreakwaterError } from '../kernel/index.ts';
import { findBinaries, type PostgresBinaries } from './postgres-binaries.ts';
import { runCommand, type Owner } from './run-command.ts';
import { everyoneCanEnter, sharedPlace } from './shared-place.ts';

/**
 * `<data dir>/postgres`: a folder, or a symlink to one. Postgres refuses to run as root, so for root the cluster belongs to
 * `nobody`, who cannot enter a private home such as /root: there the folder is made in a shared place and linked to.
 */
export interface ClusterHome {
  readonly folder: string;
  readonly data: string;
  readonly log: string;
  readonly attached: string;
  /** The port of the last start, tried first at the next. */
  readonly port: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  /** Who runs the server, when that is not us. */
  readonly owner: Owner | undefined;
}

const SUPERUSER = 'postgres';
/** A user of every Unix that owns nothing; initdb needs one with an entry in the password file. */
const NOBODY: Owner = { uid: 65534, gid: 65534 };

export async function findOrCreateHome(dataDir: string): Promise<ClusterHome> {
  const asRoot = process.getuid?.() === 0;
  const binaries = await findBinaries(asRoot);
  const place = homePath(dataDir);
  if (await isDangling(place)) throw clusterGone(place);
  if (!existsSync(place)) await createHome(dataDir, binaries, asRoot ? NOBODY : undefined);
  return describeHome(await realpath(place), binaries, asRoot);
}

/** The home that is there, or undefined. */
export async function findHome(dataDir: string): Promise<ClusterHome | undefined> {
  return existsSync(homePath(dataDir)) ? findOrCreateHome(dataDir) : undefined;
}

/** Removes the cluster's files; the server on them must have stopped. */
export async function removeHome(dataDir: string, home: ClusterHome): Promise<void> {
  await rm(home.folder, { recursive: true, force: true });
  if ((await realpath(resolve(dataDir))) !== join(home.folder, '..')) await unlink(homePath(dataDir));
}

async function isDangling(place: string): Promise<boolean> {
  if (existsSync(place)) return false;
  const names = existsSync(dirname(place)) ? await readdir(dirname(place)) : [];
  return names.includes(basename(place));
}

function clusterGone(place: string): BreakwaterError {
  return new BreakwaterError(
    'DATABASE',
    `The folder that ${place} links to is gone, and the embedded database with it; restore it, or remove the link to begin anew`,
  );
}

function homePath(dataDir: string): string {
  return join(resolve(dataDir), 'postgres');
}

async function describeHome(folder: string, binaries: PostgresBinaries, asRoot: boolean): Promise<ClusterHome> {
  const data = join(folder, 'data');
  // Whoever made the cluster goes on to run it: an ordinary user's data dir stays theirs when root opens it.
  const { uid, gid } = await stat(data);
  return {
    folder,
    data,
    log: join(folder, 'server.log'),
    attached: join(folder, 'attached'),
    port: join(folder, 'port'),
    password: await readFile(join(folder, 'password'), 'utf8'),
    binaries,
    owner: asRoot ? { uid, gid } : undefined,
  };
}

// Built aside and published by one atomic step, so of several processes one wins and no half-made cluster is ever seen.
async function createHome(dataDir: string, binaries: PostgresBinaries, owner: Owner | undefined): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: owner === undefined ? 0o700 : 0o711 });
  const within = await realpath(dataDir);
  const linked = owner !== undefined && !(await everyoneCanEnter(within));
  const draft = await mkdtemp(join(linked ? await sharedPlace() : within, 'postgres-'));
  try {
    await initialise(draft, binaries, owner);
    await (linked ? symlink(draft, homePath(dataDir)) : rename(draft, homePath(dataDir)));
  } catch (error) {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(homePath(dataDir))) throw error;
  }
}

async function initialise(folder: string, { initdb }: PostgresBinaries, owner: Owner | undefined): Promise<void> {
  const passwordFile = join(folder, 'password');
  await writeFile(passwordFile, randomBytes(24).toString('base64url'), { mode: 0o600 });
  if (owner !== undefined) {
    await chown(passwordFile, owner.uid, owner.gid);
    await chown(folder, owner.uid, owner.gid);
  }
  const login = ['-U', SUPERUSER, '-A', 'scram-sha-256', '--pwfile', passwordFile];
  const format = ['-E', 'UTF8', '--locale=C', '--no-instructions'];
  const { exitCode, output } = await runCommand(initdb, ['-D', join(folder, 'data'), ...login, ...format], { owner });
  if (exitCode !== 0) throw initdbFailed(output);
}

function initdbFailed(output: string): BreakwaterError {
  return new BreakwaterError('DATABASE', `The embedded Postgres could not be set up: ${output.split('\n').at(-1)}`);
}
