// The report as text for a terminal, ratios first. Pure.
import type { ReportRow } from './report.ts';
import type { Row } from './rows.ts';

const HEADINGS = ['row', 'ours / DBOS', 'Breakwater', 'DBOS', 'limit', 'unit', 'repeats', 'spread'];

/** Aligned columns; a ratio that is worse than raw DBOS is marked with `!`. */
export function formatTable(rows: readonly Row[], report: readonly ReportRow[]): string {
  const cells = report.map((line) => cellsOf(line, rows.find((row) => row.name === line.name)?.better ?? 'less'));
  const all = [HEADINGS, ...cells];
  const widths = HEADINGS.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all.map((line) => alignLine(line, widths)).join('\n');
}

function cellsOf(row: ReportRow, better: Row['better']): string[] {
  return [
    row.name,
    ratioText(row.ratio, better),
    figureText(row.breakwater),
    figureText(row.dbos),
    figureText(row.limit ?? null),
    row.unit,
    String(row.repeats),
    `${Math.round(row.spread * 100)} %`,
  ];
}

function ratioText(ratio: number | null, better: Row['better']): string {
  if (ratio === null) return '-';
  const worse = better === 'more' ? ratio < 1 : ratio > 1;
  return `${worse ? '! ' : ''}${ratio.toFixed(2)}`;
}

/** Three digits that matter; thousands in groups. */
function figureText(value: number | null): string {
  if (value === null) return '-';
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US');
  return value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}

// Words to the left, figures to the right.
function alignLine(cells: readonly string[], widths: readonly number[]): string {
  const isWord = (column: number): boolean => column === 0 || HEADINGS[column] === 'unit';
  const padded = cells.map((cell, column) => {
    const width = widths[column] ?? 0;
    return isWord(column) ? cell.padEnd(width) : cell.padStart(width);
  });
  return padded.join('  ').trimEnd();
}
