// What runs meet at a service that is down: a refusal, or a wait without a slot; and what a service meets when it is back.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { startVendor } from '../../tools/vendor-server.ts';
import type { VendorServer } from '../../tools/vendor-server.ts';
import { atOnce } from './flow.ts';
import type { Flow, Part } from './flow.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';
import { TRIES_ALL } from '../../support/whole.ts';

const SLOTS = 32;
/** Of requests at once: one more is too many. */
const BEARABLE = 16;
/** 1,000 were tried by hand. */
const WAITING = TRIES_ALL ? 1_000 : 100;

let live: LiveApp;
let weak: VendorServer;
let isDown = false;
let busy = 0;
beforeAll(async () => {
  weak = await startVendor((response) => {
    if (isDown || busy >= BEARABLE) {
      return void response.writeHead(503).end();
    }
    busy += 1;
    setTimeout(() => {
      busy -= 1;
      response.end('served');
    }, 10);
  });
  const env = { BREAKWATER_ACTIVITY_SLOTS: String(SLOTS), BREAKWATER_OUTBOUND_ALLOW: new URL(weak.url).host };
  live = await startLiveApp('live_breaker', { env });
});
afterAll(async () => {
  await live.stop();
  await weak[Symbol.asyncDispose]();
});

const SOON = { failures: 3, open: '1s', successes: 2 };
/** Longer than any test. */
const LATER = { failures: 3, open: '1h' };

/** By an operator, who asks for a try in a second. */
async function openForASecond({ name }: Flow): Promise<void> {
  const { status } = await live.call('POST', `/v1/breakers/${name}/open`, { reason: 'try soon', for: '1s' });
  expect(status).toBe(200);
}

async function heal(): Promise<void> {
  await live.sandbox.call('DELETE', '/_faults');
}

async function breakerOf({ name }: Flow): Promise<Part | undefined> {
  const { body } = await live.call<{ items: Part[] }>('GET', '/v1/breakers?limit=200');
  return body.items.find(({ service }) => service === name);
}

async function untilState(flow: Flow, state: string): Promise<void> {
  await until(async () => (await breakerOf(flow))?.['state'] === state, { what: `${flow.name} to be ${state}` });
}

/** A flow whose service is down: three runs found that out. */
async function atRest(breaker: Part, over: Part = {}): Promise<Flow> {
  const flow = live.flow();
  await flow.strike('a', { fault: 'status', status: 503 });
  // Without an undo, whose look would find that the service answers.
  const act = flow.write('a', { compensation: undefined, ...over });
  await flow.publish([{ id: 'only', activities: [act] }], { breakers: { [flow.name]: breaker } });
  for (let run = 0; run < 3; run++) await flow.end(await flow.startAgain({}));
  await untilState(flow, 'open');
  return flow;
}

const parks = (flow: Flow, over: Part = {}): Part =>
  flow.write('a', { breaker: { service: flow.name, park: true }, ...over });

describe('an act at a service that is down', () => {
  it('is refused without a request', async () => {
    const flow = await atRest(LATER);
    const before = await flow.told();

    const run = await flow.end(await flow.startAgain({}));

    expect(run).toMatchObject({ status: 'failed', attempts: 1, error: { code: 'BREAKER_OPEN', node: 'only.a' } });
    expect(await flow.told()).toEqual(before);
    expect(before).toEqual(['write a', 'write a', 'write a']);
    expect(await breakerOf(flow)).toMatchObject({
      transitions: [{ from: 'closed', to: 'open', why: '3 failures in a row' }],
    });
  });

  it('comes again when the service may be tried, and closes the breaker with what succeeds', async () => {
    const flow = await atRest(SOON, { retry: atOnce(1) });
    await heal();
    await flow.publish([{ id: 'only', activities: [flow.write('a', { retry: atOnce(20) })] }], {
      version: '2.0.0',
      breakers: { [flow.name]: SOON },
    });

    const runs = await Promise.all([flow.startAgain({}), flow.startAgain({})]);

    for (const id of runs) expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
    expect(await breakerOf(flow)).toMatchObject({ state: 'closed', failures: 0 });
  });

  it('is undone all the same', async () => {
    const flow = live.flow();
    await flow.strike('b', { fault: 'status', status: 503 });
    const id = await flow.start(
      [
        { id: 'first', activities: [flow.write('a')] },
        {
          id: 'then',
          depends_on: ['first'],
          activities: [flow.write('b', { retry: atOnce(3) })],
        },
      ],
      { breakers: { [flow.name]: LATER } },
    );

    expect(await flow.end(id)).toMatchObject({ status: 'compensated', compensation: { compensated: 1, failed: 0 } });
    expect(await flow.told()).toEqual(['write a', 'write b', 'write b', 'write b', 'undo a']);
    await untilState(flow, 'open');
  });
});

