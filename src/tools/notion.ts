// Notion's API: search, data sources, pages. https://developers.notion.com/reference (search, query-a-data-source, post-page, patch-page)
import { z } from 'zod';
import type { Failure, Json } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import type { Tool, ToolCall } from './tool.ts';

const pagePath = (id: string) => ['v1', 'pages', id];
const childrenPath = (id: string) => ['v1', 'blocks', id, 'children'];
const queryPath = (id: string) => ['v1', 'data_sources', id, 'query'];

// --- What Notion answers, made plain

const richText = z.array(z.object({ plain_text: z.string() })).transform((parts) => parts.map(plainText).join(''));
const plainText = ({ plain_text }: { plain_text: string }) => plain_text;

const option = z.object({ name: z.string() }).transform(({ name }) => name);
const date = z
  .object({ start: z.string(), end: z.string().nullish() })
  .transform(({ start, end }) => (end ? `${start}/${end}` : start));

type Value = string | number | boolean | null | string[];

/** The kinds of property that have a plain value; relations, formulas and the like are left out. */
const VALUES: Readonly<Record<string, z.ZodType<Value>>> = {
  title: richText,
  rich_text: richText,
  number: z.number().nullable(),
  select: option.nullable(),
  status: option.nullable(),
  multi_select: z.array(option),
  date: date.nullable(),
  checkbox: z.boolean(),
  url: z.string().nullable(),
  email: z.string().nullable(),
  phone_number: z.string().nullable(),
  created_time: z.string(),
  last_edited_time: z.string(),
};

const typed = z.looseObject({ type: z.string() });
type Typed = z.infer<typeof typed>;

function valueOf(property: Typed): Value | undefined {
  return VALUES[property.type]?.safeParse(property[property.type]).data;
}

const page = z.object({
  object: z.literal('page'),
  id: z.string(),
  url: z.string(),
  last_edited_time: z.string(),
  in_trash: z.boolean(),
  properties: z.record(z.string(), typed),
});
type Page = z.infer<typeof page>;

const dataSource = z.object({
  object: z.literal('data_source'),
  id: z.string(),
  url: z.string().nullish(),
  last_edited_time: z.string(),
  title: richText,
});

function titleOf({ properties }: Page): string {
  const title = Object.values(properties).find(({ type }) => type === 'title');
  return title ? String(valueOf(title)) : '';
}

function plainProperties({ properties }: Page): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) => {
      const value = property.type === 'title' ? undefined : valueOf(property);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}

const block = z.looseObject({ id: z.string(), type: z.string() });
type Block = z.infer<typeof block>;

function textOf(each: Block): string {
  return z.object({ rich_text: richText }).safeParse(each[each.type]).data?.rich_text ?? '';
}

// --- Lists, a page of results at a time

const MAX_PAGE_SIZE = 100;

const listOf = <T>(item: z.ZodType<T>) =>
  z.object({ results: z.array(item), has_more: z.boolean(), next_cursor: z.string().nullable() });
type List<T> = z.infer<ReturnType<typeof listOf<T>>>;

type FetchList<T> = (paging: { page_size: number; start_cursor?: string }) => Promise<List<T>>;

/** As many as asked for, and whether there are more. */
async function take<T>(limit: number, fetch: FetchList<T>): Promise<{ items: T[]; has_more: boolean }> {
  const items: T[] = [];
  let start_cursor: string | undefined;
  do {
    const list = await fetch({ page_size: Math.min(limit - items.length, MAX_PAGE_SIZE), start_cursor });
    items.push(...list.results);
    start_cursor = list.has_more ? (list.next_cursor ?? undefined) : undefined;
  } while (start_cursor !== undefined && items.length < limit);
  return { items, has_more: start_cursor !== undefined };
}

function childrenOf(call: ToolCall, id: string): FetchList<Block> {
  return (query) => call.http.request('GET', childrenPath(id), { query, expect: listOf(block) });
}

const limit = z.int().min(1).max(500).default(20);

// --- Search and query

const searchResult = z.object({
  object: z.enum(['page', 'data_source']),
  id: z.string(),
  title: z.string(),
  url: z.string().nullable(),
  last_edited_time: z.string(),
  properties: z.record(z.string(), z.json()).describe('What a page holds beside its title'),
});
type SearchResult = z.infer<typeof searchResult>;

function plainResult(found: Page | z.infer<typeof dataSource>): SearchResult {
  const { object, id, url = null, last_edited_time } = found;
  if (found.object === 'data_source') return { object, id, title: found.title, url, last_edited_time, properties: {} };
  return { object, id, title: titleOf(found), url, last_edited_time, properties: plainProperties(found) };
}

const resultsOutput = z.object({
  results: z.array(searchResult),
  has_more: z.boolean().describe('There are more than limit'),
});

