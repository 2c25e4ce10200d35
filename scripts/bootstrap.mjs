// What every npm script goes through: needs Node 20 and npm alone, installs and builds what is missing, then runs the command on Node 24.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureBuilt } from './bootstrap/build.mjs';
import { runChecks } from './bootstrap/check.mjs';
import { root, say } from './bootstrap/checkout.mjs';
import { ensureInstalled, linkCommand } from './bootstrap/install.mjs';
import { launch } from './bootstrap/launch.mjs';

// DBOS calls pg in a way that pg deprecates; nobody who runs the app can do anything about it.
const quiet = '--disable-warning=DeprecationWarning';

const commands = {
  demo: program('scripts/demo.js'),
  start: program('src/bin.js', 'start'),
  sandbox: program('sandbox/main.js'),
  'crash-matrix': program('scripts/crash-matrix.js'),
  'db-reset': program('scripts/db-reset.js'),
  chaos: source('scripts/chaos.ts'),
  bench: program('scripts/bench.js'),
  build: async () => {
    await ensureInstalled();
    await ensureBuilt();
    return 0;
  },
  test,
  'test:whole': async (args) => {
    process.env.TESTS = 'whole';
    return await test(args.length > 0 ? args : samplingTests());
  },
  // docs/examples import the package by its name: its types are in the build.
  check: async () => {
    await ensureInstalled();
    await ensureBuilt();
    return runChecks();
  },
  link: async () => {
    linkCommand();
    return 0;
  },
};

async function test(args) {
  await ensureInstalled();
  return launch([quiet, join(root, 'node_modules/vitest/vitest.mjs'), 'run', ...args], root);
}

/** The tests of which `npm test` tries a mere sample: they ask so by this module. */
function samplingTests() {
  const files = readdirSync(join(root, 'test'), { recursive: true }).filter((file) => file.endsWith('.test.ts'));
  return files
    .map((file) => join('test', file))
    .filter((file) => readFileSync(join(root, file), 'utf8').includes("support/whole.ts'"));
}

/** A command that is a compiled program of ours. */
function program(file, ...firstArgs) {
  return async (args) => {
    await ensureInstalled();
    await ensureBuilt();
    return launch([quiet, '--enable-source-maps', join(root, 'dist', file), ...firstArgs, ...args]);
  };
}

/** A program that stands on the tests' instruments: it runs as it is written, the app that it starts is built. */
function source(file) {
  return async (args) => {
    await ensureInstalled();
    await ensureBuilt();
    return launch([quiet, join(root, file), ...args]);
  };
}

async function main([name, ...args]) {
  if (!Object.hasOwn(commands, name ?? '')) {
    say(`Unknown command "${name ?? ''}". Use: node scripts/bootstrap.mjs ${Object.keys(commands).join(' | ')}`);
    return 2;
  }
  try {
    return await commands[name](args);
  } catch (error) {
    say(error.message);
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
