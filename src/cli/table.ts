// Rows as aligned columns; on a screen they fit it, and tell good from bad by colour. Pure.
import { paint, type Colour, type Screen } from './screen.ts';

const GAP = 2;
/** A column is cut no further: less tells nothing. */
const LEAST_WIDTH = 6;
/** What people copy is never cut. */
const ID = /^[a-z]{2,5}_[0-9a-f-]{12,}$/;
const INSTANT = /^(\d{4})-(\d\d-\d\d)T(\d\d:\d\d)(:\d\d)(?:\.\d+)?Z$/;

/** The words of our states, of runs, approvals, breakers and effects. */
const COLOURS: Readonly<Record<string, Colour>> = {
  succeeded: 'green',
  approved: 'green',
  done: 'green',
  closed: 'green',
  waiting: 'yellow',
  paused: 'yellow',
  held: 'yellow',
  pending: 'yellow',
  'half-open': 'yellow',
  compensating: 'yellow',
  failed: 'red',
  stuck: 'red',
  compensation_failed: 'red',
  rejected: 'red',
  unknown: 'red',
  open: 'red',
};

type Rows = readonly (readonly string[])[];

/**
 * Columns are as wide as their widest cell. On a screen that is narrower the widest are cut, and where that does not do each row is
 * written as lines of its own. Without a screen, in a file or a pipe, nothing is cut.
 */
export function table(headings: readonly string[], rows: Rows, screen?: Screen): string {
  if (screen === undefined) return columnsText([headings, ...rows], widthsOf(headings, rows));
  const shown = shortenInstants(headings, rows, screen.columns);
  const widths = cutWidths(widthsOf(headings, shown), rows, screen.columns);
  if (totalOf(widths) > screen.columns) return rows.map((row) => recordText(headings, row, screen)).join('\n');
  const head = paint(screen, 'bold', lineText(headings, widths));
  return `${head}\n${columnsText(shown, widths, screen)}`;
}

function widthsOf(headings: readonly string[], rows: Rows): number[] {
  return headings.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]?.length ?? 0)));
}

function totalOf(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width + GAP, -GAP);
}

// Takes from whichever column is the widest, until the line fits or nothing may be cut any more.
function cutWidths(wanted: readonly number[], rows: Rows, columns: number): number[] {
  const widths = [...wanted];
  const mayCut = widths.map(
    (_, column) => !rows.some((row) => ID.test(row[column] ?? '') || INSTANT.test(row[column] ?? '')),
  );
  while (totalOf(widths) > columns) {
    const candidates = widths.map((width, column) => (mayCut[column] && width > LEAST_WIDTH ? width : 0));
    const widest = Math.max(...candidates);
    if (widest === 0) break;
    widths[candidates.indexOf(widest)] = widest - 1;
  }
  return widths;
}

// Times are the first to give way: their fractions always, the year and the seconds where room is short.
function shortenInstants(headings: readonly string[], rows: Rows, columns: number): Rows {
  const as = (form: string) => rows.map((row) => row.map((cell) => cell.replace(INSTANT, form)));
  const whole = as('$1-$2 $3$4Z');
  return totalOf(widthsOf(headings, whole)) <= columns ? whole : as('$2 $3Z');
}

function columnsText(lines: Rows, widths: readonly number[], screen?: Screen): string {
  return lines.map((line) => `${lineText(line, widths, screen)}\n`).join('');
}

function lineText(line: readonly string[], widths: readonly number[], screen?: Screen): string {
  const cells = line.map((cell, column) => cut(cell, widths[column] ?? 0).padEnd(widths[column] ?? 0));
  return cells
    .map((cell) => coloured(cell, screen))
    .join(' '.repeat(GAP))
    .trimEnd();
}

// Painted when it has its width: colours have none.
function coloured(cell: string, screen: Screen | undefined): string {
  const colour = COLOURS[cell.trimEnd()];
  return colour === undefined ? cell : paint(screen, colour, cell);
}

function cut(cell: string, width: number): string {
  return cell.length <= width ? cell : `${cell.slice(0, width - 1)}…`;
}

function recordText(headings: readonly string[], row: readonly string[], screen: Screen): string {
  const width = Math.max(...headings.map(({ length }) => length));
  const lines = headings.map((heading, column) => `${heading.padEnd(width)}  ${coloured(row[column] ?? '', screen)}`);
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}
