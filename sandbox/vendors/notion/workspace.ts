// What the Notion double holds while it is open: pages, one data source, and the hold on each page's ledger entry.
import { randomUUID } from 'node:crypto';
import type { JsonObject } from '../../../src/kernel/index.ts';
import type { EntryHold, VendorLedger } from '../../ledger.ts';
import type { Surroundings } from '../../vendor.ts';
import { HUB_ID, LIBRARY, RESEARCH } from './fixtures.ts';
import { notFound } from './refusals.ts';
import { plainText, type RichText, richTextOf } from './rich-text.ts';

export type Parent =
  | { readonly type: 'workspace'; readonly workspace: true }
  | { readonly type: 'page_id'; readonly page_id: string }
  | { readonly type: 'data_source_id'; readonly data_source_id: string; readonly database_id: string };

export type PropertyValue =
  | { readonly type: 'title'; readonly title: RichText }
  | { readonly type: 'rich_text'; readonly rich_text: RichText }
  | { readonly type: 'select'; readonly select: { readonly name: string } | null }
  | { readonly type: 'date'; readonly date: { readonly start: string; readonly end: string | null } | null };

export interface Block {
  readonly id: string;
  readonly type: string;
  readonly text: RichText;
}

export interface Page {
  readonly id: string;
  readonly parent: Parent;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly blocks: readonly Block[];
  readonly inTrash: boolean;
  readonly createdAt: number;
  readonly editedAt: number;
}

export interface Workspace extends Surroundings {
  /** In order of creation. */
  readonly pages: Map<string, Page>;
  readonly holds: Map<string, EntryHold>;
  readonly openedAt: number;
}

export const underLibrary: Parent = {
  type: 'data_source_id',
  data_source_id: LIBRARY.id,
  database_id: LIBRARY.databaseId,
};

export function openWorkspace(surroundings: Surroundings): Workspace {
  const { ledger, clock } = surroundings;
  const openedAt = clock.now();
  const workspace: Workspace = { ...surroundings, pages: new Map(), holds: new Map(), openedAt };
  ledger.fixture(LIBRARY.id, { type: 'data_source', title: LIBRARY.title });
  for (const research of RESEARCH) addFixture(workspace, ledger, research);
  return workspace;
}

function addFixture(workspace: Workspace, ledger: VendorLedger, research: (typeof RESEARCH)[number]): void {
  const { id, title, place, topic, summary, published, text } = research;
  const named: Record<string, PropertyValue> =
    place === 'library'
      ? {
          Name: titleValue(title),
          Topic: { type: 'select', select: { name: topic } },
          Summary: { type: 'rich_text', rich_text: richTextOf(summary) },
          Published: { type: 'date', date: { start: published, end: null } },
        }
      : { title: titleValue(title) };
  const page: Page = {
    id,
    parent: parentOf(place),
    properties: named,
    blocks: text.map((line) => ({ id: randomUUID(), type: 'paragraph', text: richTextOf(line) })),
    inTrash: false,
    createdAt: Date.parse(published),
    editedAt: Date.parse(published),
  };
  workspace.pages.set(id, page);
  workspace.holds.set(id, ledger.fixture(id, { type: 'page', ...ledgerData(page) }));
}

function parentOf(place: (typeof RESEARCH)[number]['place']): Parent {
  if (place === 'library') return underLibrary;
  return place === 'hub' ? { type: 'page_id', page_id: HUB_ID } : { type: 'workspace', workspace: true };
}

const titleValue = (title: string): PropertyValue => ({ type: 'title', title: richTextOf(title) });

export function findPage({ pages }: Workspace, id: string): Page {
  return pages.get(withDashes(id)) ?? notFound('page', id);
}

/** Notion takes ids with and without dashes. */
export function withDashes(id: string): string {
  return id.replace(/^(\w{8})-?(\w{4})-?(\w{4})-?(\w{4})-?(\w{12})$/, '$1-$2-$3-$4-$5').toLowerCase();
}

export function titleOf({ properties }: Pick<Page, 'properties'>): string {
  const title = Object.values(properties).find((value) => value.type === 'title');
  return title ? plainText(title.title) : '';
}

export function holdsPage(parent: Parent, id: string): boolean {
  return parent.type === 'page_id' && parent.page_id === id;
}

export function ledgerData(page: Page): JsonObject {
  const content = page.blocks.map(({ text }) => plainText(text)).join('\n');
  return { title: titleOf(page), parent: { ...page.parent }, content, in_trash: page.inTrash };
}
