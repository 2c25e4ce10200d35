// Figma's contract. https://developers.figma.com/docs/rest-api/
import { expect } from 'vitest';
import { z } from 'zod';
import { figma as tool } from '../../../src/tools/figma.ts';
import { CREDENTIAL, type Act, type VendorContract } from '../contract.ts';
import { openApi } from '../descriptions.ts';

const FILE = 'harborBrand01';
const NODE = '12:103';
const KEY = '6c'.repeat(20);
const MARK = `[bw:${KEY.slice(0, 12)}]`;
const render: Act = {
  action: 'render_component',
  args: { component_name: 'blog_header', export_format: 'jpg', scale: 2, note: 'Headline: Spring' },
  key: KEY,
};
const post: Act = { action: 'post_comment', args: { file_key: FILE, message: 'Hello', node_id: NODE }, key: KEY };

const COMPONENTS = `GET /v1/files/${FILE}/components`;
const IMAGES = `GET /v1/images/${FILE}?ids=${NODE}&format=jpg&scale=2`;
const COMMENTS = `/v1/files/${FILE}/comments`;
const aComment = (message: string) => ({
  kind: 'comment',
  data: { file_key: FILE, message: `${message} ${MARK}`, node_id: NODE },
});
const rendered = { url: expect.stringMatching(/^http/), component: 'blog_header', format: 'jpg', node_id: NODE };

const text = z.string().min(1);

export const figma: VendorContract = {
  tool,
  settings: { FIGMA_FILE_KEY: FILE },
  headers: { 'x-figma-token': CREDENTIAL },
  // The refusals that the sandbox is asked for are those of most endpoints; the ones for library content refuse in another shape.
  describe: () => openApi('figma.json', { lapses: [/^ must have required property '(?:error|message)'$/] }),
  operations: [
    { route: 'GET /v1/files/{file_key}/components' },
    { route: 'GET /v1/files/{file_key}/meta' },
    { route: 'GET /v1/images/{file_key}' },
    { route: 'GET /v1/files/{file_key}/comments' },
    {
      route: 'POST /v1/files/{file_key}/comments',
      body: z.strictObject({
        message: text,
        client_meta: z.strictObject({ node_id: text, node_offset: z.strictObject({ x: z.number(), y: z.number() }) }),
      }),
    },
    { route: 'DELETE /v1/files/{file_key}/comments/{comment_id}' },
  ],
  cases: [
    {
      ...render,
      title: 'with a note',
      sends: [COMPONENTS, IMAGES, `POST ${COMMENTS}`],
      answers: { ...rendered, file_key: FILE, comment_id: expect.any(String) },
      // Each rendering has an address of its own.
      repeated: { ...rendered, file_key: FILE, comment_id: expect.any(String) },
      leaves: [aComment('Headline: Spring')],
    },
    {
      ...render,
      title: 'done before',
      suspect: true,
      after: [render],
      sends: [`GET ${COMMENTS}`, COMPONENTS, IMAGES],
      answers: { ...rendered, comment_id: expect.any(String) },
      leaves: [aComment('Headline: Spring')],
    },
    {
      title: 'of a file',
      action: 'list_components',
      args: { file_key: FILE },
      sends: [COMPONENTS],
      answers: { components: [{ name: 'email_banner' }, { name: 'social_post_image' }, { node_id: NODE }] },
      leaves: [],
    },
    {
      title: 'of a file',
      action: 'get_file_meta',
      args: { file_key: FILE },
      sends: [`GET /v1/files/${FILE}/meta`],
      answers: { name: 'Harbor brand templates', editor_type: 'figma', version: expect.any(String) },
      leaves: [],
    },
    {
      ...post,
      title: 'once',
      sends: [`POST ${COMMENTS}`],
      answers: { comment_id: expect.any(String), file_key: FILE },
      leaves: [aComment('Hello')],
    },
    {
      ...post,
      title: 'done before',
      suspect: true,
      after: [post],
      sends: [`GET ${COMMENTS}`],
      answers: { comment_id: expect.any(String), file_key: FILE },
      leaves: [aComment('Hello')],
    },
    {
      title: 'by its id',
      action: 'delete_comment',
      args: ([comment]) => ({ file_key: FILE, comment_id: comment?.['comment_id'] ?? '' }),
      after: [post],
      sends: [`DELETE ${COMMENTS}/<id>`],
      answers: { deleted: true },
      repeated: { deleted: expect.any(Boolean) },
      gone: { 0: { deleted: false } },
      leaves: [],
    },
    {
      title: 'by its key',
      action: 'delete_comment',
      args: { file_key: FILE, posted_by: KEY },
      after: [post],
      sends: [`GET ${COMMENTS}`, `DELETE ${COMMENTS}/<id>`],
      answers: { deleted: true },
      leaves: [],
    },
  ],
};
