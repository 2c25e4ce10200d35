// Prints `N passed, N failed` as the very last line of a test run, for programs that read the end of the output.
import { writeSync } from 'node:fs';
import type { Reporter, SerializedError, TestModule, TestRunEndReason } from 'vitest/node';

export interface Figures {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

export class PlainLineReporter implements Reporter {
  onTestRunEnd(
    modules: readonly TestModule[],
    unhandledErrors: readonly SerializedError[],
    reason: TestRunEndReason,
  ): void {
    const figures = countFigures(modules, unhandledErrors.length);
    const ranThrough = reason === 'passed' || figures.failed > 0;
    const line = formatFigures(ranThrough ? figures : { ...figures, failed: 1 });
    // Only when the process ends has every other reporter said its last word.
    process.once('exit', () => writeSync(1, `${line}\n`));
  }
}

export function formatFigures({ passed, failed, skipped }: Figures): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}

// A file that does not load, a hook that throws and an error nobody caught each count as a failure: none is in a test's result.
function countFigures(modules: readonly TestModule[], unhandledErrors: number): Figures {
  const states = modules.flatMap((module) => [...module.children.allTests()].map((test) => test.result().state));
  const suites = modules.flatMap((module) => [module, ...module.children.allSuites()]);
  const brokenSuites = suites.filter((suite) => suite.errors().length > 0).length;
  const count = (state: string) => states.filter((each) => each === state).length;
  return {
    passed: count('passed'),
    failed: count('failed') + brokenSuites + unhandledErrors,
    skipped: count('skipped') + count('pending'),
  };
}
