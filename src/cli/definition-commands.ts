// `validate`, `plan` and `schema`: what needs neither a database nor a running app.
import type { Command } from 'commander';
import {
  compileDefinition,
  coverageOf,
  definitionJsonSchema,
  previewPlan,
  validateInput,
  type Catalog,
  type Plan,
  type PlanPreview,
  type PreviewedNode,
} from '../definitions/index.ts';
import type { Json, Problem } from '../kernel/index.ts';
import { printJson, withJson, type Context } from './command-context.ts';
import { EXIT, problemLine } from './failure.ts';
import { readDefinition, readInput, type DefinitionFile } from './input-file.ts';
import type { Screen } from './screen.ts';
import { table } from './table.ts';

interface Options {
  readonly json?: boolean;
  readonly input?: string;
}

export function addDefinitionCommands(program: Command, context: Context): void {
  withJson(program.command('validate').argument('<file>', 'YAML or JSON'))
    .description('check a definition and tell every problem at once')
    .action(async (file: string, options: Options) => await validate(context, await readDefinition(file), options));
  withJson(program.command('plan').argument('<file>', 'YAML or JSON'))
    .description('show what a run would do, without doing any of it')
    .option('--input <file>', 'the input, as JSON')
    .action(
      async (file: string, options: Options) =>
        await plan(context, await readDefinition(file), await readInput(options.input), options),
    );
  program
    .command('schema')
    .description('print the JSON Schema of definitions, for editors')
    .action(() => printJson(context.io, definitionJsonSchema()));
}

async function validate(context: Context, definition: DefinitionFile, { json }: Options): Promise<void> {
  const compiled = compile(definition, await context.catalog());
  const { io } = context;
  if (!compiled.ok) context.exitCode = EXIT.failed;
  if (json) {
    const { file } = definition;
    printJson(
      io,
      compiled.ok
        ? {
            file,
            valid: true,
            ...identity(compiled.plan),
            coverage: coverageOf(compiled.plan),
            warnings: compiled.warnings,
          }
        : { file, valid: false, problems: compiled.problems },
    );
  } else if (compiled.ok) {
    const { name, version, nodes, waves } = compiled.plan;
    reportProblems(context, definition, compiled.warnings, 'warning: ');
    io.stdout(`${definition.file} is valid: ${name} ${version}, ${nodes.length} nodes in ${waves.length} waves\n`);
    io.stdout(coverageText(compiled.plan));
  } else {
    reportProblems(context, definition, compiled.problems);
  }
}

async function plan(
  context: Context,
  definition: DefinitionFile,
  input: Json,
  { json, input: inputFile }: Options,
): Promise<void> {
  const catalog = await context.catalog();
  const compiled = compile(definition, catalog);
  if (!compiled.ok) return refuse(context, definition.file, compiled.problems);
  const { value, problems } = validateInput(compiled.plan, input);
  if (inputFile !== undefined && problems.length > 0) return refuse(context, inputFile, problems);
  const preview = previewPlan(compiled.plan, value, catalog);
  if (json) printJson(context.io, preview);
  else context.io.stdout(planText(compiled.plan, preview, context.io.screen));
}

function refuse(context: Context, file: string, problems: readonly Problem[]): void {
  context.exitCode = EXIT.failed;
  for (const problem of problems) context.io.stderr(`${problemLine(problem, file)}\n`);
}

function compile({ source, format }: DefinitionFile, catalog: Catalog) {
  return compileDefinition(source, { format, catalog });
}

function reportProblems({ io }: Context, { file }: DefinitionFile, problems: readonly Problem[], prefix = ''): void {
  for (const problem of problems)
    io.stderr(`${problemLine({ ...problem, message: prefix + problem.message }, file)}\n`);
}

function coverageText(checked: Plan): string {
  const { effects, covered, percentage } = coverageOf(checked);
  if (effects === 0) return 'It changes nothing outside.\n';
  return `${covered} of ${effects} acts that change something say what takes them back: ${percentage}%\n`;
}

function identity({ name, version, hash }: Plan) {
  return { name, version, hash };
}

function planText(
  { name, version }: Plan,
  { waves, compensation, criticalPath }: PlanPreview,
  screen?: Screen,
): string {
  const rows = waves.flatMap((wave, index) => wave.map((node) => [String(index + 1), ...cellsOf(node)]));
  const undone = compensation.map((calls) => calls.map(({ undoes }) => undoes).join(' + '));
  return [
    `${name} ${version}\n\n`,
    table(['WAVE', 'NODE', 'ACT', 'UNDO', 'ARGUMENTS'], rows, screen),
    `\nUndone in this order: ${undone.join(', ') || 'nothing'}\n`,
    failuresText(waves.flat(), screen),
    `Longest: ${criticalPath.longest} by ${criticalPath.nodes.join(' > ')}\n`,
  ].join('');
}

function failuresText(nodes: readonly PreviewedNode[], screen?: Screen): string {
  const rows = nodes.flatMap(({ id, when, ifItFails }) =>
    ifItFails && when !== false ? [[id, undoneText(ifItFails), ifItFails.perhaps.join(', ') || '-']] : [],
  );
  if (rows.length === 0) return '';
  return `\n${table(['FAILS AT', 'UNDONE, IN THIS ORDER', 'IF IT WAS DONE BY THEN'], rows, screen)}\n`;
}

function undoneText({ undone, heldBehind }: NonNullable<PreviewedNode['ifItFails']>): string {
  if (heldBehind.length > 0) return `held behind ${heldBehind.join(', ')}`;
  return undone.map((ids) => ids.join(' + ')).join(', ') || 'nothing';
}

function cellsOf({ id, kind, when, call, runs, items, compensation = 'none' }: PreviewedNode): string[] {
  if (when === false) return [id, 'skipped', '-', ''];
  if (runs) return [id, `runs ${runs.workflow}`, 'its own undos', JSON.stringify(runs.input)];
  if (!call) return [id, kind, '-', ''];
  const many = items === undefined ? '' : typeof items === 'number' ? ` x ${items}` : ' x ?';
  const undo = typeof compensation === 'string' ? compensation : `${compensation.tool}.${compensation.action}`;
  return [id, `${call.tool}.${call.action}${many}`, undo, JSON.stringify(call.arguments)];
}
