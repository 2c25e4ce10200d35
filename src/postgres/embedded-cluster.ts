// One Postgres for a data directory, with nothing to install: found running, or set up and started, and shared by all who open it.
import { readFile, writeFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { BreakwaterError, messageOf, silent, type Emit } from '../kernel/index.ts';
import { Attachment } from './attachment.ts';
import { findHome, findOrCreateHome, removeHome, type ClusterHome } from './cluster-home.ts';
import { createDatabaseIfMissing } from './ensure-database.ts';
import { codeOf } from './error-code.ts';
import { freePort, isFree } from './free-port.ts';
import { withSession } from './one-session.ts';
import { readPostmasterFile } from './postmaster-file.ts';
import { runCommand } from './run-command.ts';
import { loadDataDirectory } from './server-store.ts';

export interface EmbeddedCluster {
  /** Of the database `breakwater`, as the cluster's superuser. */
  readonly url: string;
  readonly port: number;
  /** It was running already. */
  readonly adopted: boolean;
  /** Where the cluster's files are: `<data dir>/postgres`, or what that links to. */
  readonly folder: string;
  /** Leaves the cluster and, as the last one out, stops it. True when it was stopped. */
  stop(): Promise<boolean>;
}

export interface ClusterOptions {
  readonly emit?: Emit;
  /** Server settings for a start, such as `{ max_connections: '200' }`; a running server keeps its own. */
  readonly settings?: Readonly<Record<string, string>>;
}

interface RunningServer {
  readonly port: number;
  readonly adopted: boolean;
}

const START_TIMEOUT_MS = 15_000;
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 50;

export async function openEmbeddedCluster(dataDir: string, options: ClusterOptions = {}): Promise<EmbeddedCluster> {
  const { emit = silent, settings = {} } = options;
  const home = await findOrCreateHome(dataDir);
  const attachment = await Attachment.create(home.attached);
  try {
    const { port, adopted } = await adoptOrStart(home, settings);
    const url = urlOf(home, port, 'breakwater');
    await createDatabaseIfMissing(url);
    emit({ level: 'info', name: 'postgres.cluster-opened', fields: { folder: home.folder, port, adopted } });
    const stop = () => attachment.leave(() => stopServer(home));
    return { url, port, adopted, folder: home.folder, stop };
  } catch (error) {
    await attachment.remove();
    throw error;
  }
}

/** Was one set up for this data directory? */
export async function hasEmbeddedCluster(dataDir: string): Promise<boolean> {
  return (await findHome(dataDir)) !== undefined;
}

/** Stops the cluster of a data directory unless a living process uses it. True when none runs afterwards. */
export async function stopEmbeddedCluster(dataDir: string): Promise<boolean> {
  const home = await findHome(dataDir);
  if (home === undefined) return true;
  const attachment = await Attachment.create(home.attached);
  return attachment.leave(() => stopServer(home));
}

/** Deletes the cluster of a data directory with all its data. Refuses while a process uses it. */
export async function removeEmbeddedCluster(dataDir: string): Promise<void> {
  const home = await findHome(dataDir);
  if (home === undefined) return;
  if (!(await stopEmbeddedCluster(dataDir))) {
    throw new BreakwaterError('CONFLICT', `The database in ${dataDir} is in use; stop the processes that use it first`);
  }
  await removeHome(dataDir, home);
}

// Postgres itself judges whether its lock file is stale. A lost race for the start ends in the adoption of the winner's server.
async function adoptOrStart(home: ClusterHome, settings: Readonly<Record<string, string>>): Promise<RunningServer> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (let unexplained = 0; ;) {
    const running = await findRunning(home);
    if (running !== undefined) return { port: running, adopted: true };
    const port = await freePort(await lastPort(home));
    const { exitCode, output } = await startServer(home, port, settings);
    if (exitCode === 0) return { port: await confirmStart(home, port), adopted: false };
    // What stood in the way may have gone just before we looked: one more try without a reason.
    if (!(await isInTheWay(home, port))) unexplained++;
    if (unexplained > 1 || Date.now() > deadline) throw await startFailed(home, output);
    await delay(POLL_MS);
  }
}

