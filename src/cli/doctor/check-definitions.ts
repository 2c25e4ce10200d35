// Can the definitions of the workflows folder, and those that were published, be run with this set-up? Judges; reads that folder alone.
import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { compileDefinition, type Catalog } from '../../definitions/index.ts';
import { readDefinition } from '../input-file.ts';
import { problem, warning, type CheckResult, type Finding } from './finding.ts';
import { storedPlan, usedDefinition, type UsedDefinition } from './used-definition.ts';
import { BROWSER_REMEDY, type Connections } from '../../tools/index.ts';

const EXTENSIONS: ReadonlySet<string> = new Set(['.yaml', '.yml', '.json']);

export interface FolderDefinitions {
  readonly used: readonly UsedDefinition[];
  readonly result: CheckResult;
}

/** A start leaves a file out that is refused, so that the others still run. */
export async function checkFolder(folder: string, catalog: Catalog): Promise<FolderDefinitions> {
  if (!existsSync(folder)) {
    const missing = warning(`The workflows folder ${folder} is not there`, 'make it, or set BREAKWATER_WORKFLOWS_DIR');
    return { used: [], result: { check: 'definitions', looked: 'none', findings: [missing] } };
  }
  const files = readdirSync(folder).filter((name) => EXTENSIONS.has(extname(name)));
  const read = await Promise.all(files.map(async (name) => await compileFile(join(folder, name), catalog)));
  const findings = read.flatMap(({ refused }) => refused ?? []);
  const used = read.flatMap((each) => each.used ?? []);
  return { used, result: { check: 'definitions', looked: `${files.length} files in ${folder}`, findings } };
}

async function compileFile(file: string, catalog: Catalog): Promise<{ used?: UsedDefinition; refused?: Finding }> {
  const { source, format } = await readDefinition(file);
  const compiled = compileDefinition(source, { format, catalog });
  if (compiled.ok) return { used: usedDefinition(storedPlan.parse(compiled.plan)) };
  return { refused: problem(`${file} is refused, so it cannot be run`, `run "breakwater validate ${file}"`) };
}

/** Pure. */
export function judgeTools(used: readonly UsedDefinition[], connections: Connections, hasBrowser: boolean): Finding[] {
  const byName = new Map(used.map((each) => [each.name, each]));
  const missing = [...byName.values()].flatMap((each) => credentialFindings(each, connections));
  const drivers = [...byName.values()].filter(({ tools }) => tools.has('playwright')).map(({ name }) => name);
  if (hasBrowser || drivers.length === 0) return missing;
  return [...missing, warning(`playwright finds no Chromium, and ${drivers.join(', ')} drives one`, BROWSER_REMEDY)];
}

function credentialFindings({ name, tools }: UsedDefinition, connections: Connections): Finding[] {
  const missing = [...tools].toSorted().flatMap((tool) => {
    const connection = connections.get(tool);
    return connection?.state === 'missing' ? [{ tool, variables: connection.variables }] : [];
  });
  if (missing.length === 0) return [];
  const variables = missing.flatMap((each) => each.variables);
  return [
    problem(
      `${name} calls tools that have no credentials: ${missing.map(({ tool }) => tool).join(', ')}`,
      `set ${variables.join(', ')}, or BREAKWATER_SANDBOX to try it on doubles of the vendors`,
    ),
  ];
}
