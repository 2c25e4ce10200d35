// Notion's adapter against the double of its API.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../src/kernel/index.ts';
import { notion } from '../../src/tools/notion.ts';
import { HUB_ID, LIBRARY } from '../../sandbox/vendors/notion/fixtures.ts';
import { KEY, openSandboxWorld, type Call, type SandboxWorld } from './sandbox-world.ts';

const onPage: Call = {
  action: 'create_page',
  args: { parent_page_id: HUB_ID, title: 'Spring brief', content: '# Why\nBecause.\n\n- one\n- two' },
};
const inLibrary: Call = {
  action: 'create_page',
  args: {
    data_source_id: LIBRARY.id,
    title: 'Spring study',
    properties: {
      Topic: { select: { name: 'Audience' } },
      Summary: { rich_text: [{ text: { content: 'In short' } }] },
    },
  },
};

const openWorld = () => openSandboxWorld(notion);

const results = z.object({
  results: z.array(z.object({ id: z.string(), object: z.string(), title: z.string() })),
  has_more: z.boolean(),
});
const titles = async (world: SandboxWorld, call: Call) =>
  results.parse(await world.done(call)).results.map(({ title }) => title);
const search = (args: JsonObject): Call => ({ action: 'search_database', args });
const query = (args: JsonObject): Call => ({ action: 'query_database', args: { data_source_id: LIBRARY.id, ...args } });

describe('search_database', () => {
  it('finds what the words of a question are about, with what the pages hold', async () => {
    await using world = await openWorld();

    const found = await world.done(search({ query: 'Operations leads who plan logistics crews by spreadsheet' }));

    expect(found).toMatchObject({ has_more: false });
    expect(found).toHaveProperty(
      'results',
      expect.arrayContaining([
        expect.objectContaining({
          object: 'page',
          title: 'Interviews: twelve operations leads in logistics',
          properties: expect.objectContaining({ Topic: 'Audience', Published: '2026-09-18' }),
        }),
      ]),
    );
  });

  it('finds only pages or only data sources when asked', async () => {
    await using world = await openWorld();

    expect(await titles(world, search({ query: 'research', filter: 'data_source' }))).toEqual(['Research library']);
    expect(await titles(world, search({ query: 'research', filter: 'page' }))).toEqual(['Marketing research hub']);
  });

  it('answers no more than asked for and says that there is more', async () => {
    await using world = await openWorld();
    expect(results.parse(await world.done(search({ query: '', limit: 2 })))).toMatchObject({
      results: [{}, {}],
      has_more: true,
    });
  });
});

describe('query_database', () => {
  it('filters and sorts as Notion does', async () => {
    await using world = await openWorld();
    const filter = { property: 'Topic', select: { equals: 'Audience' } };
    const sorts = [{ property: 'Published', direction: 'ascending' }];

    expect(await titles(world, query({ filter, sorts }))).toEqual([
      'Why crews and berths are still scheduled by spreadsheet',
      'Interviews: twelve operations leads in logistics',
    ]);
  });

  it('reads on over pages of a hundred', async () => {
    await using world = await openWorld();
    for (let index = 0; index < 98; index++)
      await world.done({ ...inLibrary, args: { ...inLibrary.args, title: `Study ${index}` }, key: `k${index}` });

    const all = results.parse(await world.done(query({ limit: 500 })));
    const some = results.parse(await world.done(query({ limit: 101 })));

    expect(all).toMatchObject({ has_more: false });
    expect(new Set(all.results.map(({ id }) => id)).size).toBe(102);
    expect(some.results).toEqual(all.results.slice(0, 101));
    expect(some.has_more).toBe(true);
  });

  it("says in Notion's words what is wrong", async () => {
    await using world = await openWorld();
    const wrong = { filter: { property: 'Mood', select: { equals: 'good' } } };

    expect(await world.call(query(wrong))).toMatchObject({
      error: { code: 'NOTION_400', message: expect.stringContaining('Mood'), retryable: false },
    });
    expect(await world.call({ action: 'query_database', args: { data_source_id: 'nowhere' } })).toMatchObject({
      error: { code: 'NOTION_404', message: expect.stringContaining('shared with your integration') },
    });
  });
});

describe('get_page', () => {
  it('reads properties and text', async () => {
    await using world = await openWorld();
    const { id = null } = await world.done(inLibrary);

    expect(await world.done({ action: 'get_page', args: { page_id: id } })).toMatchObject({
      title: 'Spring study',
      properties: { Topic: 'Audience', Summary: 'In short', Published: null },
      content: `Breakwater-Key: ${KEY}`,
      in_trash: false,
      truncated: false,
    });
  });
});

