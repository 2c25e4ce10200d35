// What a chaos run prints: its plan before, its table and verdict after. Pure.
import type { Figure } from './facts.ts';
import { describeStep } from './plan.ts';
import type { Plan } from './plan.ts';
import type { ChaosResult } from './run-chaos.ts';

const MAX_VIOLATIONS = 50;

export function planLines({ seed, replicas, phases }: Plan): string[] {
  return [
    `seed ${seed}, ${replicas} replicas`,
    ...phases.flatMap(({ family, steps }) => [
      `${family}: ${steps.length}`,
      ...(steps.length <= 30 ? steps.map((step) => `  ${describeStep(step)}`) : []),
    ]),
  ];
}

export function resultLines(result: ChaosResult): string[] {
  const { phases, figures, totals, violations, passed, plan } = result;
  return [
    table([
      ['family', 'planned', 'landed', 'seconds'],
      ...phases.map(({ family, planned, struck, seconds }) => [
        family,
        String(planned),
        String(struck.filter(({ landed }) => landed).length),
        seconds.toFixed(1),
      ]),
    ]),
    table([['figure', 'value', 'at most'], ...worst(figures).map(figureRow)]),
    Object.entries(totals)
      .map(([name, count]) => `${name} ${count}`)
      .join(', '),
    ...violations.slice(0, MAX_VIOLATIONS).map(({ rule, run, what }) => `VIOLATION (${rule}) ${run ?? ''} ${what}`),
    ...(violations.length > MAX_VIOLATIONS ? [`… and ${violations.length - MAX_VIOLATIONS} more`] : []),
    passed ? 'PASSED' : `FAILED with seed ${plan.seed}`,
  ];
}

// One line a name: the largest of what was measured under it.
function worst(figures: readonly Figure[]): Figure[] {
  return [...Map.groupBy(figures, (figure) => figure.name).values()].map((same) =>
    same.reduce((most, figure) => (figure.value > most.value ? figure : most)),
  );
}

function figureRow({ name, value, unit, limit }: Figure): string[] {
  return [name, `${value} ${unit}`, limit === undefined ? '' : `${limit} ${unit}`];
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