// Another process's server is up or coming up, a killed server's pid is not yet reaped, or the port was taken under our nose.
async function isInTheWay(home: ClusterHome, port: number): Promise<boolean> {
  return (await isRunning(home)) || !(await isFree(port));
}

/** The port of the server that runs on this very directory. Another server may answer on a stale port, and take any password. */
async function findRunning(home: ClusterHome): Promise<number | undefined> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (await isRunning(home)) {
    const postmaster = await readPostmasterFile(home.data);
    if (postmaster?.ready) return (await answersFor(home, postmaster.port)) ? postmaster.port : undefined;
    if (Date.now() > deadline) throw await startFailed(home, 'it is still starting or stopping after a minute');
    await delay(POLL_MS);
  }
  return undefined;
}

async function isRunning(home: ClusterHome): Promise<boolean> {
  const { exitCode } = await runCommand(home.binaries.pgCtl, ['status', '-D', home.data], { owner: home.owner });
  return exitCode === 0;
}

async function answersFor(home: ClusterHome, port: number): Promise<boolean> {
  try {
    return (await withSession(urlOf(home, port, 'postgres'), loadDataDirectory)) === home.data;
  } catch {
    return false; // the pid of a dead server belongs to someone else now, and its port to nobody or to another server
  }
}

function startServer(home: ClusterHome, port: number, settings: Readonly<Record<string, string>>) {
  const all = {
    listen_addresses: '127.0.0.1',
    // None: no limit on the length of the path, and nothing to collide with in /tmp.
    unix_socket_directories: '',
    ...settings,
    port: String(port),
  };
  const options = Object.entries(all).map(([name, value]) => `-c ${shellQuote(`${name}=${value}`)}`);
  const args = ['start', '-w', '-t', String(READY_TIMEOUT_MS / 1_000), '-D', home.data, '-l', home.log];
  return runCommand(home.binaries.pgCtl, [...args, '-o', options.join(' ')], { owner: home.owner });
}

async function confirmStart(home: ClusterHome, port: number): Promise<number> {
  if (!(await answersFor(home, port))) throw await startFailed(home, `another server answers on port ${port}`);
  await writeFile(home.port, String(port));
  return port;
}

async function stopServer(home: ClusterHome): Promise<void> {
  const args = ['stop', '-m', 'fast', '-w', '-D', home.data];
  const { exitCode, output } = await runCommand(home.binaries.pgCtl, args, { owner: home.owner });
  if (exitCode !== 0 && (await isRunning(home))) {
    throw new BreakwaterError(
      'DATABASE',
      `The embedded Postgres did not stop: ${lastLine(output)}. Its log is ${home.log}`,
    );
  }
}

async function startFailed(home: ClusterHome, output: string): Promise<BreakwaterError> {
  const reason = fatalLine(await readLog(home)) ?? lastLine(output);
  return new BreakwaterError('DATABASE', `The embedded Postgres did not start: ${reason}. Its log is ${home.log}`);
}

async function readLog(home: ClusterHome): Promise<string> {
  return readFile(home.log, 'utf8').catch((error: unknown) => `there is no log: ${messageOf(error)}`);
}

async function lastPort(home: ClusterHome): Promise<number | undefined> {
  try {
    const port = Number(await readFile(home.port, 'utf8'));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function urlOf(home: ClusterHome, port: number, database: string): string {
  return `postgres://postgres:${home.password}@127.0.0.1:${port}/${database}`;
}

// pg_ctl hands the options to /bin/sh.
function shellQuote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

// What Postgres gave up over: hints and details follow that line.
function fatalLine(log: string): string | undefined {
  return log.split('\n').findLast((line) => /\b(?:FATAL|PANIC):/.test(line));
}

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
