import { describe, expect, it } from 'vitest';
import { HUB_ID, LIBRARY, RESEARCH } from '../../sandbox/vendors/notion/fixtures.ts';
import type { Clock } from '../../src/kernel/index.ts';
import { openSandbox, type Reply, type TestSandbox } from './open-sandbox.ts';

const HEADERS = { authorization: 'Bearer ntn_1', 'notion-version': '2025-09-03' };
const PAGES = '/notion/v1/pages';
const QUERY = `/notion/v1/data_sources/${LIBRARY.id}/query`;

interface List {
  results: { id: string; type?: string; child_page?: { title: string } }[];
  has_more: boolean;
  next_cursor: string | null;
}

const text = (content: string) => [{ text: { content } }];
const underHub = (title: string) => ({ parent: { page_id: HUB_ID }, properties: { title: { title: text(title) } } });

function ask<T = Record<string, unknown>>(
  sandbox: TestSandbox,
  method: string,
  path: string,
  body?: unknown,
): Promise<Reply<T>> {
  return sandbox.call<T>(method, path, body, HEADERS);
}
const create = async (sandbox: TestSandbox, body: object) =>
  (await ask<{ id: string; url: string }>(sandbox, 'POST', PAGES, body)).body;
const rows = async (sandbox: TestSandbox, body: object) =>
  (await ask<List>(sandbox, 'POST', QUERY, body)).body.results.map(({ id }) =>
    RESEARCH.findIndex((page) => page.id === id),
  );
const children = async (sandbox: TestSandbox, id: string) =>
  (await ask<List>(sandbox, 'GET', `/notion/v1/blocks/${id}/children`)).body.results;
const found = async (sandbox: TestSandbox, query: string) =>
  (await ask<List>(sandbox, 'POST', '/notion/v1/search', { query })).body.results.map(({ id }) => id);

describe('a page', () => {
  it('is created under another and shown among its children', async () => {
    await using sandbox = await openSandbox();
    const paragraph = { object: 'block', type: 'paragraph', paragraph: { rich_text: text('Hello') } };

    const page = await create(sandbox, { ...underHub('Spring'), children: [paragraph] });

    expect(page).toMatchObject({
      object: 'page',
      parent: { type: 'page_id', page_id: HUB_ID },
      in_trash: false,
      properties: { title: { id: 'title', type: 'title', title: [{ plain_text: 'Spring' }] } },
    });
    expect(await children(sandbox, HUB_ID)).toContainEqual(
      expect.objectContaining({ id: page.id, type: 'child_page', child_page: { title: 'Spring' } }),
    );
    expect(await children(sandbox, page.id)).toMatchObject([
      { type: 'paragraph', paragraph: { rich_text: [{ plain_text: 'Hello' }] } },
    ]);
    expect(await sandbox.created()).toMatchObject([
      { vendor: 'notion', kind: 'page', id: page.id, key: null, data: { title: 'Spring', content: 'Hello' } },
    ]);
  });

  it('is created in the data source with its properties, and another at every request', async () => {
    await using sandbox = await openSandbox();
    const body = {
      parent: { type: 'data_source_id', data_source_id: LIBRARY.id.replaceAll('-', '') },
      properties: { Name: { title: text('A') }, Topic: { select: { name: 'Audience' } } },
    };

    const page = await create(sandbox, body);
    await create(sandbox, body);

    expect(page).toMatchObject({
      parent: { data_source_id: LIBRARY.id },
      properties: { Name: { id: 'title' }, Topic: { select: { name: 'Audience' } }, Published: { date: null } },
    });
    expect(await sandbox.created()).toHaveLength(2);
  });

  it.each([
    ['no parent', { properties: {} }, 400],
    ['an unknown parent', { ...underHub('x'), parent: { page_id: '11111111-1111-4111-8111-111111111111' } }, 404],
    ['an unknown data source', { ...underHub('x'), parent: { data_source_id: HUB_ID } }, 404],
    ['an unknown property', { ...underHub('x'), properties: { Mood: { select: null } } }, 400],
    ['a property of another type', { ...underHub('x'), properties: { title: { select: null } } }, 400],
    ['over 2000 letters in a piece', underHub('x'.repeat(2_001)), 400],
    [
      'over a hundred blocks',
      { ...underHub('x'), children: Array.from({ length: 101 }, () => ({ type: 'paragraph' })) },
      400,
    ],
    ['a block without text', { ...underHub('x'), children: [{ type: 'paragraph' }] }, 400],
  ])('is refused for %s', async (_, body, status) => {
    await using sandbox = await openSandbox();

    const reply = await ask(sandbox, 'POST', PAGES, body);

    const code = status === 404 ? 'object_not_found' : 'validation_error';
    expect(reply).toMatchObject({ status, body: { object: 'error', status, code } });
    expect(await sandbox.created()).toEqual([]);
  });

  it('goes to the trash and comes back', async () => {
    await using sandbox = await openSandbox();
    const { id } = await create(sandbox, underHub('Spring'));
    const entry = async () => (await sandbox.created())[0];

    expect((await ask(sandbox, 'PATCH', `${PAGES}/${id}`, { in_trash: true })).body).toMatchObject({ in_trash: true });
    expect(await entry()).toMatchObject({ deletedAt: expect.any(String) });
    expect(await children(sandbox, HUB_ID)).not.toContainEqual(expect.objectContaining({ id }));
    expect(await ask(sandbox, 'PATCH', `${PAGES}/${id}`, { in_trash: true })).toMatchObject({
      status: 400,
      body: { message: expect.stringContaining('unarchive') },
    });
    expect((await ask(sandbox, 'POST', PAGES, { ...underHub('x'), parent: { page_id: id } })).status).toBe(400);

    await ask(sandbox, 'PATCH', `${PAGES}/${id}`, { in_trash: false });
    expect(await entry()).not.toHaveProperty('deletedAt');
    await ask(sandbox, 'PATCH', `${PAGES}/${id}`, { properties: { title: { title: text('Summer') } } });
    expect(await entry()).toMatchObject({ data: { title: 'Summer' }, updatedAt: expect.any(String) });
  });
});

