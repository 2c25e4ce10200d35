// What the command line asks for. Pure.
import { parseArgs } from 'node:util';
import { NOT_BUILT_YET, ROWS } from './rows.ts';

export const USAGE = `usage: npm run bench -- [--json FILE] [--only name[,name]] [--repeats N] [--quick]
  --json FILE    also write the report there
  --only names   these rows, and what is measured along with them
  --repeats N    interleaved repetitions (default 5); rows that take long get fewer
  --quick        one short repetition without the rows that take long: to see that it works, not for figures`;

export interface BenchOptions {
  readonly json?: string;
  /** Absent: all. */
  readonly only?: ReadonlySet<string>;
  readonly repeats: number;
  readonly quick: boolean;
}

/** The options, or what is wrong with them. */
export function readOptions(args: readonly string[]): BenchOptions | { readonly problem: string } {
  const asked = parse(args);
  if ('problem' in asked) return asked;
  const { json, only, repeats, quick = false } = asked;
  const names = only?.split(',').map((name) => name.trim());
  const unknown = names?.find((name) => !ROWS.some((row) => row.name === name));
  if (unknown !== undefined)
    return {
      problem: NOT_BUILT_YET.includes(unknown) ? `${unknown} is not built yet` : `there is no row "${unknown}"`,
    };
  if (repeats !== undefined && !/^[1-9]\d?$/.test(repeats)) return { problem: '--repeats takes a number from 1 to 99' };
  return {
    ...(json !== undefined && { json }),
    ...(names && { only: new Set(names) }),
    repeats: repeats === undefined ? (quick ? 1 : 5) : Number(repeats),
    quick,
  };
}

interface Asked {
  readonly json?: string;
  readonly only?: string;
  readonly repeats?: string;
  readonly quick?: boolean;
}

function parse(args: readonly string[]): Asked | { readonly problem: string } {
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        json: { type: 'string' },
        only: { type: 'string' },
        repeats: { type: 'string' },
        quick: { type: 'boolean' },
      },
    });
    return values;
  } catch (error) {
    // parseArgs throws a TypeError on an option it does not know.
    if (error instanceof TypeError) return { problem: error.message };
    throw error;
  }
}