const searchDatabase = defineAction({
  description: 'Searches the titles of the pages and data sources that are shared with the integration.',
  input: z.strictObject({
    query: z.string().describe('Words of the title; empty finds all'),
    filter: z.enum(['page', 'data_source']).optional().describe('Only the one or the other'),
    limit,
  }),
  output: resultsOutput,
  effect: false,
  keyedBy: 'none',
  async run(call, input) {
    const filter = input.filter && { property: 'object', value: input.filter };
    const expect = listOf(z.discriminatedUnion('object', [page, dataSource]));
    const { items, has_more } = await take(input.limit, (paging) =>
      call.http.request('POST', ['v1', 'search'], {
        json: { query: input.query, filter, ...paging },
        changes: false,
        expect,
      }),
    );
    return { results: items.map(plainResult), has_more };
  },
});

interface Query {
  readonly filter?: Readonly<Record<string, Json>>;
  readonly sorts?: readonly Readonly<Record<string, Json>>[];
}

function rowsOf(call: ToolCall, id: string, query: Query): FetchList<Page> {
  return (paging) =>
    call.http.request('POST', queryPath(id), { json: { ...query, ...paging }, changes: false, expect: listOf(page) });
}

const queryDatabase = defineAction({
  description: 'Reads the pages of a data source, filtered and sorted as Notion filters and sorts.',
  input: z.strictObject({
    data_source_id: z.string().min(1).describe('What search_database finds; a database holds one or more'),
    filter: z.record(z.string(), z.json()).optional().describe('e.g. {property: Topic, select: {equals: Audience}}'),
    sorts: z.array(z.record(z.string(), z.json())).optional().describe('e.g. [{property: Name, direction: ascending}]'),
    limit,
  }),
  output: resultsOutput,
  effect: false,
  keyedBy: 'none',
  async run(call, { data_source_id, filter, sorts, limit: wanted }) {
    const { items, has_more } = await take(wanted, rowsOf(call, data_source_id, { filter, sorts }));
    return { results: items.map(plainResult), has_more };
  },
});

const MAX_BLOCKS_READ = 500;

const getPage = defineAction({
  description: 'Reads a page: its properties, and its text without what is nested in other blocks.',
  input: z.strictObject({ page_id: z.string().min(1) }),
  output: searchResult.extend({ in_trash: z.boolean(), content: z.string(), truncated: z.boolean() }),
  effect: false,
  keyedBy: 'none',
  async run(call, { page_id }) {
    const found = await call.http.request('GET', pagePath(page_id), { expect: page });
    const { items, has_more } = await take(MAX_BLOCKS_READ, childrenOf(call, page_id));
    const content = items.map(textOf).join('\n').trim();
    return { ...plainResult(found), in_trash: found.in_trash, content, truncated: has_more };
  },
});

// --- Writing pages

// Notion takes no more of either in one request.
const MAX_BLOCKS = 100;
const MAX_TEXT_LENGTH = 2_000;

const MARKS: readonly (readonly [mark: string, type: string])[] = [
  ['### ', 'heading_3'],
  ['## ', 'heading_2'],
  ['# ', 'heading_1'],
  ['- ', 'bulleted_list_item'],
];

function blocksOf(content: string) {
  const lines = content.split(/\n+/).filter((line) => line.trim() !== '');
  return lines.map((line) => {
    const [mark, type] = MARKS.find(([start]) => line.startsWith(start)) ?? ['', 'paragraph'];
    return textBlock(type, line.slice(mark.length));
  });
}

function textBlock(type: string, text: string) {
  return { object: 'block', type, [type]: { rich_text: textParts(text) } };
}

function textParts(text: string) {
  // Notion counts UTF-16 units; a character takes two at most and is never cut.
  const parts = text.match(new RegExp(`[^]{1,${MAX_TEXT_LENGTH / 2}}`, 'gu')) ?? [];
  return parts.map((content) => ({ type: 'text', text: { content } }));
}

// Notion has no idempotency key, and what was just created may be missing from its search for a while. So a page ends with a line
// that holds our key, and is found again by it among what its parent holds under that title.
const keyLine = (key: string) => `Breakwater-Key: ${key}`;

const placeFields = {
  parent_page_id: z.string().min(1).optional().describe('The page to put it under'),
  data_source_id: z.string().min(1).optional().describe('Or the data source to put it in'),
};

interface Place {
  readonly parent_page_id?: string;
  readonly data_source_id?: string;
}

function hasOnePlace({ parent_page_id, data_source_id }: Place): boolean {
  return (parent_page_id === undefined) !== (data_source_id === undefined);
}

function parentOf({ parent_page_id, data_source_id }: Place) {
  return parent_page_id === undefined
    ? { type: 'data_source_id', data_source_id }
    : { type: 'page_id', page_id: parent_page_id };
}