describe('the data source', () => {
  it.each([
    ['a topic', { property: 'Topic', select: { equals: 'audience' } }, [2, 3]],
    ['another topic', { property: 'Topic', select: { does_not_equal: 'Audience' } }, [4, 5]],
    ['a part of a title, by its id', { property: 'title', title: { contains: 'TIDEWATER' } }, [4]],
    ['the start of a title', { property: 'Name', title: { starts_with: 'Why' } }, [3]],
    ['an empty text', { property: 'Summary', rich_text: { is_empty: true } }, []],
    ['a span of days', { property: 'Published', date: { on_or_after: '2026-08-27', before: '2026-10-30' } }, [2, 3]],
    ['a day before', { property: 'Published', date: { on_or_before: '2026-07-15' } }, [5]],
    ['a day after', { property: 'Published', date: { after: '2026-09-18' } }, [4]],
    [
      'either',
      {
        or: [
          { property: 'title', title: { contains: 'Why' } },
          { property: 'Topic', select: { equals: 'Channels' } },
        ],
      },
      [3, 5],
    ],
    [
      'both',
      {
        and: [
          { property: 'title', title: { contains: 'Why' } },
          { property: 'Topic', select: { equals: 'Channels' } },
        ],
      },
      [],
    ],
  ])('is filtered by %s', async (_, filter, expected) => {
    await using sandbox = await openSandbox();
    expect(await rows(sandbox, { filter })).toEqual(expected);
  });

  it('is sorted by a property or a time, the first sort counting most', async () => {
    await using sandbox = await openSandbox();
    const topic = { property: 'Topic', direction: 'ascending' };

    expect(await rows(sandbox, { sorts: [topic, { timestamp: 'created_time', direction: 'descending' }] })).toEqual([
      2, 3, 5, 4,
    ]);
    expect(await rows(sandbox, { sorts: [{ property: 'Published', direction: 'ascending' }] })).toEqual([5, 3, 2, 4]);
  });

  it('is read a page at a time', async () => {
    await using sandbox = await openSandbox();

    const first = (await ask<List>(sandbox, 'POST', QUERY, { page_size: 3 })).body;
    const second = (await ask<List>(sandbox, 'POST', QUERY, { page_size: 3, start_cursor: first.next_cursor })).body;

    expect(first).toMatchObject({ has_more: true, results: [{}, {}, {}] });
    expect(second).toMatchObject({ has_more: false, next_cursor: null, results: [{}] });
    expect((await ask(sandbox, 'POST', QUERY, { start_cursor: 'x' })).status).toBe(400);
  });

  it.each([
    { filter: { property: 'Mood', select: { equals: 'x' } } },
    { filter: { property: 'Topic', title: { equals: 'x' } } },
    { sorts: [{ property: 'Mood', direction: 'ascending' }] },
    { page_size: 0 },
  ])('refuses %j', async (body) => {
    await using sandbox = await openSandbox();
    expect(await ask(sandbox, 'POST', QUERY, body)).toMatchObject({ status: 400, body: { code: 'validation_error' } });
  });
});

describe('the search', () => {
  it('puts the best title first and reads no texts', async () => {
    await using sandbox = await openSandbox();

    expect(await found(sandbox, 'Interviews with operations leads in logistics')).toEqual([
      RESEARCH[2]?.id,
      RESEARCH[1]?.id,
      RESEARCH[5]?.id,
    ]);
    expect(await found(sandbox, 'onboarding')).toEqual([]);
    expect(await found(sandbox, '')).toHaveLength(RESEARCH.length + 1);
  });

  it('learns of a new page only after a while, and forgets one in the trash', async () => {
    let now = Date.now();
    const clock: Clock = { now: () => now };
    await using sandbox = await openSandbox({ clock });
    const { id } = await create(sandbox, underHub('Quayside'));

    expect(await found(sandbox, 'quayside')).toEqual([]);
    now += 5_000;
    expect(await found(sandbox, 'quayside')).toEqual([id]);
    await ask(sandbox, 'PATCH', `${PAGES}/${id}`, { in_trash: true });
    expect(await found(sandbox, 'quayside')).toEqual([]);
  });
});

describe('notion', () => {
  it('wants a token and its version', async () => {
    await using sandbox = await openSandbox();
    const refusal = async (headers: Record<string, string>) =>
      (await sandbox.call('GET', `${PAGES}/${HUB_ID}`, undefined, headers)).body['code'];

    expect(await refusal({ 'notion-version': '2025-09-03' })).toBe('unauthorized');
    expect(await refusal({ authorization: 'Bearer x' })).toBe('missing_version');
    expect(await refusal({ ...HEADERS, 'notion-version': '2022-06-28' })).toBe('missing_version');
    expect(await refusal(HEADERS)).toBeUndefined();
  });

  it('knows no other address', async () => {
    await using sandbox = await openSandbox();
    expect((await ask(sandbox, 'GET', '/notion/v1/databases')).body).toMatchObject({ code: 'invalid_request_url' });
  });
});
