// Runs that code begins, and acts of code that wait for their service: they mean what they mean in YAML, to the rows.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunView } from '../../../src/runs/index.ts';
import { until } from '../../support/until.ts';
import type { Flow, Part } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

let live: LiveApp;
beforeAll(async () => {
  live = await startLiveApp('live_coded_children', {
    env: { BREAKWATER_WORKFLOWS_DIR: join(import.meta.dirname, 'coded-children', 'workflows') },
  });
});
afterAll(async () => await live.stop());

const refusal = { fault: 'status', status: 422 } as const;
const COUNTRIES = ['de', 'fr'] as const;

async function start(workflow: string, input: Part): Promise<string> {
  const { status, body } = await live.call('POST', '/v1/runs', { workflow, input });
  expect({ status, body }).toMatchObject({ status: 202 });
  return String(body['id']);
}

async function childrenOf(run: RunView): Promise<RunView[]> {
  return await Promise.all((run.children ?? []).map(async ({ runId }) => await live.flow().view(runId)));
}

/** A definition that the parent runs, which answers a greeting. */
async function child(modules: (flow: Flow) => readonly Part[], over: Part = {}): Promise<Flow> {
  const flow = live.flow();
  await flow.publish(modules(flow), { version: '1.0.0', output: { greeting: 'hello' }, ...over });
  return flow;
}

const waitingChild = async (): Promise<Flow> =>
  await child((flow) => [
    { id: 'only', activities: [flow.write('in')] },
    { id: 'pause', type: 'wait', depends_on: ['only'], wait: { message: 'go' } },
  ]);

const startParent = async (parent: Flow, inner: Flow, over: Part = {}): Promise<string> =>
  await start('planted-parent', { folder: parent.name, workflow: inner.name, ...over });

describe('the example', () => {
  it.concurrent('runs a workflow for each country, and knows what each answers', async () => {
    const flow = live.flow();

    const run = await flow.end(await start('launch-everywhere', { product: flow.name, countries: COUNTRIES }));

    expect(run).toMatchObject({ status: 'succeeded', output: { pages: [`${flow.name}/de.md`, `${flow.name}/fr.md`] } });
    expect(await flow.files()).toEqual(['de.md', 'fr.md', 'index.md']);
    const children = await childrenOf(run);
    expect(children.map(({ parent, input }) => [parent?.runId, parent?.node, input])).toEqual(
      expect.arrayContaining(COUNTRIES.map((country) => [run.id, country, { product: flow.name, country }])),
    );
  });

  it.concurrent('takes back what was published when the list of it cannot be', async () => {
    const flow = live.flow();
    await flow.strike('index.md', refusal);

    const run = await flow.end(await start('launch-everywhere', { product: flow.name, countries: COUNTRIES }));

    expect(run).toMatchObject({ status: 'compensated', compensation: { total: 2, compensated: 2, failed: 0 } });
    for (const { status, error } of await childrenOf(run)) {
      expect({ status, error }).toMatchObject({ status: 'compensated', error: { code: 'PARENT_TAKEN_BACK' } });
    }
    expect(await flow.files()).toEqual([]);
  });
});

