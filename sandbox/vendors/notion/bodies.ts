// Notion's JSON for pages, blocks, data sources and lists. Pure.
import type { VendorRequest } from '../../vendor.ts';
import { LIBRARY } from './fixtures.ts';
import { invalid } from './refusals.ts';
import { richTextOf } from './rich-text.ts';
import { type Block, type Page, type PropertyValue, titleOf, type Workspace } from './workspace.ts';

const BOT = { object: 'user', id: '7d9c5b1e-2f38-4a6b-9c0d-5e4f3a2b1c00' };
const iso = (at: number) => new Date(at).toISOString();

/** Notion names a property by a short id, and the title of any page `title`. */
const PROPERTY_IDS: Readonly<Record<string, string>> = { Topic: 'k%3Fa1', Summary: 'Zq%5Eb', Published: 'w%7Bc2' };

export function pageBody(page: Page) {
  const properties = Object.entries(page.properties).map(([name, value]) => [name, propertyBody(name, value)] as const);
  return {
    object: 'page',
    id: page.id,
    created_time: iso(page.createdAt),
    last_edited_time: iso(page.editedAt),
    created_by: BOT,
    last_edited_by: BOT,
    cover: null,
    icon: null,
    parent: page.parent,
    archived: page.inTrash,
    in_trash: page.inTrash,
    is_locked: false,
    properties: Object.fromEntries(properties),
    url: `https://www.notion.so/${slugOf(titleOf(page))}-${page.id.replaceAll('-', '')}`,
    public_url: null,
  };
}

function propertyBody(name: string, value: PropertyValue) {
  return { id: value.type === 'title' ? 'title' : PROPERTY_IDS[name], ...value };
}

function slugOf(title: string): string {
  return title.replaceAll(/[^A-Za-z0-9]+/g, '-').replaceAll(/^-|-$/g, '');
}

export function blockBody({ id, type, text }: Block, page: Page) {
  return { ...blockFrame(page, id, type), has_children: false, [type]: { rich_text: text, color: 'default' } };
}

/** A page as its parent page shows it: a block with the same id. */
export function childPageBody(page: Page) {
  const frame = blockFrame(page, page.id, 'child_page');
  return { ...frame, has_children: page.blocks.length > 0, child_page: { title: titleOf(page) } };
}

function blockFrame({ createdAt, editedAt, inTrash, ...page }: Page, id: string, type: string) {
  const parent = type === 'child_page' ? page.parent : { type: 'page_id', page_id: page.id };
  const times = { created_time: iso(createdAt), last_edited_time: iso(editedAt) };
  const people = { created_by: BOT, last_edited_by: BOT };
  return { object: 'block', id, parent, ...times, ...people, archived: inTrash, in_trash: inTrash, type };
}

export function dataSourceBody({ openedAt }: Workspace) {
  return {
    object: 'data_source',
    id: LIBRARY.id,
    created_time: iso(openedAt),
    last_edited_time: iso(openedAt),
    created_by: BOT,
    last_edited_by: BOT,
    parent: { type: 'database_id', database_id: LIBRARY.databaseId },
    title: richTextOf(LIBRARY.title),
    description: [],
    archived: false,
    in_trash: false,
    url: `https://www.notion.so/${LIBRARY.databaseId.replaceAll('-', '')}`,
    properties: {
      Name: { id: 'title', name: 'Name', type: 'title', title: {} },
      Topic: {
        id: PROPERTY_IDS['Topic'],
        name: 'Topic',
        type: 'select',
        select: { options: LIBRARY.topics.map((name) => ({ name })) },
      },
      Summary: { id: PROPERTY_IDS['Summary'], name: 'Summary', type: 'rich_text', rich_text: {} },
      Published: { id: PROPERTY_IDS['Published'], name: 'Published', type: 'date', date: {} },
    },
  };
}

const MAX_PAGE_SIZE = 100;

/** One page of a list; a cursor is the place to go on from. `of` is what Notion calls the kind of thing listed. */
export function listBody<T>(items: readonly T[], paging: { page_size?: number; start_cursor?: string }, of: string) {
  const { page_size = MAX_PAGE_SIZE, start_cursor = '0' } = paging;
  if (page_size < 1 || page_size > MAX_PAGE_SIZE)
    invalid(`body failed validation: body.page_size should be 1 to ${MAX_PAGE_SIZE}`);
  if (!/^\d+$/.test(start_cursor)) invalid('The start_cursor provided is invalid');
  const start = Number(start_cursor);
  const has_more = start + page_size < items.length;
  const next_cursor = has_more ? String(start + page_size) : null;
  return { object: 'list', results: items.slice(start, start + page_size), next_cursor, has_more, type: of, [of]: {} };
}

export function pagingOf({ query }: VendorRequest): { page_size?: number; start_cursor?: string } {
  const size = query.get('page_size');
  return { page_size: size === null ? undefined : Number(size), start_cursor: query.get('start_cursor') ?? undefined };
}
