// Figma's REST API: a file's components, their images, and comments. https://developers.figma.com/docs/rest-api/
import { z } from 'zod';
import { didYouMean, failure, FailureError, type Failure } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import type { Tool, ToolCall } from './tool.ts';

const fileKey = z
  .string()
  .min(1)
  .optional()
  .describe('The file, as in figma.com/design/<key>/…; by default FIGMA_FILE_KEY');

function filePath(key: string, ...rest: string[]): string[] {
  return ['v1', 'files', key, ...rest];
}

function requireFileKey(call: ToolCall, given: string | undefined): string {
  const key = given ?? call.settings['FIGMA_FILE_KEY'];
  if (key !== undefined) return key;
  throw new FailureError(failure('INVALID_ARGUMENTS', 'figma needs file_key, or FIGMA_FILE_KEY in the environment'));
}

// --- Components and their images

const component = z.object({ node_id: z.string(), name: z.string(), description: z.string() });
type Component = z.infer<typeof component>;

async function publishedComponents(call: ToolCall, key: string): Promise<Component[]> {
  const expect = z.object({ meta: z.object({ components: z.array(component) }) });
  return (await call.http.request('GET', filePath(key, 'components'), { expect })).meta.components;
}

async function findComponent(call: ToolCall, key: string, name: string): Promise<Component> {
  const all = await publishedComponents(call, key);
  const [found, another] = all.filter((each) => each.name === name);
  if (!found) throw new FailureError(noSuchComponent(key, name, all));
  if (another) throw new FailureError(ambiguous(key, name));
  return found;
}

function noSuchComponent(key: string, name: string, all: readonly Component[]): Failure {
  const names = all.map((each) => each.name);
  return failure('FIGMA_NO_COMPONENT', `The file ${key} publishes no component "${name}"${didYouMean(name, names)}`);
}

function ambiguous(key: string, name: string): Failure {
  return failure('FIGMA_NO_COMPONENT', `The file ${key} publishes several components called "${name}"; rename one`);
}

const images = z.object({ err: z.string().nullish(), images: z.record(z.string(), z.string().nullable()) });

async function renderNode(call: ToolCall, key: string, node: Component, input: RenderInput): Promise<string> {
  const query = { ids: node.node_id, format: input.export_format, scale: input.scale };
  const answer = await call.http.request('GET', ['v1', 'images', key], { query, expect: images });
  const url = answer.images[node.node_id];
  if (url) return url;
  // Figma says null for a node that cannot be drawn, such as an invisible one.
  const reason = answer.err ?? 'is it empty or invisible?';
  throw new FailureError(failure('FIGMA_NOT_RENDERED', `Figma could not render "${node.name}": ${reason}`));
}

// --- Comments

// Figma has no idempotency key; a comment's text carries ours.
const keyMark = (key: string) => `[bw:${key.slice(0, 12)}]`;

const comment = z.object({ id: z.string(), message: z.string() });

async function findComment(call: ToolCall, file: string, key: string): Promise<string | undefined> {
  // Figma answers all comments of a file at once.
  const expect = z.object({ comments: z.array(comment) });
  const { comments } = await call.http.request('GET', filePath(file, 'comments'), { expect });
  return comments.find(({ message }) => message.endsWith(keyMark(key)))?.id;
}

async function postComment(call: ToolCall, file: string, message: string, nodeId: string | undefined): Promise<string> {
  const client_meta = nodeId === undefined ? undefined : { node_id: nodeId, node_offset: { x: 0, y: 0 } };
  const json = { message: `${message} ${keyMark(call.key)}`, client_meta };
  return (await call.http.request('POST', filePath(file, 'comments'), { json, expect: comment })).id;
}

/** Arguments of delete_comment for an act that posted one. */
function undoComment(
  given: string | undefined,
  result: { file_key: string; comment_id: string | null } | undefined,
  key: string,
): { file_key?: string; comment_id?: string; posted_by?: string } | undefined {
  if (!result) return { file_key: given, posted_by: key };
  return result.comment_id === null ? undefined : { file_key: result.file_key, comment_id: result.comment_id };
}

// --- Actions

const renderInput = z.strictObject({
  file_key: fileKey,
  component_name: z.string().min(1).describe('The name of a published component, e.g. "email_banner"'),
  export_format: z.enum(['png', 'jpg', 'svg', 'pdf']).default('png'),
  scale: z.number().min(0.01).max(4).default(1),
  note: z
    .string()
    .min(1)
    .max(5_000)
    .optional()
    .describe('Posted as a comment on the component, for the designer who fills in the words'),
});
type RenderInput = z.infer<typeof renderInput>;

const renderOutput = z.object({
  url: z.string().describe('The image; Figma keeps it for 30 days'),
  component: z.string(),
  format: z.string(),
  file_key: z.string(),
  node_id: z.string(),
  comment_id: z.string().nullable(),
});
type RenderOutput = z.infer<typeof renderOutput>;

