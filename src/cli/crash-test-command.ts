// `breakwater crash-test FILE`: plays a definition on doubles of the vendors, kills its process at every boundary, compares the ends.
import type { Command } from 'commander';
import { resolve } from 'node:path';
import { workflowsDir } from '../config.ts';
import { passed, runCrashTest, summaryText, verdictLine } from '../crash-test/index.ts';
import type { MatrixResult, Scenario } from '../crash-test/index.ts';
import { compileDefinition, validateInput } from '../definitions/index.ts';
import type { Plan } from '../definitions/index.ts';
import type { Json, Problem } from '../kernel/index.ts';
import { printJson, withJson, type Context } from './command-context.ts';
import { EXIT, WrongUse, problemLine } from './failure.ts';
import { parseInput, readDefinition, readInput, type DefinitionFile } from './input-file.ts';
import { nextStopSignal } from './stop-signal.ts';

interface Options {
  readonly input?: string;
  readonly reject?: boolean;
  readonly message?: readonly string[];
  readonly only?: string;
  readonly lanes: string;
  readonly json?: boolean;
}

const LEASE_TTL_MS = 3_000;
const RUN_TIMEOUT_MS = 120_000;

export function addCrashTest(program: Command, context: Context): void {
  withJson(program.command('crash-test').argument('<file>', 'YAML or JSON'))
    .description('kill a run at every boundary, on doubles of the vendors, and tell whether it always ends the same')
    .option('--input <file>', 'the input, as JSON')
    .option('--reject', 'reject approvals; they are approved otherwise')
    .option('--message <topic=json>', 'what to send where the run waits for a message; {} otherwise', collect)
    .option('--only <text>', 'only boundaries whose name contains it, such as "done" or "undo"')
    .option('--lanes <number>', 'runs side by side, 1 to 16', '3')
    .action(async (file: string, options: Options) => {
      const definition = await readDefinition(file);
      const input = await readInput(options.input);
      const plan = await planOrRefuse(context, definition, input, options.input);
      if (!plan) return;
      const scenario = scenarioOf(definition, plan, input, options);
      const result = await crashTest(context, scenario, options);
      if (!result) throw new Error('interrupted; what was started is gone again');
      if (options.json) printJson(context.io, result);
      else context.io.stdout(summaryText(result));
      if (!passed(result)) context.exitCode = EXIT.failed;
    });
}

function collect(message: string, before: readonly string[] = []): readonly string[] {
  return [...before, message];
}

// The same problems as `validate` and a start would tell, before anything is started.
async function planOrRefuse(
  context: Context,
  { file, source, format }: DefinitionFile,
  input: Json,
  inputFile: string | undefined,
): Promise<Plan | undefined> {
  const compiled = compileDefinition(source, { format, catalog: await context.catalog() });
  if (!compiled.ok) return refuse(context, file, compiled.problems);
  const { problems } = validateInput(compiled.plan, input);
  return problems.length > 0 ? refuse(context, inputFile ?? 'the empty input', problems) : compiled.plan;
}

function refuse(context: Context, file: string, problems: readonly Problem[]): undefined {
  context.exitCode = EXIT.failed;
  for (const problem of problems) context.io.stderr(`${problemLine(problem, file)}\n`);
}

function scenarioOf(
  { source, format }: DefinitionFile,
  { name, messageTopics }: Plan,
  input: Json,
  { reject, message = [] }: Options,
): Scenario {
  const given = new Map(message.map(messageOf));
  for (const topic of given.keys()) {
    if (messageTopics.includes(topic)) continue;
    throw new WrongUse(`--message ${topic}: the definition waits for ${messageTopics.join(', ') || 'no message'}`);
  }
  return {
    name,
    workflow: { source, format },
    input,
    decide: { decision: reject ? 'reject' : 'approve' },
    messages: messageTopics.map((topic) => ({ topic, body: given.get(topic) ?? {} })),
    faults: [],
  };
}

function messageOf(text: string): [string, Json] {
  const [topic = '', json] = text.split(/=(.*)/s);
  if (json === undefined) throw new WrongUse(`--message must be <topic>=<json>, not "${text}"`);
  return [topic, parseInput(`--message ${topic}`, json)];
}

async function crashTest(
  { io }: Context,
  scenario: Scenario,
  { lanes, only }: Options,
): Promise<MatrixResult | undefined> {
  if (!/^([1-9]|1[0-6])$/.test(lanes))
    throw new WrongUse(`--lanes must be a whole number from 1 to 16, not "${lanes}"`);
  const { name } = scenario;
  io.stderr(`Playing ${name} twice undisturbed, then once for each boundary, killed there; this takes minutes.\n`);
  const interrupted = new AbortController();
  void nextStopSignal().then(() => interrupted.abort());
  return await runCrashTest({
    lanes: Number(lanes),
    workflowsDir: resolve(workflowsDir(io.environment)),
    leaseTtlMs: LEASE_TTL_MS,
    runTimeoutMs: RUN_TIMEOUT_MS,
    startSandbox: io.startSandbox,
    scenarios: [scenario],
    only,
    signal: interrupted.signal,
    onVerdict: (verdict, progress) => io.stderr(`${verdictLine(verdict, progress)}\n`),
  });
}
