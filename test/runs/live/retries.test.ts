// How often an act is tried, measured by what the vendor was asked.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { atOnce } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_retries');
});
afterAll(async () => await live.stop());

const writes = (times: number): string[] => Array.from({ length: times }, () => 'write a');

describe('an act that keeps failing', () => {
  it.concurrent.each([1, 2, 3])('is executed %i times where that is max_attempts', async (attempts) => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 503 });

    const id = await flow.start([{ id: 'only', activities: [flow.write('a', { retry: atOnce(attempts) })] }]);

    expect(await flow.end(id)).toMatchObject({ error: { code: 'GITHUB_503', node: 'only.a' }, attempts });
    expect(await flow.told()).toEqual(writes(attempts));
    expect((await flow.nodes(id))['only.a']?.attempts).toBe(String(attempts));
  });

  it.concurrent.each([
    { what: 'the policy is none', retry: 'none', status: 503 },
    { what: 'the strategy is manual', retry: { strategy: 'manual', max_attempts: 5 }, status: 503 },
    { what: 'its code is non_retryable', retry: { ...atOnce(5), non_retryable: ['GITHUB_503'] }, status: 503 },
    { what: 'the vendor says the request is wrong', retry: atOnce(5), status: 422 },
  ])('is executed once where $what', async ({ retry, status }) => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status });

    const run = await flow.run([{ id: 'only', activities: [flow.write('a', { retry })] }]);

    expect(run).toMatchObject({ status: 'failed', error: { code: `GITHUB_${status}` } });
    expect(await flow.told()).toEqual(writes(1));
  });

  it.concurrent('is left once the next attempt would come after max_elapsed', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 503 });
    const retry = { strategy: 'linear', initial_interval: '300ms', jitter: false, max_attempts: 20, max_elapsed: '1s' };

    await flow.run([{ id: 'only', activities: [flow.write('a', { retry })] }]);

    // After 300 ms and a further 600 ms; another 900 ms would be too much.
    const { length } = await flow.told();
    expect(length).toBeGreaterThanOrEqual(2);
    expect(length).toBeLessThanOrEqual(3);
  });
});

describe('an act that fails first', () => {
  it.concurrent('succeeds with its second attempt, under the same key', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 503, times: 1 });

    const run = await flow.run([{ id: 'only', activities: [flow.write('a', { retry: atOnce(3) })] }]);

    const acts = await flow.acts();
    expect(run).toMatchObject({ status: 'succeeded', attempts: 2 });
    expect(acts.map(({ what }) => what)).toEqual(writes(2));
    expect(acts[0]?.key).toBe(acts[1]?.key);
    expect(await flow.files()).toEqual(['a']);
  });

  it.concurrent('creates one object although the answer to the first attempt was lost', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'reset_after_effect', times: 1 });

    const run = await flow.run([{ id: 'only', activities: [flow.write('a', { retry: atOnce(3) })] }], {
      output: '${{ outputs.only.a }}',
    });

    expect(run).toMatchObject({ status: 'succeeded', output: { path: `${flow.name}/a`, created: true } });
    expect(await flow.told()).toEqual(writes(1));
  });

  it.concurrent('waits as long as Retry-After asks for', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 429, headers: { 'retry-after': '1' }, times: 1 });

    const run = await flow.run([{ id: 'only', activities: [flow.write('a', { retry: atOnce(2) })] }]);

    const [first, second] = await flow.acts();
    expect(run.status).toBe('succeeded');
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(1_000);
  });

  it.concurrent('waits as its policy says', async () => {
    const flow = live.flow();
    await flow.strike('a', { fault: 'status', status: 503, times: 2 });
    const retry = { initial_interval: '200ms', backoff: 3, max_attempts: 3, jitter: false };

    await flow.run([{ id: 'only', activities: [flow.write('a', { retry })] }]);

    const [first, second, third] = await flow.acts();
    expect(second!.atMs - first!.atMs).toBeGreaterThanOrEqual(200);
    expect(third!.atMs - second!.atMs).toBeGreaterThanOrEqual(600);
  });
});
