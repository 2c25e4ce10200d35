// Finding: by words of a title over everything, and by filter in the data source. What is new is late in the search, as at Notion.
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, VendorRequest } from '../../vendor.ts';
import { dataSourceBody, listBody, pageBody } from './bodies.ts';
import { LIBRARY } from './fixtures.ts';
import { filterSchema, fits, sorted, sortSchema } from './query.ts';
import { notFound, parseBody } from './refusals.ts';
import { type Page, titleOf, withDashes, type Workspace } from './workspace.ts';

/** How long a new page is missing from the search. Notion promises nothing; a data source and a page's children know at once. */
const INDEX_DELAY_MS = 5_000;

const pagingFields = { page_size: z.int().optional(), start_cursor: z.string().optional() };
const searchSchema = z.object({
  query: z.string().default(''),
  filter: z.object({ property: z.literal('object'), value: z.enum(['page', 'data_source']) }).optional(),
  ...pagingFields,
});
const querySchema = z.object({
  filter: filterSchema.optional(),
  sorts: z.array(sortSchema).default([]),
  ...pagingFields,
});

export function searchRoutes(workspace: Workspace): Route[] {
  const body = () => dataSourceBody(workspace);
  return [
    route('POST', '/v1/search', (request) => search(workspace, request)),
    route('GET', '/v1/data_sources/:id', (_, id) => onLibrary(id, () => ({ status: 200, body: body() }))),
    route('POST', '/v1/data_sources/:id/query', (request, id) => onLibrary(id, () => queryLibrary(workspace, request))),
  ];
}

function onLibrary(id: string, answer: () => Answer): Answer {
  return withDashes(id) === LIBRARY.id ? answer() : notFound('data source', id);
}

function search(workspace: Workspace, { body }: VendorRequest): Answer {
  const { query, filter, ...paging } = parseBody(searchSchema, body);
  const words = query.toLowerCase().match(/[\p{L}\p{N}]{3,}/gu) ?? [];
  const score = (title: string) => words.filter((word) => title.toLowerCase().includes(word)).length;
  const results = [
    ...searchable(workspace),
    { title: LIBRARY.title, at: workspace.openedAt, body: dataSourceBody(workspace) },
  ]
    .filter((each) => filter === undefined || each.body.object === filter.value)
    .filter((each) => query.trim() === '' || score(each.title) > 0)
    .toSorted((a, b) => score(b.title) - score(a.title) || b.at - a.at);
  const bodies = results.map((each) => each.body);
  return { status: 200, body: listBody(bodies, paging, 'page_or_data_source') };
}

function searchable({ pages, clock }: Workspace) {
  const known = [...pages.values()].filter(
    ({ inTrash, createdAt }) => !inTrash && createdAt <= clock.now() - INDEX_DELAY_MS,
  );
  return known.map((page) => ({ title: titleOf(page), at: page.editedAt, body: pageBody(page) }));
}

function queryLibrary({ pages }: Workspace, { body }: VendorRequest): Answer {
  const { filter, sorts, ...paging } = parseBody(querySchema, body);
  const isRow = ({ parent, inTrash }: Page) => parent.type === 'data_source_id' && !inTrash;
  const rows = [...pages.values()].filter((page) => isRow(page) && (filter === undefined || fits(filter, page)));
  return { status: 200, body: listBody(sorted(rows, sorts).map(pageBody), paging, 'page_or_data_source') };
}
