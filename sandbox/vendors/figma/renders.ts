// Images of components: asked for by node, kept under an address that needs no token, as Figma keeps them in a public bucket.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, VendorRequest } from '../../vendor.ts';
import { type Component, type DesignFile, findFile } from './library.ts';
import { drawPicture, type Format, FORMATS } from './pictures.ts';
import { refuse } from './refusals.ts';

interface Render {
  readonly component: Component;
  readonly format: Format;
  readonly scale: number;
}

/** Where pictures are kept until the sandbox is reset. */
export interface Bucket {
  readonly baseUrl: string;
  readonly renders: Map<string, Render>;
}

const querySchema = z.object({
  ids: z.string().min(1),
  format: z.enum(FORMATS).default('png'),
  scale: z.coerce.number().min(0.01).max(4).default(1),
});

export function renderRoutes(bucket: Bucket): Route[] {
  return [route('GET', '/v1/images/:key', (request, key) => renderImages(bucket, findFile(key), request))];
}

/** What needs no token. */
export function pictureRoutes(bucket: Bucket): Route[] {
  return [route('GET', '/images/:id', (_, id) => showPicture(bucket, id))];
}

function renderImages(bucket: Bucket, file: DesignFile, { query }: VendorRequest): Answer {
  const parsed = querySchema.safeParse(Object.fromEntries(query));
  if (!parsed.success) return refuse(400, parsed.error.issues[0]?.message);
  const { ids, format, scale } = parsed.data;
  const images = ids.split(',').map((id) => {
    const component = file.components.find(({ node_id }) => node_id === id);
    return [id, component ? keep(bucket, { component, format, scale }) : null] as const;
  });
  return { status: 200, body: { err: null, images: Object.fromEntries(images) } };
}

function keep({ baseUrl, renders }: Bucket, render: Render): string {
  const id = randomUUID();
  renders.set(id, render);
  return `${baseUrl}/images/${id}`;
}

function showPicture({ renders }: Bucket, id: string): Answer {
  const { component, format, scale } = renders.get(id) ?? refuse(404);
  const pixels = (length: number) => Math.max(1, Math.round(length * scale));
  const { type, body } = drawPicture(format, component.name, pixels(component.width), pixels(component.height));
  return { status: 200, headers: { 'content-type': type }, body };
}
