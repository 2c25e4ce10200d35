// Comments on a file: posted, all listed at once, deleted. A repeat posts another: Figma knows no idempotency key.
import { z } from 'zod';
import type { EntryHold } from '../../ledger.ts';
import { route, type Route } from '../../router.ts';
import type { Answer, Surroundings, VendorRequest } from '../../vendor.ts';
import { type DesignFile, DESIGNER, findFile } from './library.ts';
import { refuse } from './refusals.ts';

const place = z.object({ x: z.number(), y: z.number() });
const postSchema = z.object({
  message: z.string().min(1),
  comment_id: z.string().optional(),
  client_meta: z.union([place, z.object({ node_id: z.string(), node_offset: place })]).default({ x: 0, y: 0 }),
});
type Post = z.infer<typeof postSchema>;

interface Comment extends Omit<Post, 'comment_id'> {
  readonly id: string;
  readonly file_key: string;
  readonly parent_id: string;
  readonly created_at: string;
  readonly order_id: string | null;
}

/** The comments there are, with the hold on their ledger entries. */
export interface Discussion extends Surroundings {
  readonly comments: Map<string, { readonly comment: Comment; readonly hold: EntryHold }>;
  lastId: number;
}

export function commentRoutes(discussion: Discussion): Route[] {
  const base = '/v1/files/:key/comments';
  return [
    route('GET', base, (_, key) => list(discussion, findFile(key))),
    route('POST', base, (request, key) => post(discussion, findFile(key), request)),
    route('DELETE', `${base}/:id`, (_, key, id) => remove(discussion, findFile(key), id)),
  ];
}

function commentsOn({ comments }: Discussion, file: DesignFile): Comment[] {
  return [...comments.values()].map(({ comment }) => comment).filter(({ file_key }) => file_key === file.key);
}

function list(discussion: Discussion, file: DesignFile): Answer {
  return { status: 200, body: { comments: commentsOn(discussion, file).toReversed().map(commentBody) } };
}

function post(discussion: Discussion, file: DesignFile, { body }: VendorRequest): Answer {
  const parsed = postSchema.safeParse(body ?? {});
  if (!parsed.success) return refuse(400, parsed.error.issues[0]?.message);
  const { comment_id: parent_id = '', ...rest } = parsed.data;
  checkPlace(file, parsed.data);
  if (parent_id !== '' && discussion.comments.get(parent_id)?.comment.parent_id !== '')
    refuse(400, 'comment_id must be a root comment');
  const id = String(++discussion.lastId);
  const created_at = new Date(discussion.clock.now()).toISOString();
  const order_id = parent_id === '' ? String(commentsOn(discussion, file).length + 1) : null;
  const comment = { ...rest, id, file_key: file.key, parent_id, created_at, order_id };
  const data = { file_key: file.key, message: comment.message, node_id: nodeOf(comment) };
  discussion.comments.set(id, { comment, hold: discussion.ledger.created('comment', id, data) });
  return { status: 200, body: commentBody(comment) };
}

function checkPlace(file: DesignFile, { client_meta }: Post): void {
  const node = nodeOf({ client_meta });
  if (node !== null && !file.components.some(({ node_id }) => node_id === node)) refuse(400, 'Invalid node_id');
}

function nodeOf({ client_meta }: Pick<Post, 'client_meta'>): string | null {
  return 'node_id' in client_meta ? client_meta.node_id : null;
}

function remove({ comments }: Discussion, file: DesignFile, id: string): Answer {
  const found = comments.get(id);
  if (found?.comment.file_key !== file.key) return refuse(404, 'Comment not found');
  comments.delete(id);
  found.hold.removed();
  return { status: 200, body: { status: 200, error: false, i18n: null } };
}

function commentBody(comment: Comment) {
  return { ...comment, user: DESIGNER, resolved_at: null, reactions: [] };
}
