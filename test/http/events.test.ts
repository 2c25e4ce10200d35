// The live history of a run over HTTP: all of it, in order, and from wherever a client stopped.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/until.ts';
import { REVIEW } from './review-definition.ts';
import { ADMIN_KEY, startTestApp, type RunningApp } from './running-app.ts';

interface Event {
  readonly id: string;
  readonly name: string;
  readonly fact: { readonly id: string; readonly kind: string; readonly node?: string };
}

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_events');
  await api.call('/v1/definitions', { method: 'POST', body: REVIEW, headers: { 'content-type': 'application/yaml' } });
});

afterAll(() => api.stop());

async function startRun(note: string): Promise<string> {
  const { body } = await api.call('/v1/runs', { body: { workflow: 'review-a-note', input: { note } } });
  return (body as { id: string }).id;
}

async function cancel(id: string): Promise<void> {
  await api.call(`/v1/runs/${id}/cancel`, { method: 'POST' });
}

async function open(id: string, lastEventId?: string, key = ADMIN_KEY) {
  const leaving = new AbortController();
  const response = await fetch(`${api.app.url}/v1/runs/${id}/events`, {
    headers: { authorization: `Bearer ${key}`, ...(lastEventId !== undefined && { 'last-event-id': lastEventId }) },
    signal: leaving.signal,
  });
  return { response, leave: () => leaving.abort() };
}

/** Every event of a stream until it ends, or until one is `enough`. */
async function read(
  id: string,
  lastEventId?: string,
  enough: (event: Event) => boolean = () => false,
): Promise<Event[]> {
  const { response, leave } = await open(id, lastEventId);
  const events: Event[] = [];
  let text = '';
  for await (const chunk of response.body!.pipeThrough(new TextDecoderStream())) {
    const parts = `${text}${chunk}`.split('\n\n');
    text = parts.pop()!;
    for (const event of parts.flatMap(parsed)) {
      events.push(event);
      if (!enough(event)) continue;
      leave();
      return events;
    }
  }
  return events;
}

function parsed(part: string): Event[] {
  const fields = new Map(
    part.split('\n').map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
  const data = fields.get('data');
  if (data === undefined) return [];
  return [{ id: fields.get('id')!, name: fields.get('event')!, fact: JSON.parse(data) as Event['fact'] }];
}

async function historyOf(id: string): Promise<string[]> {
  const { body } = await api.call(`/v1/runs/${id}/history?limit=200`);
  return (body as { items: { id: string }[] }).items.map((item) => item.id);
}

const ids = (events: readonly Event[]): string[] => events.map(({ fact }) => fact.id);

describe('the events of a run', () => {
  it('come as they happen, and end with its end', async () => {
    const id = await startRun('live');
    const told = read(id);
    await until(async () => (await historyOf(id)).length > 4, { what: 'its question' });

    await cancel(id);

    const events = await told;
    expect(events.at(-1)?.name).toBe('run.finished');
    expect(events.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'run.started',
        'activity.completed',
        'approval.opened',
        'control.cancel',
        'run.turned',
        'compensation.completed',
      ]),
    );
    expect(ids(events).toSorted()).toEqual((await historyOf(id)).toSorted());
  });

  it('are gone on with from any of them, without a gap or a repeat', async () => {
    const id = await startRun('resumed');
    const before = await read(id, undefined, ({ name }) => name === 'approval.opened');
    await cancel(id);
    const rest = await read(id, before.at(-1)!.id);
    const all = [...before, ...rest];

    expect(ids(all).toSorted()).toEqual((await historyOf(id)).toSorted());
    for (const [at, { id: position }] of all.entries()) {
      if (at % 3 !== 0 || at === all.length - 1) continue;
      expect(ids(await read(id, position)).toSorted()).toEqual(ids(all.slice(at + 1)).toSorted());
    }
  });

  it('are gone on with from a fact of the history too', async () => {
    const id = await startRun('from a fact');
    await cancel(id);
    await api.call(`/v1/runs/${id}?wait=30s`);
    const history = await historyOf(id);

    expect(ids(await read(id, history[2]))).toEqual(history.slice(3));
  });

  it('are over for who had them all', async () => {
    const id = await startRun('over');
    await cancel(id);
    const events = await read(id);

    expect((await open(id, events.at(-1)!.id)).response.status).toBe(204);
  });

  it('refuse a position that no event had', async () => {
    const id = await startRun('positions');
    for (const position of [
      'x',
      '1.2.3.4.5~~~',
      '1.2.3.4.5~1:2:',
      "1.2.3.4.5~~1:2:3'",
      '1.2.3.4.5~~5:4:',
      '1.2.3.4.5~~5:9:7,6',
    ]) {
      expect((await open(id, position)).response.status, position).toBe(400);
    }
  });

  it('are those of the own tenant alone', async () => {
    const id = await startRun('walled');
    const stranger = await api.keyFor('eve', ['viewer'], { tenant: 'other' });

    expect((await open(id, undefined, stranger)).response.status).toBe(404);
    expect((await api.call(`/v1/runs/${id}/history`, { key: stranger })).status).toBe(404);
  });

  it('are told to so many at once, and no more', async () => {
    const id = await startRun('many');
    const key = await api.keyFor('busy', ['viewer']);
    const streams = await Promise.all(Array.from({ length: 21 }, async () => await open(id, undefined, key)));

    expect(streams.map(({ response }) => response.status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 20 }, () => 200),
      429,
    ]);
    for (const { leave } of streams) leave();
    await until(async () => (await open(id, undefined, key)).response.status === 200, {
      what: 'a place that was left',
    });
  });

  it('end when the app closes', async () => {
    const { response } = await open(await startRun('closing'));

    const [text] = await Promise.all([response.text(), api.app.stop()]);

    expect(text).toContain('event: run.started');
  });
});
