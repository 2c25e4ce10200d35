// `breakwater run FILE`: publishes a definition, starts it and, if asked, follows it to its end.
import type { Command } from 'commander';
import { definition, run, startedRun, type RunAnswer } from './answers.ts';
import type { ApiClient } from './api-client.ts';
import { printJson, withJson, type Context } from './command-context.ts';
import { EXIT, problemLine } from './failure.ts';
import { createFactLines } from './fact-text.ts';
import { followFacts } from './follow-facts.ts';
import { readDefinition, readInput, type DefinitionFile } from './input-file.ts';
import type { CliIo } from './io.ts';
import { createLiveLine } from './live-line.ts';
import { showProgress } from './show-progress.ts';

interface Options {
  readonly input?: string;
  readonly watch?: boolean;
  readonly json?: boolean;
}

const MEDIA_TYPES = { yaml: 'application/yaml', json: 'application/json' } as const;

export function addRun(program: Command, context: Context): void {
  withJson(program.command('run').argument('<file>', 'YAML or JSON'))
    .description('publish a definition and start a run of it')
    .option('--input <file>', 'the input, as JSON')
    .option('--watch', 'follow the run to its end and print it as JSON')
    .action(async (file: string, options: Options) => {
      const { io } = context;
      const source = await readDefinition(file);
      const input = await readInput(options.input);
      const api = await context.api();
      const { name: workflow, version } = await publish(io, api, source);
      const started = await api.post('/v1/runs', startedRun, { body: { workflow, version, input } });
      if (!options.watch) return options.json ? printJson(io, started) : io.stdout(`${started.id}\n`);
      const ended = await follow(io, api, started.id);
      printJson(io, ended);
      if (ended.status !== 'succeeded') context.exitCode = EXIT.failed;
    });
}

async function publish(io: CliIo, api: ApiClient, { file, source, format }: DefinitionFile) {
  const published = await api.post('/v1/definitions', definition, { body: source, contentType: MEDIA_TYPES[format] });
  for (const warning of published.warnings)
    io.stderr(`${problemLine({ ...warning, message: `warning: ${warning.message}` }, file)}\n`);
  return published;
}

/** A line for each fact as it becomes known, and on a screen how far the run is, however often the app is restarted meanwhile; then the run as it ended. */
async function follow(io: CliIo, api: ApiClient, id: string): Promise<RunAnswer> {
  const lineOf = createFactLines(io.errorScreen);
  const live = createLiveLine(io.stderr, io.errorScreen);
  const watching = new AbortController();
  const shown = io.errorScreen && showProgress(api, id, live, watching.signal);
  try {
    for await (const fact of followFacts(api, id)) live.print(lineOf(fact));
  } finally {
    watching.abort();
    await shown;
    live.end();
  }
  const ended = await api.get(`/v1/runs/${id}`, run);
  io.stderr(`${progressLine(ended)}\n`);
  return ended;
}

function progressLine({ id, status, progress, error }: RunAnswer): string {
  const why = error && `${error.node === undefined ? '' : `${error.node}: `}${error.message}`;
  return [id, `${progress}%`, status, why].filter(Boolean).join('  ');
}
