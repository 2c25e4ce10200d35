// What changes for a tenant, as a stream: what lists need, once to each reader, and from wherever a client stopped.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { REVIEW } from './review-definition.ts';
import { ADMIN_KEY, startTestApp, type RunningApp } from './running-app.ts';

interface Event {
  readonly id?: string;
  readonly name: string;
  readonly data: { readonly runId?: string; readonly status?: string; readonly node?: string };
}

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_news');
  await api.call('/v1/definitions', { method: 'POST', body: REVIEW, headers: { 'content-type': 'application/yaml' } });
});

afterAll(() => api.stop());

async function startRun(key = ADMIN_KEY): Promise<string> {
  const { body } = await api.call('/v1/runs', { key, body: { workflow: 'review-a-note', input: { note: 'n' } } });
  return (body as { id: string }).id;
}

async function open(lastEventId?: string, key = ADMIN_KEY) {
  const leaving = new AbortController();
  const response = await fetch(`${api.app.url}/v1/events`, {
    headers: { authorization: `Bearer ${key}`, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
    signal: leaving.signal,
  });
  return { response, leave: () => leaving.abort() };
}

/** A reader of the stream, and all that it was told so far. */
async function follow(lastEventId?: string, key = ADMIN_KEY) {
  const { response, leave } = await open(lastEventId, key);
  const events: Event[] = [];
  const reading = (async () => {
    let text = '';
    for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
      const parts = `${text}${chunk}`.split('\n\n');
      text = parts.pop()!;
      events.push(...parts.flatMap(parsed));
    }
  })().catch(() => undefined);
  const told = async (what: string, found: (event: Event) => boolean) =>
    await until(() => events.find(found), { what, timeoutMs: 20_000 });
  await told('the reader to be ready', ({ name }) => name === 'ready');
  const stop = async (): Promise<string> => {
    leave();
    await reading;
    return events.findLast(({ id }) => id !== undefined)!.id!;
  };
  return { events, told, stop };
}

function parsed(part: string): Event[] {
  const fields = new Map(
    part.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  const data = fields.get('data');
  if (data === undefined) return [];
  return [{ id: fields.get('id'), name: fields.get('event')!, data: JSON.parse(data) as Event['data'] }];
}

const isChange = (runId: string, status: string) => (event: Event) =>
  event.name === 'run.changed' && event.data.runId === runId && event.data.status === status;

describe('the news of a tenant', () => {
  it('tell how a run goes, what people are asked in it and what operators do', async () => {
    const reader = await follow();
    const id = await startRun();
    await reader.told('that it waits', isChange(id, 'waiting'));
    await api.call(`/v1/runs/${id}/cancel`, { method: 'POST' });
    await reader.told('that it ended', isChange(id, 'cancelled'));
    await reader.stop();

    const own = reader.events.filter(({ data }) => data.runId === id);
    const names = own.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(['approval.opened', 'control.cancel', 'approval.withdrawn']));
    expect(own.find(({ name }) => name === 'approval.opened')?.data).toMatchObject({
      node: 'review',
      approvalId: expect.stringMatching(/^apr_/),
    });
    expect(own.find(isChange(id, 'cancelled'))?.data).toMatchObject({ workflow: 'review-a-note', kind: 'run.changed' });
  });

  it('tell each change once, to each of several readers', async () => {
    const readers = [await follow(), await follow(), await follow()];
    const id = await startRun();
    await api.call(`/v1/runs/${id}/cancel`, { method: 'POST' });
    for (const reader of readers) await reader.told('the end', isChange(id, 'cancelled'));
    const later = await startRun();
    for (const reader of readers) await reader.told('a later run', isChange(later, 'waiting'));

    for (const reader of readers) {
      expect(reader.events.filter(isChange(id, 'cancelled'))).toHaveLength(1);
      expect(reader.events.filter(({ name, data }) => name === 'control.cancel' && data.runId === id)).toHaveLength(1);
      await reader.stop();
    }
  });

  it('go on where a client stopped, and tell what it missed', async () => {
    const before = await follow();
    const seen = await startRun();
    await before.told('the first run', isChange(seen, 'waiting'));
    const at = await before.stop();
    const missed = await startRun();
    await until(async () => (await api.app.runs.get('default', missed)).status === 'waiting', { what: 'it to wait' });

    const after = await follow(at);
    await after.told('what it missed', isChange(missed, 'waiting'));
    await after.stop();

    expect(after.events.some(({ data }) => data.runId === seen)).toBe(false);
  });

  it('tell whoever was away for long, or missed much, to read its lists again', async () => {
    const reader = await follow();
    const at = await reader.stop();
    const [ms = '', snapshot = ''] = at.split('~');
    await api.knex.raw(
      `insert into breakwater.run (id, tenant, workflow, version, hash, input, status, requester, request_digest, finished_at)
       select 'run_much_' || n, d.tenant, d.name, d.version, d.hash, '{}', 'succeeded', 'ann', n::text, clock_timestamp()
         from generate_series(1, 501) n join breakwater.definition d on d.name = 'echo'`,
    );

    for (const from of [at, `${Number(ms) - 3_600_000}~${snapshot}`]) {
      const again = await follow(from);
      await again.stop();
      expect(again.events.map(({ name }) => name)).toEqual(['reset', 'ready']);
    }
  });

  it('tell nothing of another tenant', async () => {
    const key = await api.keyFor('vera', ['viewer'], { tenant: 'beta' });
    const [own, foreign] = [await follow(), await follow(undefined, key)];
    const id = await startRun();
    await api.call('/v1/breakers/github/open', { body: { reason: 'probe', for: '1s' } });
    await own.told('the run', isChange(id, 'waiting'));
    await foreign.told('what belongs to all', ({ name }) => name === 'breaker.changed');

    expect(foreign.events.filter(({ name }) => name !== 'breaker.changed').map(({ name }) => name)).toEqual(['ready']);
    await Promise.all([own.stop(), foreign.stop()]);
  });

  it('keep no place for clients that left before anything was told', async () => {
    const key = await api.keyFor('hasty', ['viewer']);
    const headers = { authorization: `Bearer ${key}` };
    await Promise.all(
      Array.from({ length: 60 }, async (_, index) => {
        const left = AbortSignal.timeout(index % 20);
        await fetch(`${api.app.url}/v1/events`, { headers, signal: left }).catch(() => undefined);
      }),
    );

    const allOpen = async (): Promise<boolean> => {
      const all = await Promise.all(Array.from({ length: 20 }, async () => await open(undefined, key)));
      const isEach = all.every(({ response }) => response.status === 200);
      for (const { leave } of all) leave();
      return isEach;
    };
    expect(await until(allOpen, { what: 'all places' })).toBe(true);
  });

  it('are refused with an id that no stream gave, and to whoever has too many open', async () => {
    for (const from of ['x', '1~', '1~5:3:', `1~1:1:~x`, `9${'9'.repeat(20)}~1:1:`]) {
      const { response } = await open(from);
      expect({ from, status: response.status }).toEqual({ from, status: 400 });
    }
    const key = await api.keyFor('greedy', ['viewer']);
    const readers = await Promise.all(Array.from({ length: 20 }, async () => await follow(undefined, key)));
    const { response } = await open(undefined, key);

    expect(response.status).toBe(429);
    await Promise.all(readers.map(async ({ stop }) => await stop()));
    await until(async () => (await open(undefined, key)).response.status === 200, { what: 'a place' });
  });
});
