// Workflows written in TypeScript: what an author declares, and the catalog of those that this process can run.
import type { Validated } from '../definitions/index.ts';
import { parseDuration, sha256, BreakwaterError, didYouMean } from '../kernel/index.ts';
import type { Json, JsonObject, Problem } from '../kernel/index.ts';

/** One act of a coded workflow. Durations as in YAML. */
export interface SagaAct {
  readonly tool: string;
  readonly action: string;
  readonly with: JsonObject;
  /** Of one attempt; default 30s. */
  readonly timeout?: string;
  /** An attempt that shows no sign of life this long is stalled, and tried again. */
  readonly heartbeat?: string;
  /** A named policy; default `idempotent_api_call`. */
  readonly retry?: string;
  /** The undo action of the same tool, by the adapter's undo mapping. */
  readonly compensation?: string;
  /** A failure gives null instead of turning the run round. */
  readonly optional?: boolean;
}

/** What the function of a note may use while it reads. */
export interface NoteCall {
  /** Aborted at the note's timeout, when it is silent for too long, or when the run is cancelled. */
  readonly signal: AbortSignal;
  /** A sign of life, where the note has a `heartbeat`. */
  heartbeat(): void;
}

export type ReadNote<T extends Json> = (call: NoteCall) => Promise<T> | T;

export interface NoteOptions {
  /** Default 30s. */
  readonly timeout?: string;
  readonly heartbeat?: string;
}

/**
 * What a coded workflow acts through. Every call is recorded; on replay the recorded result is returned. The code awaits nothing
 * else, and of what a call throws it may keep a FailureError only.
 */
export interface Saga {
  /** Performs an act to its end. `name` is stored and must be unique in the run. Throws a FailureError when it failed. */
  run(name: string, act: SagaAct): Promise<Json>;
  /** Records what changes between replays, such as what a file holds. It only reads: nothing undoes it. Throws a FailureError when it failed. */
  note<T extends Json>(name: string, read: ReadNote<T>, options?: NoteOptions): Promise<T>;
  /** The time, recorded. */
  now(): Promise<Date>;
  /** A UUID that is the same in every replay, another for each name. */
  uuid(name: string): string;
  /** A number in [0, 1) that is the same in every replay, another for each name. */
  random(name: string): number;
}

export interface CodedWorkflow {
  readonly name: string;
  /** Semver. A run stays with the version it began with: change the version whenever the order of calls changes. */
  readonly version: string;
  readonly title: string;
  /** Throws or answers problems when the input is wrong. */
  readonly checkInput?: (input: Json) => readonly Problem[];
  run(saga: Saga, input: Json): Promise<Json>;
}

export interface CodedWorkflows {
  all(): readonly CodedWorkflow[];
  get(name: string): CodedWorkflow;
  checkInput(name: string, input: Json): Validated;
}

export function createCodedWorkflows(workflows: readonly CodedWorkflow[]): CodedWorkflows {
  const byName = new Map(workflows.map((workflow) => [workflow.name, workflow]));
  if (byName.size < workflows.length) throw new BreakwaterError('CONFIG', 'Two coded workflows have the same name.');
  const get = (name: string): CodedWorkflow => {
    const workflow = byName.get(name);
    if (!workflow) throw new Error(`this process has no code for "${name}"${didYouMean(name, byName.keys())}`);
    return workflow;
  };
  return {
    all: () => workflows,
    get,
    checkInput(name, input) {
      return { value: input, problems: get(name).checkInput?.(input) ?? [] };
    },
  };
}

/** Code has no canonical document: its name and version stand for it. */
export function codedHash({ name, version }: CodedWorkflow): string {
  return sha256(`coded\n${name}\n${version}`);
}

export function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new TypeError(`"${text}" is no duration; write 500ms, 30s, 5m, 24h or 7d`);
  return ms;
}
