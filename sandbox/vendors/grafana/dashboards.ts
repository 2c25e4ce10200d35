// Dashboards: saved under a uid and a version, read, searched and deleted. A uid that is taken is refused unless its version is known.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import type { EntryHold } from '../../ledger.ts';
import { route, type Route } from '../../router.ts';
import type { Answer, Surroundings, VendorRequest } from '../../vendor.ts';
import { FOLDERS } from './folders.ts';
import { refuse } from './refusals.ts';

const MAX_UID_LENGTH = 40;

const modelSchema = z.looseObject({
  id: z.int().nullish(),
  uid: z.string().nullish(),
  title: z.string().default(''),
  tags: z.array(z.string()).default([]),
  version: z.int().nullish(),
  panels: z.array(z.looseObject({ title: z.string().optional() })).default([]),
});
const saveSchema = z.object({
  dashboard: modelSchema,
  folderUid: z.string().optional(),
  overwrite: z.boolean().default(false),
});
type Model = z.infer<typeof modelSchema>;

interface Dashboard {
  readonly id: number;
  readonly uid: string;
  readonly version: number;
  readonly folderUid: string;
  readonly model: Model;
  readonly created: string;
  readonly updated: string;
  readonly hold: EntryHold;
}

/** The dashboards there are, by uid. */
export interface Library extends Surroundings {
  readonly dashboards: Map<string, Dashboard>;
  /** Numbers are never given twice. */
  lastId: number;
}

export function dashboardRoutes(library: Library): Route[] {
  return [
    route('POST', '/api/dashboards/db', (request) => save(library, request)),
    route('GET', '/api/dashboards/uid/:uid', (_, uid) => ({
      status: 200,
      body: fullBody(library, find(library, uid)),
    })),
    route('DELETE', '/api/dashboards/uid/:uid', (_, uid) => remove(library, uid)),
    route('GET', '/api/search', (request) => search(library, request)),
  ];
}

function save(library: Library, { body }: VendorRequest): Answer {
  const parsed = saveSchema.safeParse(body ?? {});
  if (!parsed.success) return refuse(400);
  const { dashboard: model, folderUid = '', overwrite } = parsed.data;
  checkModel(model, folderUid);
  const existing = library.dashboards.get(model.uid ?? '');
  if (existing && !overwrite && model.version !== existing.version) return refuse(412, undefined, 'version-mismatch');
  const saved = existing ? change(library, existing, model, folderUid) : create(library, model, folderUid);
  library.dashboards.set(saved.uid, saved);
  const { id, uid, version } = saved;
  return {
    status: 200,
    body: { id, uid, version, status: 'success', slug: slugOf(saved), url: pathOf(library, saved) },
  };
}

function checkModel({ uid, title }: Model, folderUid: string): void {
  if (title.trim() === '') refuse(400, 'Dashboard title cannot be empty');
  if (uid && uid.length > MAX_UID_LENGTH) refuse(400, `uid too long, max ${MAX_UID_LENGTH} characters`);
  if (uid && !/^[\w-]+$/.test(uid)) refuse(400, 'uid contains illegal characters');
  if (folderUid !== '' && !FOLDERS.some((folder) => folder.uid === folderUid)) refuse(400, 'folder not found');
}

function create(library: Library, model: Model, folderUid: string): Dashboard {
  const { clock, ledger } = library;
  const id = ++library.lastId;
  const uid = model.uid || randomUUID();
  const at = new Date(clock.now()).toISOString();
  const hold = ledger.created('dashboard', uid, ledgerData(uid, model, folderUid));
  return { id, uid, version: 1, folderUid, model, created: at, updated: at, hold };
}

function change({ clock }: Library, existing: Dashboard, model: Model, folderUid: string): Dashboard {
  const { uid, version, hold } = existing;
  hold.updated(ledgerData(uid, model, folderUid));
  return { ...existing, model, folderUid, version: version + 1, updated: new Date(clock.now()).toISOString() };
}

function remove(library: Library, uid: string): Answer {
  const { id, model, hold } = find(library, uid);
  library.dashboards.delete(uid);
  hold.removed();
  return { status: 200, body: { id, title: model.title, message: `Dashboard ${model.title} deleted` } };
}

function search(library: Library, { query }: VendorRequest): Answer {
  const words = (query.get('query') ?? '').toLowerCase();
  const tags = query.getAll('tag');
  const found = [...library.dashboards.values()]
    .filter(({ model }) => model.title.toLowerCase().includes(words))
    .filter(({ model }) => tags.every((tag) => model.tags.includes(tag)))
    .toSorted((a, b) => a.model.title.localeCompare(b.model.title));
  return { status: 200, body: found.map((dashboard) => shortBody(library, dashboard)) };
}

export function find({ dashboards }: Library, uid: string): Dashboard {
  return dashboards.get(uid) ?? refuse(404, 'Dashboard not found');
}

// Grafana's paths carry the prefix that it is served under.
function pathOf({ baseUrl }: Library, dashboard: Dashboard): string {
  return `${new URL(baseUrl).pathname}/d/${dashboard.uid}/${slugOf(dashboard)}`;
}

function slugOf({ uid, model }: Dashboard): string {
  const slug = model.title.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  return slug.replaceAll(/^-|-$/g, '') || uid;
}

function fullBody(library: Library, dashboard: Dashboard) {
  const { id, uid, version, folderUid, model, created, updated } = dashboard;
  const folder = FOLDERS.find((each) => each.uid === folderUid);
  const rights = { canSave: true, canEdit: true, canAdmin: false, canStar: false, canDelete: true };
  return {
    dashboard: { ...model, id, uid, version },
    meta: {
      type: 'db',
      ...rights,
      slug: slugOf(dashboard),
      url: pathOf(library, dashboard),
      created,
      updated,
      version,
      folderUid,
      folderTitle: folder?.title ?? 'General',
      isFolder: false,
      provisioned: false,
    },
  };
}

function shortBody(library: Library, dashboard: Dashboard) {
  const { id, uid, folderUid, model } = dashboard;
  const { title, tags } = model;
  return {
    id,
    uid,
    title,
    uri: `db/${slugOf(dashboard)}`,
    url: pathOf(library, dashboard),
    type: 'dash-db',
    tags,
    folderUid,
  };
}

function ledgerData(uid: string, { title, tags, panels }: Model, folderUid: string): JsonObject {
  return { uid, title, tags, folder_uid: folderUid, panels: panels.map((panel) => panel.title ?? '') };
}