describe('the same in YAML', () => {
  /** All that a run and its children recorded, without what is different in every run. */
  async function historyOf(flow: Flow, run: RunView) {
    const neutral = (value: unknown): unknown =>
      JSON.parse(
        JSON.stringify(value)
          .replaceAll(flow.name, 'FLOW')
          .replaceAll(/run_[0-9a-f-]{36}/g, 'RUN'),
      );
    const rows = async (id: string) =>
      Object.fromEntries(
        Object.values(await flow.nodes(id)).map(({ node, status, error_code, compensation_status }) => [
          node.replace(/^.*\./, ''),
          { status, error_code, compensation_status },
        ]),
      );
    const told = async (id: string) =>
      await live
        .knex('breakwater.event')
        .select<{ kind: string; data: unknown }[]>('kind', 'data')
        .where({ run_id: id })
        .orderBy('id');
    const { status, cause, output, compensation } = run;
    const children = (await childrenOf(run)).toSorted((a, b) =>
      String(a.parent?.node) < String(b.parent?.node) ? -1 : 1,
    );
    return neutral({
      // What a run that turned round could still answer, only a plan can tell.
      run: { status, cause, output: status === 'succeeded' ? output : null, compensation, code: run.error?.code },
      rows: await rows(run.id),
      told: await told(run.id),
      children: await Promise.all(
        children.map(async (each) => [each.status, each.error, each.output, await rows(each.id), await told(each.id)]),
      ),
      files: await flow.files(),
    });
  }

  async function inYaml(flow: Flow): Promise<RunView> {
    const write = flow.write('index.md', { name: 'list', breaker: undefined, compensation: 'delete_file' });
    const content = COUNTRIES.map((country) => `${flow.name}/${country}.md`).join('\n');
    const list = { ...write, with: { ...(write['with'] as Part), content } };
    return await flow.run(
      [
        ...COUNTRIES.map((country) => ({
          id: country,
          type: 'workflow',
          workflow: 'launch-country',
          input: { product: flow.name, country },
        })),
        { id: 'pages', depends_on: COUNTRIES, activities: [list] },
      ],
      { output: { pages: COUNTRIES.map((country) => `\${{ outputs.${country}.page }}`) } },
    );
  }

  it.concurrent.each([
    ['ends well', undefined],
    ['is taken back', refusal],
  ])('leaves the same history when it %s', async (_, fault) => {
    const [coded, yaml] = [live.flow(), live.flow()];
    for (const flow of fault ? [coded, yaml] : []) await flow.strike('index.md', refusal);

    const inCode = await coded.end(await start('launch-everywhere', { product: coded.name, countries: COUNTRIES }));

    expect(await historyOf(coded, inCode)).toEqual(await historyOf(yaml, await inYaml(yaml)));
  });
});

describe('a rewind or a fork of code', () => {
  it.concurrent.each(['rewind', 'fork'])('is refused with why, and what to do instead of a %s', async (verb) => {
    const flow = live.flow();
    const { id } = await flow.end(await start('launch-country', { product: flow.name, country: 'de' }));

    const { status, body } = await live.call('POST', `/v1/runs/${id}/${verb}`, { node: 'publish' });

    expect(status).toBe(409);
    expect(body['detail']).toMatch(
      /of code, of which nobody knows what was built on what: .*compensate.*start it anew/,
    );
    expect(await live.call('POST', `/v1/runs/${id}/compensate`, {})).toMatchObject({ status: 202 });
    expect((await flow.end(id)).status).toBe('compensated');
  });
});

