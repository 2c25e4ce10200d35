// A real process of ours under test: a TypeScript or built program, what it prints line by line, and how it ended.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface, type Interface } from 'node:readline';

export interface ProgramOptions {
  /** Run as this user, when we are root. */
  readonly uid?: number;
  readonly env?: NodeJS.ProcessEnv;
}

export class Program {
  readonly child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #closed: Promise<unknown>;
  #stderr = '';

  /** Starts `node file …args`. Node 24 runs the TypeScript as it is. */
  constructor(file: string, args: readonly string[] = [], { uid, env = process.env }: ProgramOptions = {}) {
    const user = uid === undefined ? {} : { uid, gid: uid };
    const flags = ['--disable-warning=DeprecationWarning', '--disable-warning=ExperimentalWarning'];
    const child = spawn(process.execPath, [...flags, file, ...args], {
      ...user,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const reader: Interface = createInterface({ input: child.stdout });
    this.child = child;
    this.#lines = reader[Symbol.asyncIterator]();
    this.#closed = once(child, 'close');
    child.stderr.on('data', (chunk: Buffer) => {
      this.#stderr += chunk.toString();
    });
  }

  /** The next line it prints. */
  async nextLine(): Promise<string> {
    const line = await this.#lines.next();
    if (line.done) throw new Error(`The program ended without another line: ${this.#stderr}`);
    return line.value;
  }

  /** The next line it prints, parsed as JSON. */
  async nextJson<T>(): Promise<T> {
    return JSON.parse(await this.nextLine()) as T;
  }

  /** Signals it and waits for its end. */
  async end(signal: NodeJS.Signals): Promise<void> {
    this.child.kill(signal);
    await this.#closed;
  }

  /** What it wrote to stderr so far. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Waits for it to end by itself: its exit status. */
  async exitCode(): Promise<number | null> {
    await this.#closed;
    return this.child.exitCode;
  }
}
