// What a run changed outside, and whether it still stands: told by its record alone, compared with what the vendor holds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EffectView, LeakView } from '../../src/runs/index.ts';
import { breakwater } from '../cli/command-line.ts';
import { atOnce } from '../runs/live/flow.ts';
import type { Flow, Part } from '../runs/live/flow.ts';
import { until } from '../support/until.ts';
import { ADMIN_KEY, startLiveApp } from '../runs/live/live-app.ts';
import type { LiveApp } from '../runs/live/live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('saga_effects');
});
afterAll(async () => await live.stop());

const refusal = { fault: 'status', status: 422 } as const;

async function effectsOf(runId: string): Promise<readonly EffectView[]> {
  return (await live.call<{ items: EffectView[] }>('GET', `/v1/runs/${runId}/effects`)).body.items;
}

async function leaksOf({ name }: Flow): Promise<readonly LeakView[]> {
  return (await live.call<{ items: LeakView[] }>('GET', `/v1/leaks?workflow=${name}`)).body.items;
}

async function statesOf(runId: string): Promise<Record<string, string>> {
  const effects = await effectsOf(runId);
  return Object.fromEntries(
    effects.map(({ node, item, state }) => [item === undefined ? node : `${node}[${item}]`, state]),
  );
}

describe('the effects of a run', () => {
  it.concurrent('are its acts that change something, with key, arguments and what the vendor calls them', async () => {
    const flow = live.flow();
    const read = {
      name: 'look',
      tool: 'github',
      action: 'get_file_content',
      with: { owner: 'acme', repo: 'website', path: `${flow.name}/a` },
    };
    const { id } = await flow.run([
      { id: 'only', activities: [flow.write('a'), read, flow.write('b', { compensation: undefined })] },
    ]);

    const [a, b, ...others] = await effectsOf(id);

    expect(others).toEqual([]);
    expect(a).toMatchObject({
      node: 'only.a',
      epoch: 0,
      key: (await flow.act('write a')).key,
      tool: 'github',
      action: 'create_or_update_file',
      digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      externalId: `${flow.name}/a`,
      state: 'done',
      stands: true,
      takenBackBy: 'github.delete_file',
    });
    expect(b).toMatchObject({ node: 'only.b', state: 'done' });
    expect(b).not.toHaveProperty('takenBackBy');
    expect(a!.digest).not.toBe(b!.digest);
    expect(await leaksOf(flow)).toEqual([]);
  });

  it.concurrent('are gone once they are taken back, each item of a list by itself', async () => {
    const flow = live.flow();
    await flow.strike('bad', refusal);
    const { id } = await flow.run(
      [
        { id: 'list', activities: [flow.writeEach('many', 'input.names')] },
        { id: 'end', depends_on: ['list'], activities: [flow.write('bad')] },
      ],
      { input: { names: ['x', 'y'] } },
    );

    expect(await statesOf(id)).toEqual({
      'list.many[0]': 'compensated',
      'list.many[1]': 'compensated',
      'end.bad': 'failed',
    });
    expect((await effectsOf(id)).every(({ stands }) => !stands)).toBe(true);
    expect(await leaksOf(flow)).toEqual([]);
  });

  it.concurrent('say what a look found of an act whose answer was lost', async () => {
    const flow = live.flow();
    await flow.strike('lost', { fault: 'reset_after_effect', times: 1 });
    await flow.strike('cut', { fault: 'reset', times: 1 });

    const { id } = await flow.run([
      { id: 'pair', type: 'parallel', activities: [flow.write('lost'), flow.write('cut')] },
    ]);

    const effects = await effectsOf(id);
    const of = (node: string) => effects.find((effect) => effect.node === node);
    expect(of('pair.lost')).toMatchObject({ state: 'compensated', probed: 'effect', stands: false });
    expect(of('pair.cut')).toMatchObject({ state: 'failed', probed: 'nothing', stands: false });
    expect(await flow.files()).toEqual([]);
  });

  it.concurrent('are intended while their attempt is under way, and while the next one is waited for', async () => {
    const flow = live.flow();
    await flow.slow('slow', 3_000);
    await flow.strike('later', { fault: 'status', status: 429, times: 1 });
    const patient = { retry: { strategy: 'linear', max_attempts: 2, initial_interval: '2s' } };

    const id = await flow.start([
      { id: 'pair', type: 'parallel', activities: [flow.write('slow'), flow.write('later', patient)] },
    ]);
    await flow.untilCalled('write later');
    await flow.untilCalled('write slow');

    expect(await statesOf(id)).toMatchObject({ 'pair.slow': 'intended' });
    await flow.end(id);
    expect(await statesOf(id)).toEqual({ 'pair.slow': 'done', 'pair.later': 'done' });
  });
});

