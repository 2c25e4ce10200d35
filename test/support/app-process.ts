// The app as a real process of its own, started from dist, spoken to over HTTP, and killed.
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { packageRoot } from '../../src/postgres/index.ts';
import { until } from './until.ts';

export const ADMIN_KEY = 'bw_test_admin_key_0123456789abcdef';

export interface AppSettings {
  /** Absent: an embedded cluster in the data directory. */
  readonly databaseUrl?: string;
  readonly sandboxUrl?: string;
  /** Default: a new one. */
  readonly dataDir?: string;
  readonly env?: Readonly<Record<string, string>>;
}

interface LogLine {
  readonly level: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Tests look into answers of many shapes.
  readonly body: Record<string, unknown>;
}

export class AppProcess {
  readonly child: ChildProcess;
  readonly dataDir: string;
  readonly log: LogLine[] = [];
  /** Lines that are no JSON: what a person reads. */
  readonly said: string[] = [];
  url = '';
  readonly #exited: Promise<unknown>;

  private constructor(child: ChildProcess, dataDir: string) {
    this.child = child;
    this.dataDir = dataDir;
    this.#exited = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
  }

  static async spawn({ databaseUrl, sandboxUrl, dataDir, env = {} }: AppSettings = {}): Promise<AppProcess> {
    const folder = dataDir ?? (await mkdtemp(join(tmpdir(), 'breakwater-app-')));
    const child = spawn(
      process.execPath,
      ['--disable-warning=DeprecationWarning', join(packageRoot(), 'dist', 'src', 'bin.js'), 'start'],
      {
        cwd: packageRoot(),
        stdio: ['ignore', 'pipe', 'pipe'],
        env: {
          PATH: process.env.PATH,
          NODE_COMPILE_CACHE: process.env.NODE_COMPILE_CACHE,
          PORT: '0',
          LOG_LEVEL: 'info',
          BREAKWATER_DATA_DIR: folder,
          BREAKWATER_ADMIN_KEY: ADMIN_KEY,
          BREAKWATER_LEASE_TTL: '5s',
          BREAKWATER_ALLOW_UNSAFE_DURABILITY: 'on',
          BREAKWATER_RATE_LIMIT: 'off',
          ...(databaseUrl !== undefined && { DBOS_SYSTEM_DATABASE_URL: databaseUrl }),
          ...(sandboxUrl !== undefined && { BREAKWATER_SANDBOX: sandboxUrl }),
          ...env,
        },
      },
    );
    return new AppProcess(child, folder);
  }

  /** Spawned, and ready to answer. */
  static async start(settings: AppSettings = {}): Promise<AppProcess> {
    const app = await AppProcess.spawn(settings);
    try {
      await until(() => app.url !== '' || app.child.exitCode !== null, {
        what: 'the app to listen',
        timeoutMs: 60_000,
      });
    } catch (error) {
      await app.kill();
      throw new Error(`The app did not listen in time:\n${app.output()}`, { cause: error });
    }
    if (app.url === '') throw new Error(`The app did not start:\n${app.output()}`);
    return app;
  }

  async call(method: string, path: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: {
        authorization: `Bearer ${ADMIN_KEY}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: (text === '' ? {} : JSON.parse(text)) as Answer['body'],
    };
  }

  /** SIGKILL: nothing of the process runs on. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.#exited;
  }

  /** SIGTERM, and how it ended. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    await this.#exited;
    return this.child.exitCode;
  }

  async exitCode(): Promise<number | null> {
    await this.#exited;
    return this.child.exitCode;
  }

  logged(name: string): LogLine[] {
    return this.log.filter((line) => line.msg === name);
  }

  output(): string {
    return [...this.said, ...this.log.map((line) => JSON.stringify(line))].join('\n');
  }

  #read(line: string): void {
    try {
      const parsed = JSON.parse(line) as LogLine;
      this.log.push(parsed);
      if (parsed.msg === 'main.ready') this.url = String(parsed.url);
    } catch {
      this.said.push(line);
    }
  }
}
