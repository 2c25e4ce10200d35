// What runs ask and tell of the table breakwater.run: together, seldom, and never too late.
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../../support/until.ts';
import { startLiveApp } from './live-app.ts';
import type { LiveApp } from './live-app.ts';

const sent: string[] = [];
const { query } = pg.Client.prototype;

/** A statement's name and text; quotes must stay what they are. */
function textOf(sending: unknown): string {
  if (typeof sending !== 'object' || sending === null) return String(sending);
  const { name = '', text = '' } = sending as { name?: string; text?: string };
  return `${name} ${text}`;
}

let live: LiveApp;
beforeAll(async () => {
  Object.assign(pg.Client.prototype, {
    query(this: pg.Client, ...args: unknown[]): unknown {
      sent.push(textOf(args[0]));
      return Reflect.apply(query, this, args);
    },
  });
  live = await startLiveApp('live_statements');
});
afterAll(async () => {
  Object.assign(pg.Client.prototype, { query });
  await live.stop();
});

async function statementsOf(work: () => Promise<unknown>): Promise<(pattern: RegExp) => number> {
  const before = sent.length;
  await work();
  return (pattern) => sent.slice(before).filter((text) => pattern.test(text)).length;
}

const CANCEL = JSON.stringify({ cancel: { compensate: true, by: 'ann', reason: null, at: '2026-01-01T00:00:00Z' } });

const LOOK = /"control" is not null/;
/** Longer than a reading counts as fresh: an act that begins after it is preceded by another. */
const QUIET_MS = 300;

/** Until the run has been looked at, and nobody has looked since for a while. */
async function untilLooksAreOver(earlier: number): Promise<void> {
  let seen = 0;
  let sinceMs = performance.now();
  const isQuiet = (): boolean => {
    const looks = sent.slice(earlier).filter((text) => LOOK.test(text)).length;
    if (looks !== seen) sinceMs = performance.now();
    seen = looks;
    return looks > 0 && performance.now() - sinceMs > QUIET_MS;
  };
  await until(isQuiet, { what: 'the looks at a new run to be over' });
}

/** As a cancel whose wake is lost. */
async function askSilently(id: string): Promise<void> {
  await live.knex('breakwater.run').update({ control: CANCEL }).where({ id });
}

describe('a run of many acts', () => {
  it('asks seldom what operators want, tells seldom how far it is, and reads no definition again', async () => {
    const flow = live.flow();
    const modules = Array.from({ length: 60 }, (_, at) => ({
      id: `module_${at}`,
      progress: at + 1,
      activities: [
        flow.write(`file_${at}`, {
          with: { owner: 'acme', repo: 'website', path: `${flow.name}/${at}-{{ input.round }}`, content: 'x' },
        }),
      ],
    }));
    await flow.publish(modules);
    const first = await flow.end(await flow.startAgain({ input: { round: 1 } }));

    const startedAt = performance.now();
    const count = await statementsOf(async () => await flow.end(await flow.startAgain({ input: { round: 2 } })));
    const tookMs = performance.now() - startedAt;

    expect(first).toMatchObject({ status: 'succeeded', attempts: 60 });
    expect(await flow.files()).toHaveLength(120);
    expect(count(LOOK)).toBeLessThanOrEqual(3 + tookMs / 200);
    expect(count(/with free as/)).toBeLessThanOrEqual(3 + tookMs / 100);
    expect(count(/"plan".* from "breakwater"\."definition"/)).toBe(0);
  });
});

describe('a run of one act', () => {
  it('is started by one statement, asks nothing that it knows, and ends by one', async () => {
    const flow = live.flow();
    await flow.publish([{ id: 'only', activities: [flow.write('a')] }]);
    await flow.end(await flow.startAgain({}));
    const earlier = sent.length;
    const count = await statementsOf(async () => await flow.end(await flow.startAgain({})));

    const untilEnd = sent.slice(
      earlier,
      sent.findLastIndex((text) => text.includes('breakwater.end.run')),
    );
    const afterAct = untilEnd.slice(untilEnd.findLastIndex((text) => /breakwater\.record\.\d/.test(text)));
    expect(afterAct.filter((text) => text.includes('"control" is not null'))).toEqual([]);
    const times = {
      start: count(/breakwater\.start\.run/),
      looks: count(/breakwater\.look/),
      records: count(/breakwater\.record\.\d/),
      end: count(/breakwater\.end\.run/),
      transactions: count(/breakwater\.record\.once/),
      outcome: count(/breakwater\.finish/),
      completions: count(/transaction_completion/),
      withdrawals: count(/update "?breakwater"?\."?approval/),
      recordsRead: count(/left join "dbos"\."operation_outputs" as "o"/),
    };
    expect(times).toEqual({
      start: 1,
      looks: 0,
      records: 1,
      end: 1,
      transactions: 0,
      outcome: 0,
      completions: 0,
      withdrawals: 0,
      recordsRead: 0,
    });
  });
});

describe('a cancel whose wake was lost', () => {
  it('is seen before an act that begins later', async () => {
    const flow = live.flow();
    await flow.strike('b', { fault: 'hang' });
    const earlier = sent.length;
    const id = await flow.start([
      { id: 'first', activities: [flow.write('a')] },
      { id: 'then', depends_on: ['first'], activities: [flow.write('b', { timeout: '5s' })] },
      { id: 'last', depends_on: ['then'], activities: [flow.write('c')] },
    ]);
    await flow.untilCalled('write b');
    // A new run is looked at once, in case something was asked before its watch began; then only before it acts.
    await untilLooksAreOver(earlier);

    await askSilently(id);
    await live.sandbox.call('DELETE', '/_faults');

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled', compensation: { total: 2, compensated: 2 } });
    expect(await flow.told()).toEqual(['write a', 'write b', 'undo b', 'undo a']);
  });

  it('is seen by a run whose last act ends at once', async () => {
    const flow = live.flow();
    await flow.slow('a', 100);
    const id = await flow.start([{ id: 'only', activities: [flow.write('a')] }]);
    await flow.untilCalled('write a');

    await askSilently(id);

    expect(await flow.end(id)).toMatchObject({ status: 'cancelled' });
    expect(await flow.told()).toEqual(['write a', 'undo a']);
  });
});
