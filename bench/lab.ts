// Where subjects meet their database: processes on a database of their own, and the proof that what they say they did is there.
import { extname, join } from 'node:path';
import { z } from 'zod';
import type { ZodType } from 'zod';
import { createDatabaseIfMissing } from '../src/postgres/index.ts';
import type { Mechanism } from './mechanisms.ts';
import type { Kind } from './report.ts';
import { SubjectProcess } from './subject-process.ts';
import { countCancelled, countWork } from './work-store.ts';

const FOLDERS: Readonly<Record<Kind, string>> = { breakwater: 'breakwater', dbos: 'raw-dbos', limit: 'limit' };
const LEASE_TTL_MS = 10_000;

export interface LabOptions {
  readonly kind: Kind;
  /** A new one, or for the limit the one of raw DBOS. */
  readonly databaseUrl: string;
  /** Goes with the bench: processes keep their files in there. */
  readonly folder: string;
  /** What ours does without. */
  readonly without: ReadonlySet<Mechanism>;
}

/** Who is told of events: nobody, the metrics, or also the log and a receiver of traces. Ours only. */
export const TOLD = ['nobody', 'metrics', 'everyone'] as const;

export interface OpenOptions {
  readonly leaseTtlMs?: number;
  readonly told?: (typeof TOLD)[number];
  readonly otlpUrl?: string;
}

const claim = z.object({ done: z.object({ workflows: z.number(), steps: z.number() }) });

export class Lab {
  readonly kind: Kind;
  readonly #options: LabOptions;
  readonly #open = new Set<SubjectProcess>();

  constructor(options: LabOptions) {
    this.kind = options.kind;
    this.#options = options;
  }

  /** A further process of the subject on the same database, ready to work. */
  async open({ leaseTtlMs = LEASE_TTL_MS, told = 'metrics', otlpUrl }: OpenOptions = {}): Promise<SubjectProcess> {
    const { kind, databaseUrl, folder, without } = this.#options;
    await createDatabaseIfMissing(databaseUrl);
    const program = join(import.meta.dirname, FOLDERS[kind], `main${extname(import.meta.filename)}`);
    const subject = new SubjectProcess(program, { isHeard: told !== 'everyone' });
    this.#open.add(subject);
    const settings = { databaseUrl, folder, leaseTtlMs, told, otlpUrl, without: [...without] };
    await subject.call('open', settings, z.unknown());
    return subject;
  }

  /** Calls a verb that says what it did, and believes the figures only when the database holds as much. */
  async work<Result>(subject: SubjectProcess, verb: string, args: unknown, result: ZodType<Result>): Promise<Result> {
    const before = await this.#count();
    const answer = await subject.call(verb, args, z.unknown());
    const after = await this.#count();
    const { done } = claim.parse(answer);
    const found = { workflows: after.workflows - before.workflows, steps: after.steps - before.steps };
    if (found.workflows !== done.workflows || found.steps < done.steps) {
      throw new Error(
        `${this.kind} ${verb}: says ${JSON.stringify(done)}, the database holds ${JSON.stringify(found)}`,
      );
    }
    return result.parse(answer);
  }

  /** Fails unless the database calls all of these cancelled. */
  async confirmCancelled(ids: readonly string[]): Promise<void> {
    const { kind, databaseUrl } = this.#options;
    const found = await countCancelled(databaseUrl, kind, ids);
    if (found !== ids.length) throw new Error(`${kind}: of ${ids.length} runs ${found} are cancelled`);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open].map(async (subject) => await subject.close()));
    this.#open.clear();
  }

  async #count() {
    return await countWork(this.#options.databaseUrl, this.kind);
  }
}
