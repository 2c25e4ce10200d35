// Workflows written in TypeScript as the engine sees them, and the catalog of those that this process can run.
import { compareVersions, isVersion } from '../definitions/index.ts';
import type { Validated } from '../definitions/index.ts';
import { StuckError } from '../durable/index.ts';
import { BreakwaterError, didYouMean, parseDuration, sha256 } from '../kernel/index.ts';
import type { Json, Problem } from '../kernel/index.ts';
import type { Saga } from './saga.ts';
import type { Message } from './workflow-message.ts';

/** What `@workflow` makes of a class; where there is no class, it may be written down as it is. */
export interface CodedWorkflow {
  readonly name: string;
  /** Semver. A run stays with the version it began with: change the version whenever what is called changes. */
  readonly version: string;
  readonly title: string;
  /** The messages that it waits for: no others can be sent to its runs. */
  readonly messages?: readonly Message[];
  /** Answers problems when the input is wrong. */
  readonly checkInput?: (input: Json) => readonly Problem[];
  /** Its answer is the run's output: plain JSON. */
  run(saga: Saga, input: Json): Promise<unknown>;
}

type Pin = Pick<CodedWorkflow, 'name' | 'version'>;

export interface CodedWorkflows {
  all(): readonly CodedWorkflow[];
  /** Throws a StuckError when this process has no such code. */
  get(pin: Pin): CodedWorkflow;
  find(pin: Pin): CodedWorkflow | undefined;
  checkInput(pin: Pin, input: Json): Validated;
}

export function createCodedWorkflows(workflows: readonly CodedWorkflow[]): CodedWorkflows {
  const byPin = new Map(workflows.map((workflow) => [keyOf(workflow), workflow]));
  checkDeclared(workflows);
  const find = (pin: Pin): CodedWorkflow | undefined => byPin.get(keyOf(pin));
  return {
    all: () => workflows,
    find,
    get(pin) {
      const workflow = find(pin);
      if (!workflow) throw noCode(pin, workflows);
      return workflow;
    },
    checkInput(pin, input) {
      const workflow = find(pin);
      if (!workflow) throw new BreakwaterError('CONFLICT', noCode(pin, workflows).message);
      return { value: input, problems: workflow.checkInput?.(input) ?? [] };
    },
  };
}

function checkDeclared(workflows: readonly CodedWorkflow[]): void {
  const seen = new Set<string>();
  for (const { name, version } of workflows) {
    if (!isVersion(version))
      throw new BreakwaterError('CONFIG', `The version "${version}" of the workflow "${name}" is not semver.`);
    const key = keyOf({ name, version });
    if (seen.has(key)) throw new BreakwaterError('CONFIG', `Two coded workflows are "${name}" ${version}.`);
    seen.add(key);
  }
}

function keyOf({ name, version }: Pin): string {
  return `${name}\n${version}`;
}

const REMEDY = 'Run it where its code is: keep exporting a version until no run of it is left.';

function noCode({ name, version }: Pin, workflows: readonly CodedWorkflow[]): StuckError {
  const versions = workflows.filter((each) => each.name === name).map((each) => each.version);
  const known =
    versions.length > 0
      ? `; it has ${versions.toSorted(compareVersions).join(', ')}`
      : didYouMean(
          name,
          workflows.map((each) => each.name),
        );
  return new StuckError('UNKNOWN_WORKFLOW', `This process has no code for "${name}" ${version}${known}`, REMEDY);
}

/** Code has no canonical document: its name and version stand for it. */
export function codedHash({ name, version }: Pin): string {
  return sha256(`coded\n${name}\n${version}`);
}

export function durationOf(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined) throw new TypeError(`"${text}" is no duration; write 500ms, 30s, 5m, 24h or 7d`);
  return ms;
}