describe('the effects of a fork', () => {
  it.concurrent('are its own, not those that it inherited', async () => {
    const flow = live.flow();
    const again = flow.write('b');
    const elsewhere = { ...(again['with'] as Part), path: `${flow.name}/b-{{ run.id }}` };
    const { id } = await flow.run([{ id: 'only', activities: [flow.write('a'), { ...again, with: elsewhere }] }]);

    const { body } = await live.call<{ id: string }>('POST', `/v1/runs/${id}/fork`, { node: 'only.b' });
    await flow.end(body.id);

    expect(await statesOf(id)).toEqual({ 'only.a': 'done', 'only.b': 'done' });
    expect(await statesOf(body.id)).toEqual({ 'only.b': 'done' });
  });
});

describe('the leak report', () => {
  it.concurrent('names what nothing takes back, and what could not be taken back', async () => {
    const flow = live.flow();
    await flow.strike('bad', refusal);
    await flow.strike('stubborn', refusal, 'DELETE');

    const { id } = await flow.run([
      {
        id: 'only',
        activities: [
          flow.write('taken'),
          flow.write('uncovered', { compensation: undefined }),
          flow.write('stubborn', { compensation: { action: 'delete_file', retry: atOnce(1) } }),
          flow.write('bad'),
        ],
      },
    ]);

    const leaks = await leaksOf(flow);
    expect(leaks.map(({ runId, node, why }) => ({ runId, node, why }))).toEqual([
      { runId: id, node: 'only.stubborn', why: 'its compensation failed: GITHUB_422' },
      { runId: id, node: 'only.uncovered', why: 'nothing takes it back' },
    ]);
    expect(leaks.map(({ externalId }) => externalId)).toEqual([`${flow.name}/stubborn`, `${flow.name}/uncovered`]);
    expect(await flow.files()).toEqual(['stubborn', 'uncovered']);
  });

  it.concurrent('goes on where its page ended', async () => {
    const flow = live.flow();
    await flow.strike('bad', refusal);
    const leaky = [
      { id: 'list', activities: [flow.writeEach('left', 'input.names', { compensation: undefined })] },
      { id: 'end', depends_on: ['list'], activities: [flow.write('taken'), flow.write('bad')] },
    ];
    const { id: first } = await flow.run(leaky, { input: { names: ['x', 'y'] } });
    const second = await flow.startAgain({ input: { names: ['x', 'y', 'z'] } });
    await flow.end(second);

    const seen: string[] = [];
    for (let cursor: string | undefined = ''; cursor !== undefined;) {
      const { body }: { body: { items: LeakView[]; nextCursor?: string } } = await live.call(
        'GET',
        `/v1/leaks?workflow=${flow.name}&limit=2${cursor === '' ? '' : `&cursor=${cursor}`}`,
      );
      seen.push(...body.items.map(({ runId, item }) => `${runId === first ? 'first' : 'second'} ${item}`));
      cursor = body.nextCursor;
    }

    expect(seen).toEqual(['second 0', 'second 1', 'second 2', 'first 0', 'first 1']);
  });

  it.concurrent('leaves out runs that were told to leave everything as it is', async () => {
    const flow = live.flow();
    const id = await flow.start([
      { id: 'only', activities: [flow.write('kept')] },
      { id: 'hold', type: 'wait', depends_on: ['only'], wait: { for: '1h' } },
    ]);
    await flow.untilStatus(id, 'waiting');

    await flow.cancel(id, { compensate: false });

    expect((await flow.end(id)).status).toBe('cancelled');
    expect(await leaksOf(flow)).toEqual([]);
    expect(await statesOf(id)).toEqual({ 'only.kept': 'done' });
  });
});

