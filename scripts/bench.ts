// `npm run bench`: Breakwater beside raw DBOS and beside the limit, on one Postgres with stock durability, in one table.
// Progress goes to stderr; the table is all there is on stdout.
import { writeFile } from 'node:fs/promises';
import { FULL, QUICK } from '../bench/measurements.ts';
import { GROWTH_ROWS } from '../bench/growth.ts';
import { describeMachine } from '../bench/machine.ts';
import { USAGE, readOptions } from '../bench/options.ts';
import type { BenchOptions } from '../bench/options.ts';
import { summarize } from '../bench/report.ts';
import { ROWS } from '../bench/rows.ts';
import { runBench } from '../bench/run-bench.ts';
import { formatTable } from '../bench/table.ts';

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if ('problem' in options) {
    console.error(`${options.problem}\n${USAGE}`);
    return 2;
  }
  const machine = describeMachine();
  const run = await measure(options);
  if (!run) return 130;
  const { samples, server, seconds } = run;
  const catalog = options.growth ? GROWTH_ROWS : ROWS;
  const rows = summarize(catalog, samples);
  const settings = { ...settingsOf(options), seconds, server };
  console.log(`${formatTable(catalog, rows)}\n`);
  console.log(`\n${JSON.stringify({ machine, settings })}`);
  if (options.json !== undefined)
    await writeFile(options.json, `${JSON.stringify({ machine, settings, rows }, null, 2)}\n`);
  return 0;
}

/** Undefined when it was interrupted: everything it started is gone then, too. */
async function measure(options: BenchOptions) {
  const interruption = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => interruption.abort());
  const say = (line: string): void => console.error(`${elapsed()} ${line}`);
  try {
    return await runBench(options, { say, signal: interruption.signal });
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    console.error('Stopped; nothing is left behind.');
    return undefined;
  }
}

function elapsed(): string {
  return `${Math.round(performance.now() / 1_000)} s`.padStart(6);
}

function settingsOf({ repeats, quick, without }: BenchOptions) {
  return { dbosPool: 10, repeats, quick, without: [...without], sizes: quick ? QUICK : FULL };
}
