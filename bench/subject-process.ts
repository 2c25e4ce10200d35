// The parent's side of a measurement: a subject as a process of its own, called over IPC, closed or killed.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { ZodType } from 'zod';
import { answerSchema } from './subject.ts';

const NODE_FLAGS = ['--disable-warning=DeprecationWarning', '--enable-source-maps', '--expose-gc'];

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class SubjectProcess {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly #waiting = new Map<number, Waiting>();
  #calls = 0;

  /** `isHeard`: what it writes to stderr is shown. Otherwise it is read, as a collector of logs would. */
  constructor(program: string, { isHeard = true }: { readonly isHeard?: boolean } = {}) {
    this.#child = fork(program, [], {
      execArgv: NODE_FLAGS,
      stdio: ['ignore', 'ignore', isHeard ? 'inherit' : 'pipe', 'ipc'],
    });
    this.#child.stderr?.resume();
    this.#exited = once(this.#child, 'exit');
    this.#child.on('message', (message) => this.#settle(message));
    this.#child.on('exit', () => this.#abandon());
  }

  async call<Result>(verb: string, args: unknown, result: ZodType<Result>): Promise<Result> {
    const id = this.#calls++;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    this.#waiting.set(id, { resolve, reject });
    this.#child.send({ id, verb, args });
    return result.parse(await promise);
  }

  /** Lets the process end by itself: nothing of it is needed any more. */
  async close(): Promise<void> {
    if (this.#child.connected) this.#child.disconnect();
    await this.#exited;
  }

  /** SIGKILL: nothing of the process runs on. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#exited;
  }

  #settle(message: unknown): void {
    const answer = answerSchema.parse(message);
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.result);
  }

  #abandon(): void {
    for (const { reject } of this.#waiting.values()) reject(new Error('The subject ended in the middle of a call.'));
    this.#waiting.clear();
  }
}
