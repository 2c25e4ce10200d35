// What the command line asks for. Pure.
import { parseArgs } from 'node:util';
import { GROWTH_ROWS } from './growth.ts';
import { MECHANISMS, isMechanism } from './mechanisms.ts';
import type { Mechanism } from './mechanisms.ts';
import { ROWS } from './rows.ts';

export const USAGE = `usage: npm run bench -- [--json FILE] [--only name[,name]] [--repeats N] [--quick]
                               [--growth] [--without name[,name]]
  --json FILE    also write the report there
  --only names   these rows, and what is measured along with them
  --repeats N    interleaved repetitions (default 5); rows that take long get fewer
  --quick        one short repetition without the rows that take long: to see that it works, not for figures
  --growth       how cost grows with the length and width of a run and with runs that wait, instead
  --without names  ours does without: ${Object.entries(MECHANISMS)
    .map(([name, what]) => `${name} (${what})`)
    .join(', ')}`;

export interface BenchOptions {
  readonly json?: string;
  /** Absent: all. */
  readonly only?: ReadonlySet<string>;
  readonly repeats: number;
  readonly quick: boolean;
  readonly growth: boolean;
  readonly without: ReadonlySet<Mechanism>;
}

/** The options, or what is wrong with them. */
export function readOptions(args: readonly string[]): BenchOptions | { readonly problem: string } {
  const asked = parse(args);
  if ('problem' in asked) return asked;
  const { json, only, repeats, quick = false, growth = false, without = '' } = asked;
  const names = only === undefined ? undefined : namesIn(only);
  const rows = growth ? GROWTH_ROWS : ROWS;
  const unknown = names?.find((name) => !rows.some((row) => row.name === name));
  const missed = namesIn(without).find((name) => !isMechanism(name));
  if (unknown !== undefined) return { problem: `there is no row "${unknown}"` };
  if (missed !== undefined) return { problem: `there is no mechanism "${missed}"` };
  if (repeats !== undefined && !/^[1-9]\d?$/.test(repeats)) return { problem: '--repeats takes a number from 1 to 99' };
  return {
    ...(json !== undefined && { json }),
    ...(names && { only: new Set(names) }),
    repeats: repeats === undefined ? (quick ? 1 : 5) : Number(repeats),
    quick,
    growth,
    without: new Set(namesIn(without).filter(isMechanism)),
  };
}

function namesIn(list: string): string[] {
  return list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
}

interface Asked {
  readonly json?: string;
  readonly only?: string;
  readonly repeats?: string;
  readonly quick?: boolean;
  readonly growth?: boolean;
  readonly without?: string;
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
        growth: { type: 'boolean' },
        without: { type: 'string' },
      },
    });
    return values;
  } catch (error) {
    // parseArgs throws a TypeError on an option it does not know.
    if (error instanceof TypeError) return { problem: error.message };
    throw error;
  }
}
