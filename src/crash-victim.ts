// The app as a crash test's victim: started and armed over IPC, it kills itself with SIGKILL at the boundary it was told.
import { writeSync } from 'node:fs';
import { loadConfig } from './config.ts';
import { LAST_WORDS, createTrap, order } from './crash-test/index.ts';
import type { Order, Report } from './crash-test/index.ts';
import type { Boundary } from './durable/index.ts';
import { startApp } from './main.ts';

const passed: Boundary[] = [];
let isTheOne: (boundary: Boundary) => boolean = () => false;

function onBoundary(boundary: Boundary): void {
  passed.push(boundary);
  if (!isTheOne(boundary)) return;
  writeSync(1, `${LAST_WORDS}\n`);
  process.kill(process.pid, 'SIGKILL');
}

async function obey(given: Order): Promise<void> {
  if (given.kind === 'start') {
    const app = await startApp(loadConfig(given.settings), { environment: given.settings, onBoundary });
    answer({ kind: 'ready', url: app.url });
  } else if (given.kind === 'arm') {
    isTheOne = createTrap(given.point, new Set(given.runsOfBefore));
    answer({ kind: 'armed' });
  } else {
    answer({ kind: 'passed', boundaries: passed.filter(({ runId }) => given.runIds.includes(runId)) });
  }
}

function answer(report: Report): void {
  process.send?.(report);
}

process.on('message', (message) => {
  // Thrown on: a victim that cannot do what it is told must go.
  void obey(order.parse(message));
});
// Its crash test is gone: nobody is left to kill it.
process.on('disconnect', () => process.exit(0));
