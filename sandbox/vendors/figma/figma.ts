// Figma's REST API: a file with its published components, images of them, and comments. It honours no idempotency key.
import { dispatch, route, type Route } from '../../router.ts';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { commentRoutes } from './comments.ts';
import { type Component, type DesignFile, DESIGNER, findFile, recordLibrary } from './library.ts';
import { refusal, refuseLibrary } from './refusals.ts';
import { pictureRoutes, renderRoutes } from './renders.ts';

export const figma: Vendor = { name: 'figma', open: openFigma };

function openFigma(surroundings: Surroundings): Double {
  const { baseUrl, clock } = surroundings;
  recordLibrary(surroundings.ledger);
  const bucket = { baseUrl, renders: new Map() };
  const open = pictureRoutes(bucket);
  const closed = [
    ...fileRoutes(new Date(clock.now()).toISOString()),
    ...renderRoutes(bucket),
    ...commentRoutes({ ...surroundings, comments: new Map(), lastId: 1_000_000_000 }),
  ];
  return {
    handle: (request) => dispatch(open, request) ?? unauthorized(request) ?? dispatch(closed, request) ?? refusal(404),
    refuse: refusal,
  };
}

function fileRoutes(openedAt: string): Route[] {
  return [
    route('GET', '/v1/files/:key/meta', (_, key) => ({
      status: 200,
      body: { file: metaBody(findFile(key), openedAt) },
    })),
    route('GET', '/v1/files/:key/components', (_, key) => listComponents(key, openedAt)),
  ];
}

/** A personal access token has a header of its own; 403 is Figma's word for a wrong one. */
function unauthorized({ headers }: VendorRequest): Answer | undefined {
  const token = headers['x-figma-token'] ?? /^bearer +(\S.*)/i.exec(headers.authorization ?? '')?.[1];
  return token ? undefined : refusal(403);
}

function listComponents(key: string, openedAt: string): Answer {
  // The endpoints for library content say "not found" in a shape of their own.
  const file = findFile(key, () => refuseLibrary(404, 'File not found'));
  const components = file.components.map((component) => componentBody(file, component, openedAt));
  return { status: 200, body: { status: 200, error: false, meta: { components }, i18n: null } };
}

function metaBody({ key, name, folder_name, version }: DesignFile, openedAt: string) {
  return {
    name,
    folder_name,
    last_touched_at: openedAt,
    creator: DESIGNER,
    last_touched_by: DESIGNER,
    editorType: 'figma',
    role: 'editor',
    link_access: 'org_view',
    url: `https://www.figma.com/design/${key}`,
    version,
  };
}

function componentBody(file: DesignFile, component: Component, openedAt: string) {
  const { key, node_id, name, description } = component;
  const dates = { created_at: openedAt, updated_at: openedAt };
  const containing_frame = { nodeId: '12:1', name: 'Templates', pageId: '0:1', pageName: 'Components' };
  return {
    key,
    file_key: file.key,
    node_id,
    thumbnail_url: '',
    name,
    description,
    ...dates,
    user: DESIGNER,
    containing_frame,
  };
}