describe('create_page', () => {
  it('writes headings, lists and paragraphs, and a last line with the key', async () => {
    await using world = await openWorld();

    const made = await world.done(onPage);

    expect(made).toMatchObject({ title: 'Spring brief', url: expect.stringContaining('notion.so/Spring-brief-') });
    const content = `Why\nBecause.\none\ntwo\nBreakwater-Key: ${KEY}`;
    expect(await world.standing()).toMatchObject([{ kind: 'page', id: made['id'], data: { content } }]);
    const sent = (await world.calls()).findLast(({ path }) => path === '/v1/pages');
    expect(z.object({ children: z.array(z.object({ type: z.string() })) }).parse(sent?.body).children).toMatchObject([
      { type: 'heading_1' },
      { type: 'paragraph' },
      { type: 'bulleted_list_item' },
      { type: 'bulleted_list_item' },
      { type: 'paragraph' },
    ]);
  });

  it.each(['x', '🌱'])('cuts a paragraph of 5000 "%s" into pieces that Notion takes', async (letter) => {
    await using world = await openWorld();

    const { id = null } = await world.done({ ...onPage, args: { ...onPage.args, content: letter.repeat(5_000) } });

    expect(await world.done({ action: 'get_page', args: { page_id: id } })).toMatchObject({
      content: `${letter.repeat(5_000)}\nBreakwater-Key: ${KEY}`,
    });
  });

  it.each([
    ['a hundred lines', { content: 'x\n'.repeat(100) }, 'fewer than 100 lines'],
    ['two parents', { data_source_id: LIBRARY.id }, 'either parent_page_id or data_source_id'],
    ['no parent', { parent_page_id: null }, 'parent_page_id'],
  ])('refuses %s before asking Notion', async (_, more, reason) => {
    await using world = await openWorld();
    expect(await world.call({ ...onPage, args: { ...onPage.args, ...more } })).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining(reason) },
    });
    expect(await world.calls()).toEqual([]);
  });

  it.each([
    ['under a page', onPage],
    ['in a data source', inLibrary],
  ])('%s makes one page when the answer is lost, though the search does not know it yet', async (_, create) => {
    await using world = await openWorld();
    await world.fault({ match: { method: 'POST', path: '/v1/pages' }, fault: 'reset_after_effect', times: 1 });

    const first = await world.call(create);
    const found = await titles(world, search({ query: 'Spring' }));
    const second = await world.call({ ...create, suspect: true });

    expect(first).toMatchObject({ ok: false, error: { code: 'NOTION_NO_ANSWER', unknown: true } });
    expect(found).toEqual([]);
    const pages = await world.created();
    expect(pages).toHaveLength(1);
    expect(second).toMatchObject({ ok: true, value: { id: pages[0]?.id } });
  });

  it('takes a page of the same title for its own only by the key', async () => {
    await using world = await openWorld();

    const first = await world.done({ ...onPage, key: 'c3'.repeat(20) });
    const second = await world.done({ ...onPage, suspect: true });

    expect(second['id']).not.toBe(first['id']);
    expect(await world.probe(onPage)).toEqual({ found: 'effect', value: second });
  });

  it('cannot look when its parent cannot be read, and leaves the doubt', async () => {
    await using world = await openWorld();
    await world.fault({ match: { method: 'GET' }, fault: 'status', status: 404, times: 1 });

    expect(await world.call({ ...onPage, suspect: true })).toMatchObject({
      error: { code: 'NOTION_404', retryable: true, unknown: true },
    });
    expect(await world.created()).toEqual([]);
  });

  it('is surely not there when the look finds nothing and Notion refuses', async () => {
    await using world = await openWorld();
    await world.fault({ match: { path: '/v1/pages' }, fault: 'status', status: 400, times: 1 });

    expect(await world.call({ ...inLibrary, suspect: true })).toMatchObject({
      error: { code: 'NOTION_400', retryable: false, unknown: false },
    });
  });

  it.each([
    [409, {}, { kind: 'theirs', retryable: true, unknown: false }],
    [429, { 'retry-after': '2' }, { kind: 'rate_limit', retryable: true, retryAfterMs: 2_000, unknown: false }],
    [401, {}, { kind: 'ours', retryable: false, unknown: false }],
    [503, {}, { kind: 'theirs', retryable: true, unknown: true }],
  ])('takes %i as Notion means it', async (status, headers, error) => {
    await using world = await openWorld();
    await world.fault({ fault: 'status', status, headers, times: 1 });
    expect(await world.call(onPage)).toMatchObject({ ok: false, error });
  });
});

describe('archive_page', () => {
  it.each([
    ['under a page', onPage],
    ['in a data source', inLibrary],
  ])('undoes a page %s once or twice, known or unknown', async (_, create) => {
    await using world = await openWorld();
    const undone = { ...create, undoAction: 'archive_page' };

    expect(await world.undo(undone)).toEqual({ ok: true, value: { archived: false } });
    const result = await world.done(create);
    expect(await world.undo({ ...undone, result })).toEqual({ ok: true, value: { archived: true } });
    expect(await world.undo({ ...undone, result })).toEqual({ ok: true, value: { archived: false } });
    await world.done({ ...create, suspect: true });
    expect(await world.undo(undone)).toEqual({ ok: true, value: { archived: true } });
    expect(await world.undo(undone)).toEqual({ ok: true, value: { archived: false } });
    expect(await world.created()).toHaveLength(2);
    expect(await world.standing()).toEqual([]);
  });

  it('is content with a page that is gone', async () => {
    await using world = await openWorld();
    const page_id = '11111111-1111-4111-8111-111111111111';
    expect(await world.done({ action: 'archive_page', args: { page_id } })).toEqual({ archived: false });
  });

  it('asks for a page or for all that finds one', async () => {
    await using world = await openWorld();
    const args = { parent_page_id: HUB_ID, title: 'Spring brief' };
    expect(await world.call({ action: 'archive_page', args })).toMatchObject({
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('created_by') },
    });
  });
});