async function render(
  call: ToolCall,
  input: RenderInput,
  commentOn: (file: string, node: Component) => Promise<string | null>,
): Promise<RenderOutput> {
  const file = requireFileKey(call, input.file_key);
  const node = await findComponent(call, file, input.component_name);
  const url = await renderNode(call, file, node, input);
  const comment_id = await commentOn(file, node);
  return { url, component: node.name, format: input.export_format, file_key: file, node_id: node.node_id, comment_id };
}

const renderComponent = defineAction({
  description:
    'Renders a published component as an image, as it stands in the file: the API cannot fill its texts or variables. ' +
    'What a designer should put in goes into note, a comment on the component.',
  input: renderInput,
  output: renderOutput,
  effect: true,
  idOf: ({ comment_id }) => comment_id,
  keyedBy: 'probe',
  // The comment is last: whatever fails before it has changed nothing.
  run: (call, input) =>
    render(call, input, async (file, node) =>
      input.note === undefined ? null : await postComment(call, file, input.note, node.node_id),
    ),
  async probe(call, input) {
    if (input.note === undefined) return undefined;
    const posted = await findComment(call, requireFileKey(call, input.file_key), call.key);
    return posted === undefined ? undefined : await render(call, input, () => Promise.resolve(posted));
  },
  undo: {
    delete_comment: ({ input, result, key }) =>
      input.note === undefined ? undefined : undoComment(input.file_key, result, key),
  },
});

const listComponents = defineAction({
  description: 'Lists the components that a file publishes.',
  input: z.strictObject({ file_key: fileKey }),
  output: z.object({ components: z.array(component) }),
  effect: false,
  keyedBy: 'none',
  run: async (call, { file_key }) => ({
    components: await publishedComponents(call, requireFileKey(call, file_key)),
  }),
});

const fileMeta = z.object({
  name: z.string(),
  last_touched_at: z.string(),
  editorType: z.string(),
  version: z.string().nullish(),
  url: z.string().nullish(),
});

const getFileMeta = defineAction({
  description: 'Reads what a file is called, when it was last touched and its version.',
  input: z.strictObject({ file_key: fileKey }),
  output: z.object({
    name: z.string(),
    last_touched_at: z.string(),
    editor_type: z.string(),
    version: z.string().nullable(),
    url: z.string().nullable(),
  }),
  effect: false,
  keyedBy: 'none',
  async run(call, { file_key }) {
    const path = filePath(requireFileKey(call, file_key), 'meta');
    const { file } = await call.http.request('GET', path, { expect: z.object({ file: fileMeta }) });
    const { name, last_touched_at, editorType, version = null, url = null } = file;
    return { name, last_touched_at, editor_type: editorType, version, url };
  },
});

const commentOutput = z.object({ comment_id: z.string(), file_key: z.string() });

const postCommentAction = defineAction({
  description: 'Posts a comment to a file.',
  input: z.strictObject({
    file_key: fileKey,
    message: z.string().min(1).max(5_000).describe('A short mark is added to it'),
    node_id: z.string().min(1).optional().describe('The node to pin it to; by default the file'),
  }),
  output: commentOutput,
  effect: true,
  idOf: ({ comment_id }) => comment_id,
  keyedBy: 'probe',
  async run(call, { file_key, message, node_id }) {
    const file = requireFileKey(call, file_key);
    return { comment_id: await postComment(call, file, message, node_id), file_key: file };
  },
  async probe(call, { file_key }) {
    const file = requireFileKey(call, file_key);
    const comment_id = await findComment(call, file, call.key);
    return comment_id === undefined ? undefined : { comment_id, file_key: file };
  },
  undo: {
    delete_comment: ({ input, result, key }) => undoComment(input.file_key, result, key),
  },
});

const deleteComment = defineAction({
  description: 'Deletes a comment that the same token posted; content when there is none.',
  input: z
    .strictObject({
      file_key: fileKey,
      comment_id: z.string().min(1).optional(),
      posted_by: z.string().min(1).optional().describe('Delete the one that was posted under this key'),
    })
    .refine(({ comment_id, posted_by }) => comment_id !== undefined || posted_by !== undefined, {
      message: 'needs comment_id or posted_by',
    }),
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, { file_key, comment_id, posted_by = '' }) {
    const file = requireFileKey(call, file_key);
    const id = comment_id ?? (await findComment(call, file, posted_by));
    return { deleted: id !== undefined && (await call.http.remove(filePath(file, 'comments', id))) };
  },
});

export const figma = {
  name: 'figma',
  vendor: {
    baseUrl: 'https://api.figma.com',
    credentials: { names: ['FIGMA_TOKEN'], headers: (values) => ({ 'x-figma-token': values['FIGMA_TOKEN'] ?? '' }) },
    settings: ['FIGMA_FILE_KEY'],
  },
  actions: {
    render_component: renderComponent,
    list_components: listComponents,
    get_file_meta: getFileMeta,
    post_comment: postCommentAction,
    delete_comment: deleteComment,
  },
} satisfies Tool;
