// One place of the fleet: an app process behind a proxy and a clock of its own, started again whenever it is gone.
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { AppProcess } from '../../support/app-process.ts';
import type { ClockControl, PostgresProxy } from '../faults/index.ts';
import type { Disturbance } from './facts.ts';

export interface ReplicaSettings {
  readonly index: number;
  readonly databaseUrl: string;
  readonly proxy: PostgresProxy;
  readonly clock: ClockControl;
  readonly env: Readonly<Record<string, string>>;
  /** Data directories and logs go here. */
  readonly folder: string;
  /** Called once a boot has ended, with how. */
  readonly onExit: (exit: InstanceExit) => void;
}

/** One boot: `r0#3` is the third of replica 0. */
export interface Instance {
  readonly id: string;
  readonly app: AppProcess;
  readonly pid: number;
}

export interface InstanceExit extends Disturbance {
  readonly instance: string;
  readonly pid: number;
  /** The rig ended it. */
  readonly planned: boolean;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const READY_TIMEOUT_MS = 30_000;
const REBOOT_AFTER_MS = 200;

export class Replica {
  readonly index: number;
  readonly proxy: PostgresProxy;
  readonly clock: ClockControl;
  readonly #settings: ReplicaSettings;
  #boots = 0;
  #instance: Instance | undefined;
  #ready: PromiseWithResolvers<Instance> = Promise.withResolvers();
  #planned = false;
  #held = false;
  #closing = false;
  #life: Promise<void> = Promise.resolve();

  constructor(settings: ReplicaSettings) {
    this.#settings = settings;
    this.index = settings.index;
    this.proxy = settings.proxy;
    this.clock = settings.clock;
  }

  start(): void {
    this.#life = this.#live();
  }

  /** The address of a boot that listens, if there is one. */
  get url(): string | undefined {
    return this.#instance?.app.url || undefined;
  }

  get instance(): Instance | undefined {
    return this.#instance;
  }

  /** The current boot once it listens, or the next. */
  async ready(): Promise<Instance> {
    for (;;) {
      const instance = await this.#ready.promise;
      if (instance === this.#instance) return instance;
      await delay(20);
    }
  }

  /** Signals the current boot and waits for its end; the next one begins by itself. */
  async end(signal: NodeJS.Signals): Promise<Instance> {
    const instance = await this.ready();
    this.#planned = true;
    instance.app.child.kill(signal);
    await instance.app.exitCode();
    return instance;
  }

  /** The next boot waits until `release`. */
  hold(): void {
    this.#held = true;
  }

  release(): void {
    this.#held = false;
  }

  async close(): Promise<void> {
    this.#closing = true;
    this.#planned = true;
    this.#instance?.app.child.kill('SIGCONT');
    this.#instance?.app.child.kill('SIGKILL');
    await this.#life;
  }

  async #live(): Promise<void> {
    while (!this.#closing) {
      if (this.#held) await delay(REBOOT_AFTER_MS);
      else await this.#boot();
    }
  }

  async #boot(): Promise<void> {
    const instance = await this.#spawn();
    this.#instance = instance;
    const { app } = instance;
    const giveUp = AbortSignal.timeout(READY_TIMEOUT_MS);
    const gone = (): boolean => app.child.exitCode !== null || app.child.signalCode !== null;
    while (app.url === '' && !gone() && !giveUp.aborted && !this.#closing) await delay(20);
    if (app.url === '') app.child.kill('SIGKILL');
    else this.#ready.resolve(instance);
    await app.exitCode();
    this.#bury(instance);
    if (!this.#closing) await delay(REBOOT_AFTER_MS);
  }

  async #spawn(): Promise<Instance> {
    const { index, databaseUrl, proxy, clock, env, folder } = this.#settings;
    const id = `r${index}#${++this.#boots}`;
    const dataDir = join(folder, `replica-${index}`);
    await mkdir(dataDir, { recursive: true });
    const app = await AppProcess.spawn({
      databaseUrl: proxy.through(databaseUrl),
      dataDir,
      env: { ...env, ...clock.env, CHAOS_INSTANCE: id },
    });
    const log = createWriteStream(join(folder, `${id.replace('#', '-')}.log`));
    app.child.stdout?.pipe(log, { end: false });
    app.child.stderr?.pipe(log, { end: false });
    app.child.once('close', () => log.end());
    return { id, app, pid: app.child.pid ?? 0 };
  }

  #bury({ id, app, pid }: Instance): void {
    const [planned, at] = [this.#planned, Date.now()];
    this.#planned = false;
    this.#instance = undefined;
    if (app.url !== '') this.#ready = Promise.withResolvers();
    const { exitCode: code, signalCode: signal } = app.child;
    this.#settings.onExit({ what: 'exit', instance: id, pid, from: at, until: at, planned, code, signal });
  }
}