async function findByKey(call: ToolCall, place: Place, title: string, key: string): Promise<Page | undefined> {
  for (const id of await namesakes(call, place, title)) {
    const { items } = await take(MAX_BLOCKS, childrenOf(call, id));
    if (items.some((each) => textOf(each) === keyLine(key)))
      return await call.http.find(pagePath(id), { expect: page });
  }
  return undefined;
}

/** The pages of that title in the place, trash excepted. */
async function namesakes(call: ToolCall, { parent_page_id, data_source_id }: Place, title: string): Promise<string[]> {
  if (parent_page_id !== undefined) {
    const { items } = await take(Infinity, childrenOf(call, parent_page_id));
    return items.filter((each) => childTitle(each) === title).map(({ id }) => id);
  }
  const filter = { property: 'title', title: { equals: title } };
  const { items } = await take(Infinity, rowsOf(call, data_source_id ?? '', { filter }));
  return items.map(({ id }) => id);
}

function childTitle({ child_page }: Block): string | undefined {
  return z.object({ title: z.string() }).safeParse(child_page).data?.title;
}

const pageInput = z
  .strictObject({
    ...placeFields,
    title: z.string().min(1).max(MAX_TEXT_LENGTH),
    content: z
      .string()
      .default('')
      .refine((content) => blocksOf(content).length < MAX_BLOCKS, `must have fewer than ${MAX_BLOCKS} lines`)
      .describe('A paragraph a line; "# ", "## ", "### " and "- " make headings and lists. A line with a key is added'),
    properties: z
      .record(z.string(), z.json())
      .default({})
      .describe("Of a data source's page, as Notion writes them: {Topic: {select: {name: Audience}}}"),
  })
  .refine(hasOnePlace, { message: 'needs either parent_page_id or data_source_id' });

const pageOutput = z.object({ id: z.string(), url: z.string(), title: z.string() });
type PageOutput = z.infer<typeof pageOutput>;

const asCreated = (made: Page): PageOutput => ({ id: made.id, url: made.url, title: titleOf(made) });

const createPage = defineAction({
  description: 'Creates a page under another page or in a data source.',
  input: pageInput,
  output: pageOutput,
  effect: true,
  idOf: ({ id }) => id,
  keyedBy: 'probe',
  async run(call, input) {
    const json = {
      parent: parentOf(input),
      // Every page calls its title so, whatever a data source names it.
      properties: { ...input.properties, title: { title: textParts(input.title) } },
      children: [...blocksOf(input.content), textBlock('paragraph', keyLine(call.key))],
    };
    return asCreated(await call.http.request('POST', ['v1', 'pages'], { json, expect: page }));
  },
  async probe(call, input) {
    const own = await findByKey(call, input, input.title, call.key);
    return own && asCreated(own);
  },
  undo: {
    archive_page: ({ input: { parent_page_id, data_source_id, title }, result, key }) =>
      result ? { page_id: result.id } : { parent_page_id, data_source_id, title, created_by: key },
  },
});

const archivePage = defineAction({
  description: 'Moves a page to the trash; content when it is there already or is gone.',
  input: z
    .strictObject({
      page_id: z.string().min(1).optional(),
      ...placeFields,
      title: z.string().min(1).optional(),
      created_by: z.string().min(1).optional().describe('With place and title: the page created under this key'),
    })
    .refine(
      (input) =>
        input.page_id !== undefined ||
        (hasOnePlace(input) && input.title !== undefined && input.created_by !== undefined),
      { message: 'needs page_id, or title, created_by and either parent_page_id or data_source_id' },
    ),
  output: z.object({ archived: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, { page_id, title = '', created_by = '', ...place }) {
    const found =
      page_id === undefined
        ? await findByKey(call, place, title, created_by)
        : await call.http.find(pagePath(page_id), { expect: page });
    // What is in the trash cannot be edited.
    if (!found || found.in_trash) return { archived: false };
    await call.http.request('PATCH', pagePath(found.id), { json: { in_trash: true }, expect: page });
    return { archived: true };
  },
});

// "Conflict" is a collision with another write, and the transaction did not happen: https://developers.notion.com/reference/status-codes
function failureOf(status: number): Partial<Failure> | undefined {
  return status === 409 ? { kind: 'theirs', retryable: true } : undefined;
}

export const notion = {
  name: 'notion',
  vendor: {
    baseUrl: 'https://api.notion.com',
    credentials: {
      names: ['NOTION_TOKEN'],
      headers: (values) => ({ authorization: `Bearer ${values['NOTION_TOKEN']}` }),
    },
    headers: { 'notion-version': '2025-09-03' },
    failureOf,
  },
  actions: {
    search_database: searchDatabase,
    query_database: queryDatabase,
    get_page: getPage,
    create_page: createPage,
    archive_page: archivePage,
  },
} satisfies Tool;
