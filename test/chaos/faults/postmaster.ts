// The processes of one private Postgres: starting them on a fixed port, stopping and killing them. Its files are a folder of its own.
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findOrCreateHome, type ClusterHome } from '../../../src/postgres/cluster-home.ts';
import { freePort } from '../../../src/postgres/free-port.ts';
import { readPostmasterFile } from '../../../src/postgres/postmaster-file.ts';
import { runCommand } from '../../../src/postgres/run-command.ts';
import { until } from '../../support/until.ts';
import { undoAtExit } from './at-exit.ts';

export type StopMode = 'fast' | 'immediate' | 'kill9';

export class Postmaster {
  readonly port: number;
  readonly #folder: string;
  readonly #home: ClusterHome;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #callOff: () => void;

  private constructor(folder: string, home: ClusterHome, port: number, settings: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#home = home;
    this.port = port;
    this.#settings = settings;
    this.#callOff = undoAtExit(() => this.#removeNow());
  }

  /** Set up, not started. */
  static async create(settings: Readonly<Record<string, string>>): Promise<Postmaster> {
    const folder = mkdtempSync(join(tmpdir(), 'breakwater-server-'));
    // Its files may belong to another user than ours, who has to get there.
    chmodSync(folder, 0o711);
    return new Postmaster(folder, await findOrCreateHome(folder), await freePort(), settings);
  }

  get password(): string {
    return this.#home.password;
  }

  get log(): string {
    return this.#home.log;
  }

  // What a killed server leaves behind, shared memory and all, goes a moment later: until then a start is refused.
  async start(): Promise<void> {
    const { pgCtl } = this.#home.binaries;
    const settings = { listen_addresses: '127.0.0.1', unix_socket_directories: '', ...this.#settings, port: this.port };
    const options = Object.entries(settings).map(([name, value]) => `-c ${name}=${value}`);
    const args = ['start', '-w', '-D', this.#home.data, '-l', this.#home.log, '-o', options.join(' ')];
    await until(async () => (await runCommand(pgCtl, args, this.#user)).exitCode === 0, {
      what: `Postgres to start; its log is ${this.#home.log}`,
      timeoutMs: 60_000,
    });
  }

  async stop(mode: StopMode): Promise<void> {
    if (mode === 'kill9') return this.#kill();
    await runCommand(this.#home.binaries.pgCtl, this.#stopArgs(mode), this.#user);
  }

  async remove(): Promise<void> {
    await this.stop('immediate');
    this.#callOff();
    this.#removeFiles();
  }

  // The server and every one of its sessions at once, as the kernel does it when memory runs out.
  async #kill(): Promise<void> {
    const postmaster = await readPostmasterFile(this.#home.data);
    if (postmaster === undefined) throw new Error('There is no Postgres to kill');
    for (const pid of [postmaster.pid, ...childrenOf(postmaster.pid)]) killIfThere(pid);
    await until(() => !isThere(postmaster.pid), { what: 'the killed Postgres to be gone' });
  }

  // This process is going: there is no time to wait for promises.
  #removeNow(): void {
    const { pgCtl } = this.#home.binaries;
    spawnSync(pgCtl, this.#stopArgs('immediate'), { ...this.#home.owner, cwd: '/', stdio: 'ignore' });
    this.#removeFiles();
  }

  #removeFiles(): void {
    rmSync(this.#home.folder, { recursive: true, force: true });
    rmSync(this.#folder, { recursive: true, force: true });
  }

  get #user() {
    return { owner: this.#home.owner };
  }

  #stopArgs(mode: 'fast' | 'immediate'): string[] {
    return ['stop', '-w', '-m', mode, '-D', this.#home.data];
  }
}

function childrenOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout.split('\n').map((line) => line.trim().split(/\s+/).map(Number));
  return pairs.flatMap(([child, parent]) => (parent === pid && child !== undefined ? [child] : []));
}

function isThere(pid: number): boolean {
  return killIfThere(pid, 0);
}

function killIfThere(pid: number, signal: NodeJS.Signals | 0 = 'SIGKILL'): boolean {
  try {
    return process.kill(pid, signal);
  } catch {
    return false; // it has ended by itself
  }
}
