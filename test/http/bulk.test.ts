// One verb for all runs of a list: the count that must be confirmed, what becomes of each run, and the same request again.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { until } from '../support/until.ts';
import { startTestApp, type RunningApp } from './running-app.ts';

const NAP = `
workflow: { name: nap, version: 1.0.0, input: { type: object, properties: { n: { type: number } } } }
modules: [{ id: nap, type: wait, wait: { for: 1h } }]
`;

const view = z.object({
  id: z.string(),
  count: z.number(),
  done: z.number(),
  unchanged: z.number(),
  refused: z.number(),
  left: z.number(),
  refusals: z.array(z.object({ runId: z.string(), reason: z.string() })),
  finishedAt: z.string().optional(),
});
type View = z.infer<typeof view>;

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_bulk');
  await api.call('/v1/definitions', { body: NAP, headers: { 'content-type': 'application/yaml' } });
});

afterAll(() => api.stop());

/** As many runs that nap, with a label of their own. */
async function napping(batch: string, count: number): Promise<string[]> {
  const ids = await Promise.all(
    Array.from({ length: count }, async () => {
      const { body } = await api.call('/v1/runs', { body: { workflow: 'nap', labels: { batch } } });
      return (body as { id: string }).id;
    }),
  );
  const asleep = async () => (await countOf(`label.batch=${batch}&status=waiting`)) === count;
  await until(asleep, { what: 'all to nap' });
  return ids;
}

async function countOf(query: string): Promise<number> {
  return ((await api.call(`/v1/runs/count?${query}`)).body as { count: number }).count;
}

const ask = async (body: object, key?: string) =>
  await api.call('/v1/runs/bulk', { body, headers: key === undefined ? {} : { 'idempotency-key': key } });

async function carriedOut(body: object, key?: string): Promise<View> {
  const answer = await ask(body, key);
  expect(answer).toMatchObject({ status: 202 });
  const { id } = view.parse(answer.body);
  expect(answer.headers.get('location')).toBe(`/v1/runs/bulk/${id}`);
  const over = view.parse((await api.call(`/v1/runs/bulk/${id}?wait=20s`)).body);
  expect(over.finishedAt).toBeDefined();
  return over;
}

describe('a count of runs', () => {
  it('is that of all pages of a list', async () => {
    await napping('counted', 3);

    expect(await countOf('label.batch=counted')).toBe(3);
    expect(await countOf('label.batch=counted&status=held,stuck')).toBe(0);
    expect((await api.call('/v1/runs/count?labels=x')).status).toBe(400);
  });
});