describe('the pages of effects', () => {
  it.concurrent('hold each act once and in the order of the whole, those without a record included', async () => {
    const flow = live.flow();
    await flow.slow('c', 60_000);
    const each = flow.writeEach('b', '${{ [1, 2, 3] }}');
    const id = await flow.start([{ id: 'only', activities: [flow.write('a'), each, flow.write('c')] }]);
    await until(async () => (await statesOf(id))['only.c'] === 'intended', { what: 'the last act to be under way' });

    const whole = await effectsOf(id);
    const paged: EffectView[] = [];
    for (let query = '?limit=2'; query !== '';) {
      const { body } = await live.call<{ items: EffectView[]; nextCursor?: string }>(
        'GET',
        `/v1/runs/${id}/effects${query}`,
      );
      expect(body.items.length).toBeLessThanOrEqual(2);
      paged.push(...body.items);
      query = body.nextCursor === undefined ? '' : `?limit=2&cursor=${body.nextCursor}`;
    }

    expect(paged).toEqual(whole);
    expect(whole.map(({ node }) => node)).toEqual(['only.a', 'only.b', 'only.b', 'only.b', 'only.c']);
    expect(await live.call('GET', `/v1/runs/${id}/effects?limit=201`)).toMatchObject({ status: 400 });
    expect(await live.call('GET', `/v1/runs/${id}/effects?cursor=mine`)).toMatchObject({ status: 400 });
    await flow.cancel(id);
  });
});

describe('breakwater', () => {
  const ask = async (...args: string[]) =>
    await breakwater(['runs', ...args], { BREAKWATER_URL: live.app.url, BREAKWATER_KEY: ADMIN_KEY });

  it.concurrent('runs effects prints what a run changed, a line an act', async () => {
    const flow = live.flow();
    const { id } = await flow.run(
      await failing(flow, [flow.write('gone'), flow.write('left', { compensation: undefined })]),
    );

    const { exitCode, stdout } = await ask('effects', id);

    expect(exitCode).toBe(0);
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/).slice(0, 6));
    expect(lines[0]).toEqual(['NODE', 'ACT', 'AT THE VENDOR', 'STATE', 'NOW', 'UNDO']);
    const act = 'github.create_or_update_file';
    expect(lines[1]).toEqual(['only.gone', act, `${flow.name}/gone`, 'compensated', 'gone', 'github.delete_file']);
    expect(lines[2]).toEqual(['only.left', act, `${flow.name}/left`, 'done', 'stands', 'none']);
    expect(stdout).toContain('3 effects, 1 may stand');
    expect((await ask('effects', id, '--json')).json()).toMatchObject({ items: [{ node: 'only.gone' }, {}, {}] });
  });

  it.concurrent('runs leaks ends with 1 when there is one, and tells why it stands', async () => {
    const [clean, leaky] = [live.flow(), live.flow()];
    await clean.run(await failing(clean, [clean.write('gone')]));
    await leaky.run(await failing(leaky, [leaky.write('left', { compensation: undefined }), leaky.write('gone')]));

    const [nothing, something] = await Promise.all([
      ask('leaks', '--workflow', clean.name),
      ask('leaks', '--workflow', leaky.name),
    ]);

    expect(nothing).toMatchObject({ exitCode: 0, stdout: 'Nothing stands of what was taken back.\n' });
    expect(something.exitCode).toBe(1);
    expect(something.stdout).toMatch(/compensation_failed +only\.left .*nothing takes it back/);
  });
});

async function failing(flow: Flow, acts: readonly Part[]): Promise<Part[]> {
  await flow.strike('bad', refusal);
  return [{ id: 'only', activities: [...acts, flow.write('bad')] }];
}
