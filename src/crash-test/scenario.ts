// What a crash test plays: a workflow, its input, and what the world around the run does: decides, sends, fails.
import { readFile } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';
import { RUN_STATUSES } from '../runs/index.ts';

// Anything that is there: it comes out of JSON.parse.
const json = z.custom<Json>((value) => value !== undefined);

const decision = z.strictObject({
  decision: z.enum(['approve', 'reject']),
  reason: z.string().optional(),
  edits: z.record(z.string(), json).optional(),
  form: json.optional(),
});

const operation = z.strictObject({
  when: z.enum(RUN_STATUSES),
  verb: z.string(),
  body: z.record(z.string(), json).default({}),
});
export type Operation = z.infer<typeof operation>;

const scenarioFile = z.strictObject({
  about: z.string(),
  /** A definition's file, beside this one; default: of the same name. */
  definition: z.string().optional(),
  /** A workflow in code instead, by its name. */
  workflow: z.string().optional(),
  input: json.default({}),
  /** How each approval is decided; `nobody` leaves them to their deadline. */
  decide: z.union([decision, z.literal('nobody')]).default({ decision: 'approve' }),
  /** Sent when the run waits. */
  messages: z.array(z.strictObject({ topic: z.string(), body: json })).default([]),
  /** What an operator does, one after the other: each once the run has come to its status. */
  operate: z.array(operation).default([]),
  /** Files of further definitions, beside this one, that it begins runs of. */
  also: z.array(z.string()).default([]),
  /** Planted at the vendors' doubles before the run begins, as `POST /_faults` takes them. */
  faults: z.array(z.record(z.string(), json)).default([]),
});

type ScenarioFile = z.infer<typeof scenarioFile>;

export interface Scenario extends Pick<ScenarioFile, 'input' | 'decide' | 'messages' | 'faults'> {
  readonly name: string;
  readonly workflow: { readonly coded: string } | DefinitionText;
  readonly operate?: readonly Operation[];
  /** Definitions that must be there besides. */
  readonly also?: readonly DefinitionText[];
}

export interface DefinitionText {
  readonly source: string;
  readonly format: 'yaml' | 'json';
}

/** Reads `<name>.json`, a scenario, and the definition that it plays. */
export async function readScenario(file: string): Promise<Scenario> {
  const { workflow, definition, also, ...rest } = scenarioFile.parse(JSON.parse(await readFile(file, 'utf8')));
  const name = basename(file, '.json');
  const text = join(dirname(file), definition ?? `${name}.yaml`);
  const { input, decide, messages, faults, operate } = rest;
  const beside = also.map(async (each) => await readDefinition(join(dirname(file), each)));
  return {
    name,
    input,
    decide,
    messages,
    faults,
    operate,
    also: await Promise.all(beside),
    workflow: workflow === undefined ? await readDefinition(text) : { coded: workflow },
  };
}

async function readDefinition(file: string): Promise<DefinitionText> {
  return { source: await readFile(file, 'utf8'), format: extname(file) === '.json' ? 'json' : 'yaml' };
}