describe('an action on many runs', () => {
  it('says beforehand what it would do, and does nothing', async () => {
    const [first = ''] = await napping('before', 3);
    await api.call(`/v1/runs/${first}/pause`, { body: {} });
    const filter = { labels: { batch: 'before' } };

    const pause = await ask({ action: 'pause', filter, dryRun: true });
    const release = await ask({ action: 'release', filter, dryRun: true });

    expect(pause).toMatchObject({ status: 200, body: { count: 3, accepted: 2, unchanged: 1, refused: [] } });
    const reason = 'is not stuck: there is nothing to release';
    expect(release.body).toEqual({ count: 3, accepted: 0, unchanged: 0, refused: [{ reason, count: 3 }] });
    expect(await countOf('label.batch=before&status=waiting')).toBe(2);
  });

  it('is refused with the count found where it is another than was confirmed, and leaves nothing', async () => {
    await napping('miscounted', 2);
    const asked = { action: 'cancel', filter: { labels: { batch: 'miscounted' } }, expectedCount: 3 };

    const refused = await ask(asked, 'miscounted');

    const errors = [{ path: '/expectedCount', message: 'is 2 runs now' }];
    expect(refused).toMatchObject({ status: 409, body: { code: 'CONFLICT', errors } });
    expect(await countOf('label.batch=miscounted&status=waiting')).toBe(2);
    expect(await carriedOut({ ...asked, expectedCount: 2 }, 'miscounted')).toMatchObject({ count: 2, done: 2 });
  });

  it('is refused without a count, or with a filter that no list has', async () => {
    const filter = { labels: { batch: 'none' } };

    expect(await ask({ action: 'pause', filter })).toMatchObject({
      status: 422,
      body: { errors: [{ path: '/expectedCount' }] },
    });
    expect((await ask({ action: 'pause', filter: { label: 'x' }, expectedCount: 0 })).status).toBe(422);
    expect((await ask({ action: 'rewind', filter, expectedCount: 0 })).status).toBe(422);
  });

  it('tells of each run whether it was done, was so already, or was refused and why', async () => {
    const [paused = '', cancelled = '', ...rest] = await napping('mixed', 5);
    await api.call(`/v1/runs/${paused}/pause`, { body: {} });
    await api.call(`/v1/runs/${cancelled}/cancel`, { body: {} });
    await api.call(`/v1/runs/${cancelled}?wait=10s`);

    const over = await carriedOut({
      action: 'pause',
      filter: { labels: { batch: 'mixed' } },
      expectedCount: 5,
      reason: 'a freeze',
    });

    expect(over).toMatchObject({ count: 5, done: 3, unchanged: 1, refused: 1, left: 0 });
    expect(over.refusals).toEqual([{ runId: cancelled, reason: `Run ${cancelled} is over (cancelled).` }]);
    expect((await api.call(`/v1/runs/${rest[0]}`)).body).toMatchObject({
      status: 'paused',
      waiting: 'paused by admin: a freeze',
    });
  });

  it('resumes, cancels and takes back as the verbs of one run do', async () => {
    await napping('verbs', 2);
    const of = (action: string) => ({ action, filter: { labels: { batch: 'verbs' } }, expectedCount: 2 });

    expect(await carriedOut(of('pause'))).toMatchObject({ done: 2 });
    expect(await carriedOut(of('resume'))).toMatchObject({ done: 2 });
    expect(await carriedOut({ ...of('cancel'), compensate: false })).toMatchObject({ done: 2 });
    await until(async () => (await countOf('label.batch=verbs&status=cancelled')) === 2, { what: 'the cancels' });
    expect(await carriedOut(of('compensate'))).toMatchObject({ done: 2 });
  });

  it('is the same under the same key, whatever the filter finds by then', async () => {
    await napping('again', 2);
    const asked = { action: 'cancel', filter: { labels: { batch: 'again' }, status: ['waiting'] }, expectedCount: 2 };

    const first = await carriedOut(asked, 'again');
    const again = await ask(asked, 'again');
    const other = await ask({ ...asked, reason: 'another' }, 'again');

    expect(again).toMatchObject({ status: 202, body: { id: first.id, done: 2 } });
    expect(other).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  it('is begun once under one key, however many ask at once', async () => {
    await napping('herd', 2);
    const asked = { action: 'pause', filter: { labels: { batch: 'herd' } }, expectedCount: 2 };

    const answers = await Promise.all(Array.from({ length: 8 }, async () => await ask(asked, 'herd')));

    expect(new Set(answers.map(({ body }) => view.parse(body).id)).size).toBe(1);
  });

  it('is audited once, and each run as if it had been told alone', async () => {
    const [id = ''] = await napping('audited', 2);
    const over = await carriedOut({
      action: 'cancel',
      filter: { labels: { batch: 'audited' } },
      expectedCount: 2,
      reason: 'over',
    });

    const traces = await api.knex
      .withSchema('breakwater')
      .table('audit')
      .select('actor', 'action', 'subject', 'data')
      .whereIn('subject', [over.id, id])
      .orderBy('id');

    expect(traces).toMatchObject([
      { actor: 'admin', action: 'runs.cancel', subject: over.id, data: { count: 2, reason: 'over', compensate: true } },
      { actor: 'admin', action: 'run.cancel', subject: id, data: { bulk: over.id, reason: 'over' } },
    ]);
  });

  it('reaches the runs of its own tenant only', async () => {
    await napping('walled', 1);
    const key = await api.keyFor('olga', ['operator'], { tenant: 'beta' });
    const body = { action: 'cancel', filter: {}, expectedCount: 0 };

    const own = await api.call('/v1/runs/bulk', { key, body });

    const { id } = view.parse(own.body);
    expect(own).toMatchObject({ status: 202, body: { count: 0 } });
    expect((await api.call(`/v1/runs/bulk/${id}`)).status).toBe(404);
    expect((await api.call('/v1/runs/count', { key })).body).toEqual({ count: 0, more: false });
  });

  it('is on ten thousand runs at most', async () => {
    await api.knex.raw(
      `insert into breakwater.run (id, tenant, workflow, version, hash, input, status, requester, request_digest, finished_at)
       select 'run_many_' || n, d.tenant, d.name, d.version, d.hash, '{}', 'succeeded', 'ann', n::text, clock_timestamp()
         from generate_series(1, 10001) n join breakwater.definition d on d.name = 'echo'`,
    );
    const asked = { action: 'pause', filter: { workflow: 'echo' } };

    const answer = await ask({ ...asked, expectedCount: 10_000 });

    expect(answer).toMatchObject({ status: 409, body: { errors: [{ message: 'is more than 10000 runs now' }] } });
    expect((await ask({ ...asked, expectedCount: 10_001 })).status).toBe(422);
  });
});
