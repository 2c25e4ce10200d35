// How the tests run: real processes in two forks, one Postgres for all of them, a plain line of figures at the end.
import { defineConfig } from 'vitest/config';
import { PlainLineReporter } from './test/support/plain-line-reporter.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Of concurrent tests in a file: each may hold two app processes.
    maxConcurrency: 3,
    // DBOS calls pg in a way that pg deprecates.
    execArgv: ['--disable-warning=DeprecationWarning'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
    reporters: ['default', new PlainLineReporter()],
  },
});
