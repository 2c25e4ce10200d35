// A crash test as lines for a terminal. Pure.
import { formatDuration } from '../kernel/index.ts';
import { passed } from './matrix.ts';
import type { MatrixResult, Verdict } from './matrix.ts';

export function verdictLine(
  { scenario, boundary, ok, problems, ms }: Verdict,
  { done, of }: { done: number; of: number },
): string {
  const count = boundary === undefined ? '' : `${String(done).padStart(String(of).length)}/${of} `;
  const line = `${count}${ok ? 'ok  ' : 'FAIL'} ${(ms / 1_000).toFixed(1).padStart(5)} s  ${scenario}: ${boundary ?? 'undisturbed, twice'}`;
  return [line, ...problems.map((problem) => `       ${problem}`)].join('\n');
}

/** What failed, and one line of figures. */
export function summaryText(result: MatrixResult): string {
  const { boundaries, same, verdicts, ms } = result;
  const failed = verdicts.filter(({ ok }) => !ok);
  const listed = failed.flatMap(({ scenario, boundary, problems }) => [
    `${scenario}: ${boundary ?? 'undisturbed'}`,
    ...problems.map((problem) => `  ${problem}`),
  ]);
  const figures =
    boundaries === 0
      ? 'There was no boundary to kill at'
      : `${boundaries} boundaries, ${same} ended as without faults, in ${formatDuration(ms)}`;
  return [...listed, passed(result) ? figures : `${figures}: FAILED`].map((line) => `${line}\n`).join('');
}
