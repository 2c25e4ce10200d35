// Reads the workflows folder: YAML and JSON definitions to publish, and the coded workflows and tools beside them.
import { readFile, readdir } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { extname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { z } from 'zod';
import { BreakwaterError, messageOf } from './kernel/index.ts';
import type { Emit } from './kernel/index.ts';
import { packageRoot } from './postgres/index.ts';
import { workflowOfClass } from './runs/index.ts';
import type { Actor, CodedWorkflow, Definitions } from './runs/index.ts';
import type { Tool } from './tools/index.ts';

const FORMATS: ReadonlyMap<string, 'yaml' | 'json'> = new Map([
  ['.yaml', 'yaml'],
  ['.yml', 'yaml'],
  ['.json', 'json'],
] as const);
const CODE_FILES = ['index.js', 'index.mjs'];

// Functions can only be checked for being functions.
const codedWorkflow = z.preprocess(
  (value) => workflowOfClass(value) ?? value,
  z.custom<CodedWorkflow>(
    (value) => isRecord(value) && 'name' in value && 'version' in value && typeof value['run'] === 'function',
    'is no workflow: it needs @workflow above the class, or name, version, title and run',
  ),
);
const tool = z.custom<Tool>(
  (value) => isRecord(value) && typeof value['name'] === 'string' && hasActions(value['actions']),
  'is no tool: it needs name, and actions made by defineAction',
);

const userModule = z
  .object({ workflows: z.array(codedWorkflow).optional(), tools: z.array(tool).optional() })
  .refine(({ workflows, tools }) => workflows ?? tools, 'it exports neither');

function hasActions(value: unknown): boolean {
  return (
    isRecord(value) && Object.values(value).every((action) => isRecord(action) && typeof action['bind'] === 'function')
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

/** What people add in code, beside their definitions. */
export interface UserCode {
  readonly workflows: readonly CodedWorkflow[];
  readonly tools: readonly Tool[];
}

/** The `workflows` and `tools` that `<folder>/index.js` exports, if that file is there. */
export async function loadUserCode(folder: string): Promise<UserCode> {
  const file = CODE_FILES.map((name) => resolve(codeFolder(folder), name)).find((path) => existsSync(path));
  if (file === undefined) return { workflows: [], tools: [] };
  const parsed = userModule.safeParse(await import(pathToFileURL(file).href));
  if (parsed.success) return { workflows: parsed.data.workflows ?? [], tools: parsed.data.tools ?? [] };
  throw new BreakwaterError(
    'CONFIG',
    `${file} must export "workflows", a list of coded workflows, or "tools", a list of tools: ${z.prettifyError(parsed.error)}`,
  );
}

// The package's own folder has its code in the build; any other folder brings its own JavaScript.
function codeFolder(folder: string): string {
  const own = join(packageRoot(), 'workflows');
  return resolve(folder) === own ? join(import.meta.dirname, '..', 'workflows') : folder;
}

/** Publishes every definition of the folder. A file that is refused is announced and left out: the others still run. */
export async function publishFolder(folder: string, definitions: Definitions, actor: Actor, emit: Emit): Promise<void> {
  const names = existsSync(folder) ? await readdir(folder) : [];
  for (const name of names.toSorted()) {
    const format = FORMATS.get(extname(name));
    if (format === undefined) continue;
    try {
      const { definition } = await definitions.publish(actor, await readFile(join(folder, name), 'utf8'), format);
      emit({
        level: 'debug',
        name: 'workflows.published',
        fields: { file: name, workflow: definition.name, version: definition.version },
      });
    } catch (error) {
      const problems =
        error instanceof BreakwaterError
          ? error.problems.map((each) => `${each.line}:${each.column} ${each.message}`)
          : [];
      emit({ level: 'warn', name: 'workflows.refused', fields: { file: name, error: messageOf(error), problems } });
    }
  }
}