describe('an act that would rather wait', () => {
  async function atRestAndWaiting(breaker: Part, over: Part = {}, module: Part = {}): Promise<Flow> {
    const flow = await atRest(breaker);
    await flow.publish([{ id: 'only', ...module, activities: [parks(flow, over)] }], {
      version: '2.0.0',
      breakers: { [flow.name]: breaker },
    });
    return flow;
  }

  it('holds no slot and spends no attempt, says what it waits for, and goes on when the service is back', async () => {
    const flow = await atRestAndWaiting(LATER, { retry: 'none' });
    const ids = await Promise.all(Array.from({ length: SLOTS + 1 }, async () => await flow.startAgain({})));
    for (const id of ids) {
      expect(await flow.untilStatus(id, 'waiting')).toMatchObject({
        waiting: expect.stringMatching(
          `^waits at "only.a" for service "${flow.name}" to come back; service "${flow.name}" is down since 20.*, tried again at 20`,
        ),
      });
    }
    const other = live.flow();
    expect(await other.run([{ id: 'only', activities: [other.write('a')] }])).toMatchObject({ status: 'succeeded' });

    await heal();
    await openForASecond(flow);

    for (const id of ids) expect(await flow.end(id)).toMatchObject({ status: 'succeeded', attempts: 1 });
    expect(await breakerOf(flow)).toMatchObject({ state: 'closed' });
  });

  it('ends with a cancel', async () => {
    const flow = await atRestAndWaiting(LATER);
    const id = await flow.startAgain({});
    await flow.untilStatus(id, 'waiting');

    await live.call('POST', `/v1/runs/${id}/cancel`, {});

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', attempts: 0 });
    expect(await flow.told()).toHaveLength(3);
  });

  it('ends with the time of its module', async () => {
    const flow = await atRestAndWaiting(LATER, {}, { timeout: '300ms' });

    expect(await flow.end(await flow.startAgain({}))).toMatchObject({
      status: 'failed',
      attempts: 0,
      error: { code: 'MODULE_TIMEOUT' },
    });
  });

  it('pauses, and goes on once it is resumed and its service is back', async () => {
    const flow = await atRestAndWaiting(LATER);
    const id = await flow.startAgain({});
    await flow.untilStatus(id, 'waiting');
    await live.call('POST', `/v1/runs/${id}/pause`, {});
    await flow.untilStatus(id, 'paused');
    await heal();
    await live.call('POST', `/v1/breakers/${flow.name}/close`, { reason: 'back', for: '1m' });
    expect(await flow.told()).toHaveLength(3);

    await live.call('POST', `/v1/runs/${id}/resume`, {});

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
  });

  it('goes on when an operator says so', async () => {
    const flow = await atRestAndWaiting(LATER);
    const id = await flow.startAgain({});
    await flow.untilStatus(id, 'waiting');
    await heal();

    await live.call('POST', `/v1/breakers/${flow.name}/close`, { reason: 'the vendor says it is back', for: '1m' });

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
  });

  it('waits as a list while all of its items do', async () => {
    const flow = await atRest(LATER);
    const each = flow.writeEach('a', '${{ [1, 2, 3] }}', { breaker: { service: flow.name, park: true } });
    await flow.publish([{ id: 'only', activities: [each] }], { version: '2.0.0', breakers: { [flow.name]: LATER } });
    const id = await flow.startAgain({});
    await flow.untilStatus(id, 'waiting');
    await heal();
    await openForASecond(flow);

    expect(await flow.end(id)).toMatchObject({ status: 'succeeded', attempts: 3 });
  });
});

describe('many runs that waited', () => {
  it('do not bring a weak service down again when it is back', { timeout: 90_000 }, async () => {
    const flow = live.flow();
    const ask = { tool: 'http', action: 'get', with: { url: `${weak.url}/ask` } };
    const breakers = { [flow.name]: LATER };
    const retry = { strategy: 'linear', initial_interval: '200ms', max_attempts: 5 };
    const parked = { name: 'ask', ...ask, retry, breaker: { service: flow.name, park: true } };
    await flow.publish([{ id: 'only', activities: [parked] }], { breakers });
    isDown = true;
    const first = await flow.startAgain({});
    await untilState(flow, 'open');
    const others = await startMany(flow, WAITING - 1);
    await until(async () => (await waiting(flow)) === WAITING, { what: 'all of them to wait', timeoutMs: 60_000 });

    isDown = false;
    await openForASecond(flow);

    for (const id of [first, ...others]) expect(await flow.end(id)).toMatchObject({ status: 'succeeded' });
    const transitions = (await breakerOf(flow))?.['transitions'] as Part[];
    expect(transitions.slice(0, 2)).toMatchObject([{ to: 'closed' }, { to: 'half_open' }]);
  });
});

// As many at a time as one listening socket takes.
async function startMany(flow: Flow, count: number): Promise<string[]> {
  const ids: string[] = [];
  const start = async (): Promise<void> => {
    while (ids.length < count) {
      const place = ids.push('') - 1;
      ids[place] = await flow.startAgain({});
    }
  };
  await Promise.all(Array.from({ length: 50 }, start));
  return ids;
}

async function waiting({ name }: Flow): Promise<number> {
  return (await live.knex('breakwater.run').where({ workflow: name, status: 'waiting' })).length;
}
