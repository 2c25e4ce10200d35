// How long it takes from a request to the first activity of its run: the median of a few runs that change nothing.
import type { Watch } from './show-progress.ts';
import type { DemoApi } from './api.ts';

const RUNS = 9;
const DEFINITION = {
  workflow: {
    name: 'demo-first-activity',
    version: '1.0.0',
    description: 'Looks something up, so that its start can be timed.',
  },
  modules: [
    {
      id: 'look',
      type: 'sequential',
      activities: [{ name: 'up', tool: 'memory', action: 'recall', with: { limit: 1 } }],
    },
  ],
};

/** Milliseconds. */
export async function measureStart(api: DemoApi, watch: Watch): Promise<number> {
  await api.publish(DEFINITION);
  const times: number[] = [];
  for (let n = 0; n < RUNS; n++) {
    const askedAtMs = performance.now();
    const { id } = await api.startRun(DEFINITION.workflow.name);
    await api.runUntilFinished(id);
    times.push(watch.firstActivityAtMs(id) - askedAtMs);
  }
  return times.toSorted((a, b) => a - b)[Math.floor(RUNS / 2)] ?? Number.NaN;
}
