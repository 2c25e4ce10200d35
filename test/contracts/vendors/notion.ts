// Notion's contract. https://developers.notion.com/reference
import { expect } from 'vitest';
import { z } from 'zod';
import { HUB_ID, LIBRARY } from '../../../sandbox/vendors/notion/fixtures.ts';
import { notion as tool } from '../../../src/tools/notion.ts';
import { CREDENTIAL, type Act, type VendorContract } from '../contract.ts';
import { openApi } from '../descriptions.ts';

const KEY = '2f'.repeat(20);
const content = '# Spring\nA paragraph';
const page: Act = { action: 'create_page', args: { parent_page_id: HUB_ID, title: 'Spring', content }, key: KEY };
const row: Act = {
  action: 'create_page',
  args: {
    data_source_id: LIBRARY.id,
    title: 'Spring',
    content,
    properties: { Topic: { select: { name: 'Audience' } } },
  },
  key: KEY,
};
const aPage = {
  kind: 'page',
  data: { title: 'Spring', content: `Spring\nA paragraph\nBreakwater-Key: ${KEY}` },
};
const made = { id: expect.any(String), url: expect.stringMatching(/^http/), title: 'Spring' };

const QUERY = `POST /v1/data_sources/${LIBRARY.id}/query`;
const HUB_CHILDREN = `GET /v1/blocks/${HUB_ID}/children?page_size=100`;
const CHILDREN = 'GET /v1/blocks/<page>/children?page_size=100';

const text = z.string().min(1);
const paging = { page_size: z.int().min(1).max(100), start_cursor: text.optional() };
const richText = z.array(z.strictObject({ type: z.literal('text'), text: z.strictObject({ content: text }) })).min(1);
const block = z.looseObject({ object: z.literal('block'), type: text });
const parent = z.union([
  z.strictObject({ type: z.literal('page_id'), page_id: z.uuid() }),
  z.strictObject({ type: z.literal('data_source_id'), data_source_id: z.uuid() }),
]);

export const notion: VendorContract = {
  tool,
  headers: { authorization: `Bearer ${CREDENTIAL}`, 'notion-version': '2025-09-03' },
  // The description types blocks as strings and knows no data source as a parent.
  describe: () =>
    openApi('notion.json', { lapses: [/^\/requestBody\/(?:children\/\d+ must be string|parent(?:\/type)? must )/] }),
  // "Conflict" is a collision with another write, and nothing was written.
  statuses: { 409: { kind: 'theirs', retryable: true } },
  operations: [
    {
      route: 'POST /v1/search',
      body: z.strictObject({
        query: z.string(),
        filter: z.strictObject({ property: z.literal('object'), value: z.enum(['page', 'data_source']) }).optional(),
        ...paging,
      }),
      looks: true,
    },
    {
      route: 'POST /v1/data_sources/{data_source_id}/query',
      body: z.strictObject({
        filter: z.looseObject({ property: text }).optional(),
        sorts: z.array(z.looseObject({ direction: text })).optional(),
        ...paging,
      }),
      looks: true,
    },
    { route: 'GET /v1/pages/{page_id}' },
    {
      route: 'POST /v1/pages',
      body: z.strictObject({
        parent,
        properties: z.looseObject({ title: z.strictObject({ title: richText }) }),
        children: z.array(block).min(1).max(100),
      }),
      optional: { 'properties.Topic': 'a row need not be filled in' },
    },
    { route: 'PATCH /v1/pages/{page_id}', body: z.strictObject({ in_trash: z.boolean() }) },
    { route: 'GET /v1/blocks/{block_id}/children' },
  ],
  cases: [
    {
      title: 'by words of the title',
      action: 'search_database',
      args: { query: 'logistics', filter: 'page', limit: 1 },
      sends: ['POST /v1/search'],
      answers: { results: [{ object: 'page', title: expect.stringMatching(/logistics/) }], has_more: true },
      leaves: [],
    },
    {
      title: 'of one kind',
      action: 'search_database',
      args: { query: '', filter: 'data_source' },
      sends: ['POST /v1/search'],
      answers: { results: [{ object: 'data_source', id: LIBRARY.id }], has_more: false },
      leaves: [],
    },
    {
      title: 'sorted',
      action: 'query_database',
      args: { data_source_id: LIBRARY.id, sorts: [{ property: 'Name', direction: 'descending' }], limit: 1 },
      sends: [QUERY],
      answers: { results: [{ title: expect.stringMatching(/^Why crews/) }], has_more: true },
      leaves: [],
    },
    {
      title: 'filtered',
      action: 'query_database',
      args: { data_source_id: LIBRARY.id, filter: { property: 'Topic', select: { equals: 'Competitors' } } },
      sends: [QUERY],
      answers: { results: [{ title: expect.stringMatching(/^Competitor watch/) }], has_more: false },
      leaves: [],
    },
    {
      title: 'with its text',
      action: 'get_page',
      args: { page_id: HUB_ID },
      sends: [`GET /v1/pages/${HUB_ID}`, HUB_CHILDREN],
      answers: { id: HUB_ID, title: 'Marketing research hub', content: expect.stringMatching(/^Everything we know/) },
      leaves: [],
    },
    { ...page, title: 'under a page', sends: ['POST /v1/pages'], answers: made, leaves: [aPage] },
    { ...row, title: 'in a data source', sends: ['POST /v1/pages'], answers: made, leaves: [aPage] },
    {
      ...page,
      title: 'done before, under a page',
      suspect: true,
      after: [page],
      sends: [HUB_CHILDREN, CHILDREN, 'GET /v1/pages/<page>'],
      answers: made,
      leaves: [aPage],
    },
    {
      ...row,
      title: 'done before, in a data source',
      suspect: true,
      after: [row],
      sends: [QUERY, CHILDREN, 'GET /v1/pages/<page>'],
      answers: made,
      leaves: [aPage],
    },
    {
      title: 'by its id',
      action: 'archive_page',
      args: ([created]) => ({ page_id: created?.['id'] ?? '' }),
      after: [page],
      sends: ['GET /v1/pages/<page>', 'PATCH /v1/pages/<page>'],
      answers: { archived: true },
      repeated: { archived: expect.any(Boolean) },
      gone: { 0: { archived: false } },
      leaves: [],
    },
    {
      title: 'by its key',
      action: 'archive_page',
      args: { data_source_id: LIBRARY.id, title: 'Spring', created_by: KEY },
      after: [row],
      sends: [QUERY, CHILDREN, 'GET /v1/pages/<page>', 'PATCH /v1/pages/<page>'],
      answers: { archived: true },
      leaves: [],
    },
  ],
};