describe('a child of code', () => {
  it.concurrent('known by name answers what its schema says, or is taken back', async () => {
    const [fits, not] = [live.flow(), live.flow()];
    const good = await child((flow) => [{ id: 'only', activities: [flow.write('in')] }]);
    const bad = await child((flow) => [{ id: 'only', activities: [flow.write('in')] }], { output: { greeting: 7 } });

    const [done, undone] = await Promise.all([
      fits.end(await startParent(fits, good)),
      not.end(await startParent(not, bad)),
    ]);

    expect(done).toMatchObject({ status: 'succeeded', output: { said: 'hello' } });
    expect(undone).toMatchObject({ status: 'compensated', error: { code: 'OUTPUT', node: 'child' } });
    expect(await bad.files()).toEqual([]);
  });

  it.concurrent('is of the version that is asked for, and fails its call when there is none', async () => {
    const [old, none] = [live.flow(), live.flow()];
    const inner = await child(() => [{ id: 'only', activities: [] }]);
    await inner.publish([{ id: 'other', activities: [] }], { version: '2.0.0', output: { greeting: 'newer' } });

    const first = await old.end(await startParent(old, inner, { version: '1.0.0' }));
    const missing = await none.end(await startParent(none, inner, { version: '3.0.0' }));

    expect(first.output).toEqual({ said: 'hello' });
    expect(missing).toMatchObject({ status: 'compensated', error: { code: 'CHILD_REFUSED', node: 'child' } });
  });

  it.concurrent('that is optional answers null when it failed', async () => {
    const parent = live.flow();
    const inner = await child((flow) => [{ id: 'only', activities: [flow.write('bad')] }]);
    await inner.strike('bad', refusal);

    const run = await parent.end(await startParent(parent, inner, { optional: true }));

    expect(run).toMatchObject({ status: 'succeeded', output: { child: null } });
    expect(await parent.statuses(run.id)).toMatchObject({ before: 'completed', child: 'failed' });
  });

  it.concurrent('gets its input as data, whatever it looks like', async () => {
    const parent = live.flow();
    const inner = await child(() => [{ id: 'only', activities: [] }], { output: { greeting: '{{ input.text }}' } });

    const input = { text: '${{ 1 + 1 }} {{ run.id }}', hole: { $cel: 'run.id' } };
    const run = await parent.end(await startParent(parent, inner, { input }));

    expect((await childrenOf(run))[0]?.input).toEqual(input);
    expect(run.output).toEqual({ said: input.text });
  });

  it.concurrent('that takes longer than its time is cancelled, and turns its parent round', async () => {
    const parent = live.flow();
    const inner = await waitingChild();

    const run = await parent.end(await startParent(parent, inner, { timeout: '1s' }));

    expect(run).toMatchObject({ status: 'compensated', cause: 'timeout', error: { code: 'TIMEOUT', node: 'child' } });
    expect((await childrenOf(run))[0]).toMatchObject({ status: 'cancelled' });
    expect([...(await parent.files()), ...(await inner.files())]).toEqual([]);
  });

  it.concurrent('is shown by its parent, and cancelled with it', async () => {
    const parent = live.flow();
    const inner = await waitingChild();
    const id = await startParent(parent, inner);
    const waiting = await parent.untilStatus(id, 'waiting');
    await inner.untilStatus(waiting.children?.[0]?.runId ?? '', 'waiting');

    await parent.cancel(id);

    expect(waiting.waiting).toBe(`waits at "child" for its run of "${inner.name}"`);
    const run = await parent.end(id);
    expect(run).toMatchObject({ status: 'cancelled', cause: 'cancel' });
    expect((await childrenOf(run))[0]).toMatchObject({ status: 'cancelled' });
    expect([...(await parent.files()), ...(await inner.files())]).toEqual([]);
  });

  it.concurrent('that the code does not await is waited for before the run ends', async () => {
    const parent = live.flow();
    const inner = await waitingChild();
    const id = await start('planted-unawaited', { folder: parent.name, workflow: inner.name });
    const begun = await until(async () => (await parent.view(id)).children?.[0]?.runId, { what: 'the child to begin' });
    await inner.untilStatus(begun, 'waiting');
    expect((await parent.untilStatus(id, 'waiting')).finishedAt).toBeUndefined();

    await live.call('POST', `/v1/runs/${begun}/messages/go`, 1);

    expect(await parent.end(id)).toMatchObject({ status: 'succeeded', output: 'done' });
    expect((await inner.view(begun)).status).toBe('succeeded');
  });
});

describe('an act of code that would rather wait', () => {
  /** Its service is known by a definition, and opened by an operator. */
  async function opened(flow: Flow): Promise<void> {
    await flow.publish([{ id: 'only', activities: [flow.write('other')] }]);
    await force(flow, 'open');
  }

  async function force(flow: Flow, verb: 'open' | 'close'): Promise<void> {
    const body = { reason: 'a test', for: '1h' };
    expect(await live.call('POST', `/v1/breakers/${flow.name}/${verb}`, body)).toMatchObject({ status: 200 });
  }

  it.concurrent('waits for its service as in YAML: no attempt is spent, and the run says what it waits for', async () => {
    const flow = live.flow();
    await opened(flow);
    const id = await start('planted-parked', { folder: flow.name });

    const waiting = await flow.untilStatus(id, 'waiting');
    await force(flow, 'close');
    await live.call('POST', `/v1/runs/${id}/messages/go`, 1);

    expect(waiting.waiting).toContain(`waits at "keep" for service "${flow.name}" to come back`);
    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
  });

  it.concurrent('has an undo that waits for the same service', async () => {
    const flow = live.flow();
    await opened(flow);
    await force(flow, 'close');
    const id = await start('planted-parked', { folder: flow.name, fails: true });
    await flow.untilNode(id, 'keep', 'completed');
    await force(flow, 'open');

    await live.call('POST', `/v1/runs/${id}/messages/go`, 1);
    await flow.untilStatus(id, 'compensating');
    const closedAtMs = Date.now();
    await force(flow, 'close');

    expect(await flow.end(id)).toMatchObject({ status: 'compensated' });
    expect((await flow.act('undo kept')).atMs).toBeGreaterThanOrEqual(closedAtMs);
  });
});
