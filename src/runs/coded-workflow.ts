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
  /** A named policy; default `idempotent_api_call`. */
  readonly retry?: string;
  /** The undo action of the same tool, by the adapter's undo mapping. */
  readonly compensation?: string;
  /** A failure gives null instead of turning the run round. */
  readonly optional?: boolean;
}

/** What a coded workflow acts through. Every call is recorded; on replay the recorded result is returned. */
export interface Saga {
  /** Performs an act to its end. `name` is stored and must be unique in the run. Throws when it failed; do not catch that to go on. */
  run(name: string, act: SagaAct): Promise<Json>;
  /** Records the value of something that is not deterministic, such as the time. */
  note<T extends Json>(name: string, read: () => Promise<T> | T): Promise<T>;
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
