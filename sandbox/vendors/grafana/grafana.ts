// Grafana: dashboards, the folders they go into, and a page behind each dashboard's address. Its idempotency is the uid.
import { dispatch, route, type Route } from '../../router.ts';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { dashboardRoutes, find, type Library } from './dashboards.ts';
import { folderRoutes, recordFolders } from './folders.ts';
import { refusal } from './refusals.ts';

export const grafana: Vendor = { name: 'grafana', open: openGrafana };

function openGrafana(surroundings: Surroundings): Double {
  const library: Library = { ...surroundings, dashboards: new Map(), lastId: 0 };
  recordFolders(surroundings.ledger);
  const open = openRoutes(library);
  const closed = [...dashboardRoutes(library), ...folderRoutes()];
  return {
    handle: (request) => dispatch(open, request) ?? unauthorized(request) ?? dispatch(closed, request) ?? refusal(404),
    refuse: (status, message) => refusal(status, message),
  };
}

/** What needs no token. People sign in to see a dashboard; here they just see it. */
function openRoutes(library: Library): Route[] {
  return [
    route('GET', '/api/health', () => ({ status: 200, body: { database: 'ok', version: '12.4.0' } })),
    route('GET', '/d/:uid', (_, uid) => dashboardPage(library, uid)),
    route('GET', '/d/:uid/:slug', (_, uid) => dashboardPage(library, uid)),
  ];
}

function unauthorized({ headers }: VendorRequest): Answer | undefined {
  if (!headers.authorization) return refusal(401);
  return /^(bearer|basic) +\S/i.test(headers.authorization) ? undefined : refusal(401, 'Invalid API key');
}

function dashboardPage(library: Library, uid: string): Answer {
  const { title, panels } = find(library, uid).model;
  const sections = panels.map((panel) => `<section><h2>${escape(panel.title ?? '')}</h2><p>No data</p></section>`);
  const body = `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>${escape(title)} - Grafana</title></head>
<body><h1>${escape(title)}</h1>${sections.join('')}<footer>Made up for the sandbox.</footer></body></html>
`;
  return { status: 200, headers: { 'content-type': 'text/html; charset=utf-8' }, body };
}

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (letter) => `&#${letter.charCodeAt(0)};`);
}
