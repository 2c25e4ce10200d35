// The command `npm run sandbox`: parses its one option, starts the sandbox, says where it is, stops on a signal.
import { parseArgs } from 'node:util';
import { BreakwaterError, messageOf } from '../src/kernel/index.ts';
import { createSandbox } from './server.ts';

const DEFAULT_PORT = 60_001;
const USAGE = `usage: sandbox [--port N]   (default ${DEFAULT_PORT}, 0 takes a free one)`;

await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<void> {
  const port = portOf(args);
  if (port === undefined) return fail(2, USAGE);
  try {
    const sandbox = await createSandbox({ port });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void sandbox.close());
    console.log(`Sandbox of ${sandbox.vendors.join(', ')} on ${sandbox.url}`);
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    fail(1, messageOf(error));
  }
}

function portOf(args: readonly string[]): number | undefined {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: { port: { type: 'string', default: String(DEFAULT_PORT) } },
    });
    const port = /^\d{1,5}$/.test(values.port) ? Number(values.port) : undefined;
    return port !== undefined && port <= 65_535 ? port : undefined;
  } catch (error) {
    // parseArgs throws a TypeError on an option it does not know.
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

function fail(exitCode: number, line: string): void {
  console.error(line);
  process.exitCode = exitCode;
}
