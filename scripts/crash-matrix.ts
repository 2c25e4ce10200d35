// `npm run crash-matrix`: kills the app at every boundary of every scenario in test/crash-matrix/flows and compares how the runs end.
// Progress goes to stderr; the summary, or with --json everything, to stdout.
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createSandbox } from '../sandbox/index.ts';
import { passed, readScenario, runCrashTest, summaryText, verdictLine } from '../src/crash-test/index.ts';
import type { MatrixResult, Scenario } from '../src/crash-test/index.ts';
import { packageRoot } from '../src/postgres/index.ts';

const FLOWS = join(packageRoot(), 'test', 'crash-matrix', 'flows');
const USAGE = `usage: npm run crash-matrix -- [--only TEXT] [--flow NAME] [--lanes N] [--group-checkpoints off] [--json]
  --only TEXT   only boundaries whose "scenario: boundary" contains it
  --flow NAME   only this scenario of test/crash-matrix/flows; may be repeated
  --lanes N     chains of processes side by side (default 3)
  --group-checkpoints off   with DBOS's own path of checkpoints
  --json        print the whole result`;

interface Wish {
  readonly only?: string;
  readonly flows?: readonly string[];
  readonly lanes: number;
  readonly groupCheckpoints: 'on' | 'off';
  readonly json: boolean;
}

process.exit(await main(process.argv.slice(2)));

async function main(args: readonly string[]): Promise<number> {
  const wish = readWish(args);
  const scenarios = wish && (await readScenarios(wish.flows));
  if (!wish || !scenarios || scenarios.length === 0) {
    console.error(USAGE);
    return 2;
  }
  const result = await runAll(wish, scenarios);
  if (!result) return 130;
  console.log(wish.json ? JSON.stringify(result, null, 2) : summaryText(result).trimEnd());
  return passed(result) ? 0 : 1;
}

function readWish(args: readonly string[]): Wish | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { type: 'string' },
        flow: { type: 'string', multiple: true },
        lanes: { type: 'string', default: '3' },
        'group-checkpoints': { type: 'string', default: 'on' },
        json: { type: 'boolean', default: false },
      },
    });
    if (!/^[1-9]\d?$/.test(values.lanes)) return undefined;
    const groupCheckpoints = values['group-checkpoints'];
    if (groupCheckpoints !== 'on' && groupCheckpoints !== 'off') return undefined;
    return { only: values.only, flows: values.flow, lanes: Number(values.lanes), groupCheckpoints, json: values.json };
  } catch (error) {
    // parseArgs throws a TypeError on an option it does not know.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

async function readScenarios(wanted: readonly string[] | undefined): Promise<Scenario[]> {
  const files = (await readdir(FLOWS)).filter((file) => file.endsWith('.json')).toSorted();
  const scenarios = await Promise.all(files.map(async (file) => await readScenario(join(FLOWS, file))));
  return scenarios.filter(({ name }) => wanted === undefined || wanted.includes(name));
}

async function runAll(
  { only, lanes, groupCheckpoints }: Wish,
  scenarios: readonly Scenario[],
): Promise<MatrixResult | undefined> {
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interrupted.abort());
  return await runCrashTest({
    lanes,
    workflowsDir: join(packageRoot(), 'workflows'),
    leaseTtlMs: 3_000,
    runTimeoutMs: 120_000,
    groupCheckpoints,
    startSandbox: async (port) => await createSandbox({ port }),
    scenarios,
    only,
    signal: interrupted.signal,
    onVerdict: (verdict, progress) => console.error(verdictLine(verdict, progress)),
  });
}
