// `npm run check`: format, types, lint, dead code. Every step runs, so that one visit shows everything.
import { runTool } from './checkout.mjs';

const steps = [
  { name: 'format', tool: 'oxfmt', args: ['--check'] },
  { name: 'types', tool: 'tsc', args: ['--noEmit', '-p', 'tsconfig.test.json'] },
  { name: 'types of the dashboard', tool: 'tsc', args: ['--noEmit', '-p', 'web/tsconfig.json'] },
  { name: 'lint', tool: 'oxlint', args: ['--type-aware', '--deny-warnings'] },
  { name: 'dead code', tool: 'knip', args: ['--no-progress', '--treat-config-hints-as-errors'] },
];

/** The exit status: 0 when every step passed. */
export function runChecks() {
  const failed = steps.filter((step) => !passes(step)).map((step) => step.name);
  console.log(failed.length === 0 ? 'check passed' : `check failed: ${failed.join(', ')}`);
  return failed.length === 0 ? 0 : 1;
}

function passes({ name, tool, args }) {
  console.log(`\n== ${name}: ${tool} ${args.join(' ')}`);
  const passed = runTool(tool, args) === 0;
  console.log(`== ${name}: ${passed ? 'ok' : 'FAILED'}`);
  return passed;
}
