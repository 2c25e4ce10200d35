// Buffer's posts: created, listed, deleted, and sent by themselves when they are due. Nothing in a post is a key.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import type { EntryHold } from '../../ledger.ts';
import type { Surroundings } from '../../vendor.ts';
import { CHANNELS, type Channel, ORGANIZATION } from './account.ts';
import { notFound } from './refusals.ts';

interface Post {
  readonly id: string;
  readonly text: string;
  readonly status: 'draft' | 'scheduled' | 'sent';
  readonly via: 'api';
  readonly schedulingType: string;
  readonly isCustomScheduled: boolean;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly dueAt: string | null;
  readonly sentAt: string | null;
  readonly channelId: string;
  readonly channelService: string;
  readonly channel: Channel;
  readonly images: readonly string[];
}

/** The posts that exist, with the hold on their ledger entries. */
export interface Queue extends Surroundings {
  readonly posts: Map<string, Post>;
  readonly holds: Map<string, EntryHold>;
}

const createSchema = z.object({
  channelId: z.string(),
  text: z.string().default(''),
  schedulingType: z.string(),
  mode: z.enum(['addToQueue', 'customScheduled', 'shareNext', 'shareNow']),
  dueAt: z.string().nullish(),
  assets: z.array(z.object({ image: z.object({ url: z.string() }).optional() })).default([]),
  saveToDraft: z.boolean().nullish(),
});
type NewPost = z.infer<typeof createSchema>;

export function createPost(queue: Queue, input: unknown) {
  const asked = createSchema.parse(input);
  const channel = CHANNELS.find(({ id }) => id === asked.channelId);
  if (!channel) return { __typename: 'NotFoundError', message: 'Channel not found' };
  const message = obstacle(asked, channel, queue.clock.now());
  if (message !== undefined) return { __typename: 'InvalidInputError', message };
  const post = newPost(asked, channel, queue.clock.now());
  queue.posts.set(post.id, post);
  queue.holds.set(post.id, queue.ledger.created('post', post.id, ledgerData(post)));
  return { __typename: 'PostActionSuccess', post };
}

function obstacle({ text, assets, mode, dueAt }: NewPost, channel: Channel, nowMs: number): string | undefined {
  if (channel.isLocked) return 'This channel is locked';
  if (text.trim() === '' && assets.length === 0) return 'Text or an asset is required';
  if (text.length > channel.maxTextLength) return `Text is longer than ${channel.maxTextLength} characters`;
  if (mode !== 'customScheduled') return undefined;
  if (!z.iso.datetime({ offset: true }).safeParse(dueAt).success) return 'dueAt is required for customScheduled';
  return Date.parse(dueAt ?? '') <= nowMs ? 'dueAt must be in the future' : undefined;
}

const NEXT_SLOT_MS = 60 * 60_000;

function newPost(
  { text, schedulingType, mode, dueAt, assets, saveToDraft }: NewPost,
  channel: Channel,
  nowMs: number,
): Post {
  const at = new Date(nowMs).toISOString();
  const now = mode === 'shareNow';
  const slot = new Date(mode === 'customScheduled' ? Date.parse(dueAt ?? '') : nowMs + NEXT_SLOT_MS).toISOString();
  return {
    id: randomBytes(12).toString('hex'),
    text,
    status: saveToDraft ? 'draft' : now ? 'sent' : 'scheduled',
    via: 'api',
    schedulingType,
    isCustomScheduled: mode === 'customScheduled',
    createdAt: at,
    updatedAt: at,
    dueAt: now ? at : slot,
    sentAt: now ? at : null,
    channelId: channel.id,
    channelService: channel.service,
    channel,
    images: assets.flatMap(({ image }) => (image ? [image.url] : [])),
  };
}

export function deletePost({ posts, holds }: Queue, id: string) {
  if (!posts.delete(id)) return { __typename: 'VoidMutationError', message: 'Post not found' };
  holds.get(id)?.removed();
  return { __typename: 'DeletePostSuccess', id };
}

export function findPost({ posts }: Queue, id: string): Post {
  return posts.get(id) ?? notFound('Post');
}

const period = z.object({ start: z.string().nullish(), end: z.string().nullish() }).nullish();
const listSchema = z.object({
  input: z.object({
    organizationId: z.string(),
    filter: z
      .object({
        channelIds: z.array(z.string()).nullish(),
        status: z.array(z.string()).nullish(),
        dueAt: period,
        createdAt: period,
      })
      .nullish(),
    sort: z.array(z.object({ field: z.enum(['createdAt', 'dueAt']), direction: z.enum(['asc', 'desc']) })).nullish(),
  }),
  first: z.int().min(0).max(100).nullish(),
  after: z.string().nullish(),
});
type Listing = z.infer<typeof listSchema>['input'];

export function listPosts(queue: Queue, given: unknown) {
  const { input, first, after } = listSchema.parse(given);
  if (input.organizationId !== ORGANIZATION.id) return notFound('Organization');
  const found = sorted(
    [...queue.posts.values()].filter((post) => fits(post, input.filter)),
    input.sort,
  );
  const start = after ? found.findIndex(({ id }) => id === after) + 1 : 0;
  const page = found.slice(start, start + (first ?? 20));
  const pageInfo = {
    startCursor: page[0]?.id ?? null,
    endCursor: page.at(-1)?.id ?? null,
    hasPreviousPage: false,
    hasNextPage: start + page.length < found.length,
  };
  return { edges: page.map((node) => ({ node, cursor: node.id })), pageInfo };
}

function fits(post: Post, filter: Listing['filter']): boolean {
  if (!filter) return true;
  return (
    (filter.channelIds?.includes(post.channelId) ?? true) &&
    (filter.status?.includes(post.status) ?? true) &&
    isWithin(post.dueAt, filter.dueAt) &&
    isWithin(post.createdAt, filter.createdAt)
  );
}

function isWithin(at: string | null, within: z.infer<typeof period>): boolean {
  if (!within) return true;
  const ms = Date.parse(at ?? '');
  return (!within.start || ms >= Date.parse(within.start)) && (!within.end || ms <= Date.parse(within.end));
}

function sorted(posts: readonly Post[], sort: Listing['sort']): Post[] {
  const { field, direction } = sort?.[0] ?? { field: 'dueAt', direction: 'asc' };
  const up = posts.toSorted((a, b) => Date.parse(a[field] ?? '') - Date.parse(b[field] ?? ''));
  return direction === 'asc' ? up : up.toReversed();
}

/** Sends what is due. */
export function sendDue({ posts, holds, clock }: Queue): void {
  for (const post of posts.values()) {
    if (post.status !== 'scheduled' || Date.parse(post.dueAt ?? '') > clock.now()) continue;
    const at = new Date(clock.now()).toISOString();
    const sent: Post = { ...post, status: 'sent', sentAt: at, updatedAt: at };
    posts.set(post.id, sent);
    holds.get(post.id)?.updated(ledgerData(sent));
  }
}

function ledgerData({ text, status, dueAt, sentAt, channel, images }: Post): JsonObject {
  const { id: channel_id, displayName: channel_name, service } = channel;
  return { text, status, due_at: dueAt, sent_at: sentAt, channel_id, channel_name, service, images };
}
