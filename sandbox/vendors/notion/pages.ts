// Pages: created under a page or in the data source, read with their blocks, changed, moved to the trash and back.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, VendorRequest } from '../../vendor.ts';
import { blockBody, childPageBody, listBody, pageBody, pagingOf } from './bodies.ts';
import { LIBRARY } from './fixtures.ts';
import { invalid, notFound, parseBody } from './refusals.ts';
import { richTextSchema } from './rich-text.ts';
import {
  type Block,
  findPage,
  holdsPage,
  ledgerData,
  type Page,
  type Parent,
  type PropertyValue,
  underLibrary,
  withDashes,
  type Workspace,
} from './workspace.ts';

const parentSchema = z.union([
  z.object({ type: z.literal('page_id').optional(), page_id: z.string() }),
  z.object({ type: z.literal('data_source_id').optional(), data_source_id: z.string() }),
]);
const valueSchema = z.union([
  z.object({ title: richTextSchema }).transform(({ title }): PropertyValue => ({ type: 'title', title })),
  z.object({ rich_text: richTextSchema }).transform((value): PropertyValue => ({ type: 'rich_text', ...value })),
  z
    .object({ select: z.object({ name: z.string().min(1) }).nullable() })
    .transform((value): PropertyValue => ({ type: 'select', ...value })),
  z
    .object({ date: z.object({ start: z.string(), end: z.string().nullable().default(null) }).nullable() })
    .transform((value): PropertyValue => ({ type: 'date', ...value })),
]);
const TEXT_BLOCKS = ['paragraph', 'heading_1', 'heading_2', 'heading_3', 'bulleted_list_item'] as const;
const blockSchema = z.looseObject({ object: z.literal('block').optional(), type: z.enum(TEXT_BLOCKS) });
const propertiesSchema = z.record(z.string(), valueSchema);
const createSchema = z.object({
  parent: parentSchema,
  properties: propertiesSchema,
  children: z.array(blockSchema).max(100).default([]),
});
const changeSchema = z.object({
  properties: propertiesSchema.default({}),
  in_trash: z.boolean().optional(),
  archived: z.boolean().optional(),
});

export function pageRoutes(workspace: Workspace): Route[] {
  return [
    route('POST', '/v1/pages', (request) => createPage(workspace, request)),
    route('GET', '/v1/pages/:id', (_, id) => ({ status: 200, body: pageBody(findPage(workspace, id)) })),
    route('PATCH', '/v1/pages/:id', (request, id) => changePage(workspace, request, id)),
    route('GET', '/v1/blocks/:id/children', (request, id) => listChildren(workspace, request, id)),
  ];
}

function createPage(workspace: Workspace, { body }: VendorRequest): Answer {
  const wanted = parseBody(createSchema, body);
  const parent = findParent(workspace, wanted.parent);
  const at = workspace.clock.now();
  const page: Page = {
    id: randomUUID(),
    parent,
    properties: { ...blankProperties(parent), ...namedProperties(parent, wanted.properties) },
    blocks: wanted.children.map(blockOf),
    inTrash: false,
    createdAt: at,
    editedAt: at,
  };
  workspace.pages.set(page.id, page);
  workspace.holds.set(page.id, workspace.ledger.created('page', page.id, ledgerData(page)));
  return { status: 200, body: pageBody(page) };
}

function findParent(workspace: Workspace, wanted: z.infer<typeof parentSchema>): Parent {
  if ('data_source_id' in wanted) {
    const id = wanted.data_source_id;
    return withDashes(id) === LIBRARY.id ? underLibrary : notFound('data source', id);
  }
  const page = findPage(workspace, wanted.page_id);
  if (page.inTrash) return refuseTrashed();
  return { type: 'page_id', page_id: page.id };
}

function blankProperties(parent: Parent): Record<string, PropertyValue> {
  if (parent.type !== 'data_source_id') return { title: { type: 'title', title: [] } };
  return {
    Name: { type: 'title', title: [] },
    Topic: { type: 'select', select: null },
    Summary: { type: 'rich_text', rich_text: [] },
    Published: { type: 'date', date: null },
  };
}

/** Under their names, of the right type; `title` is the id of every page's title. */
function namedProperties(
  parent: Parent,
  given: Readonly<Record<string, PropertyValue>>,
): Record<string, PropertyValue> {
  const known = blankProperties(parent);
  const titleName = parent.type === 'data_source_id' ? 'Name' : 'title';
  return Object.fromEntries(
    Object.entries(given).map(([key, value]) => {
      const name = key === 'title' ? titleName : key;
      const expected = known[name] ?? invalid(`${key} is not a property that exists.`);
      if (expected.type !== value.type) invalid(`${key} is expected to be ${expected.type}.`);
      return [name, value];
    }),
  );
}

function blockOf(given: z.infer<typeof blockSchema>): Block {
  const { rich_text } = parseBody(z.object({ rich_text: richTextSchema }), z.json().parse(given[given.type] ?? {}));
  return { id: randomUUID(), type: given.type, text: rich_text };
}

function changePage(workspace: Workspace, { body }: VendorRequest, id: string): Answer {
  const page = findPage(workspace, id);
  const changes = parseBody(changeSchema, body);
  const inTrash = changes.in_trash ?? changes.archived ?? page.inTrash;
  if (page.inTrash && inTrash) return refuseTrashed();
  const properties = { ...page.properties, ...namedProperties(page.parent, changes.properties) };
  const changed: Page = { ...page, properties, inTrash, editedAt: workspace.clock.now() };
  workspace.pages.set(page.id, changed);
  record(workspace, page, changed);
  return { status: 200, body: pageBody(changed) };
}

function record({ holds }: Workspace, before: Page, after: Page): void {
  const hold = holds.get(after.id);
  if (after.inTrash) hold?.removed(ledgerData(after));
  else if (before.inTrash) hold?.restored(ledgerData(after));
  else hold?.updated(ledgerData(after));
}

function refuseTrashed(): never {
  return invalid("Can't edit block that is archived. You must unarchive the block before editing.");
}

/** What a page holds: its text, then the pages under it that are not in the trash. */
function listChildren(workspace: Workspace, request: VendorRequest, id: string): Answer {
  const page = findPage(workspace, id);
  const under = [...workspace.pages.values()].filter((each) => holdsPage(each.parent, page.id) && !each.inTrash);
  const children = [...page.blocks.map((each) => blockBody(each, page)), ...under.map(childPageBody)];
  return { status: 200, body: listBody(children, pagingOf(request), 'block') };
}
