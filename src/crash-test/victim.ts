// A victim as its crash test sees it: a process that runs the app, can be armed, and ends in a way that tells why.
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Boundary } from '../durable/index.ts';
import { packageRoot } from '../postgres/index.ts';
import type { BoundaryPoint } from './boundary-point.ts';
import { LAST_WORDS, report } from './victim-message.ts';
import type { Order, Report } from './victim-message.ts';

const PROGRAM = join(packageRoot(), 'dist', 'src', 'crash-victim.js');
const START_TIMEOUT_MS = 60_000;
const ANSWER_TIMEOUT_MS = 10_000;
const KEPT_LINES = 20;
const LOST_LEASE = 70;

/** A process lost its lease, as they do on a busy machine: try again. */
export class Disturbed extends Error {}

export interface VictimEnd {
  /** It died by its own SIGKILL at the boundary it was armed for. */
  readonly atBoundary: boolean;
  /** It lost its lease. */
  readonly lostLease: boolean;
  /** How it ended, and the last it said. */
  readonly story: string;
}

export class Victim {
  readonly #child: ChildProcess;
  readonly #said: string[] = [];
  #lastWords = false;
  #end: VictimEnd | undefined;
  readonly ended: Promise<VictimEnd>;
  url = '';

  private constructor() {
    const flags = ['--disable-warning=DeprecationWarning'];
    this.#child = fork(PROGRAM, [], { execArgv: flags, stdio: ['ignore', 'pipe', 'pipe', 'ipc'] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream) createInterface({ input: stream }).on('line', (line) => this.#hear(line));
    }
    this.ended = this.#untilClosed();
  }

  /** Answers once the app listens. One that does not in time is killed, so that it takes over no run later on. */
  static async start(settings: Readonly<Record<string, string>>): Promise<Victim> {
    const victim = new Victim();
    try {
      victim.url = (await victim.#ask({ kind: 'start', settings }, 'ready', START_TIMEOUT_MS)).url;
      return victim;
    } catch (error) {
      await victim.kill();
      throw error;
    }
  }

  get isAlive(): boolean {
    return this.#end === undefined && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** It will kill itself when a run that is none of `runsOfBefore` passes `point`. */
  async arm(point: BoundaryPoint, runsOfBefore: readonly string[]): Promise<void> {
    await this.#ask({ kind: 'arm', point, runsOfBefore: [...runsOfBefore] }, 'armed');
  }

  /** What boundaries the runs have passed in this process. */
  async boundariesOf(runIds: readonly string[]): Promise<readonly Boundary[]> {
    return (await this.#ask({ kind: 'tell', runIds: [...runIds] }, 'passed')).boundaries;
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.ended;
  }

  #hear(line: string): void {
    if (line === LAST_WORDS) this.#lastWords = true;
    this.#said.push(line);
    if (this.#said.length > KEPT_LINES) this.#said.shift();
  }

  async #untilClosed(): Promise<VictimEnd> {
    await once(this.#child, 'close');
    const { exitCode, signalCode } = this.#child;
    const how = signalCode ?? `exit status ${exitCode}`;
    this.#end = {
      atBoundary: signalCode === 'SIGKILL' && this.#lastWords,
      lostLease: (signalCode === 'SIGKILL' && !this.#lastWords) || exitCode === LOST_LEASE,
      story: [`ended by ${how}`, ...this.#said].join('\n'),
    };
    return this.#end;
  }

  async #ask<Kind extends Report['kind']>(
    given: Order,
    kind: Kind,
    timeoutMs = ANSWER_TIMEOUT_MS,
  ): Promise<Extract<Report, { kind: Kind }>> {
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(timeoutMs) });
    this.#child.send(given, () => undefined);
    const first = await Promise.race([answered, this.ended]);
    if (!Array.isArray(first)) throw endError(first);
    const parsed = report.parse(first[0]);
    if (!isKind(parsed, kind)) throw new TypeError(`The victim was asked to be ${kind} and answered ${parsed.kind}`);
    return parsed;
  }
}

/** A process that ended although nobody told it to. */
export function endError({ lostLease, story }: VictimEnd): Error {
  const message = `the process ${story}`;
  return lostLease ? new Disturbed(message) : new Error(message);
}

function isKind<Kind extends Report['kind']>(given: Report, kind: Kind): given is Extract<Report, { kind: Kind }> {
  return given.kind === kind;
}
