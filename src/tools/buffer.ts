// Buffer's GraphQL API: posts to social media, scheduled and deleted. https://developers.buffer.com
import { z, type ZodType } from 'zod';
import { failure, FailureError, systemClock, type Clock, type Failure, type JsonObject } from '../kernel/index.ts';
import { bufferFailureOf, bufferRefusalIn } from './buffer-refusal.ts';
import { defineAction } from './define-action.ts';
import { nothingBefore } from './run-start.ts';
import type { Tool, ToolCall } from './tool.ts';

/** One document with its variables; `changes` for a mutation. */
async function ask<T>(
  call: ToolCall,
  document: string,
  variables: JsonObject,
  data: ZodType<T>,
  changes = false,
): Promise<T> {
  const json = { query: document, variables };
  const answer = await call.http.request('POST', [], { json, changes, expect: z.object({ data }) });
  return answer.data;
}

// --- Channels: the connected accounts, below an organization

const ORGANIZATIONS = 'query Organizations { account { organizations { id } } }';
const CHANNELS = `query Channels($input: ChannelsInput!) {
  channels(input: $input) { id name displayName service isDisconnected isLocked }
}`;
const CHANNEL = 'query Channel($input: ChannelInput!) { channel(input: $input) { organizationId } }';

const channel = z.object({
  id: z.string(),
  name: z.string(),
  displayName: z.string().nullable(),
  service: z.string(),
  isDisconnected: z.boolean(),
  isLocked: z.boolean(),
});
type Channel = z.infer<typeof channel>;

async function firstOrganization(call: ToolCall): Promise<string> {
  const data = z.object({ account: z.object({ organizations: z.array(z.object({ id: z.string() })) }) });
  const [first] = (await ask(call, ORGANIZATIONS, {}, data)).account.organizations;
  if (first) return first.id;
  throw new FailureError(failure('BUFFER_NO_ORGANIZATION', 'The account of BUFFER_TOKEN belongs to no organization'));
}

async function channelsOf(call: ToolCall, organizationId: string): Promise<readonly Channel[]> {
  const variables = { input: { organizationId } };
  return (await ask(call, CHANNELS, variables, z.object({ channels: z.array(channel) }))).channels;
}

async function firstUsableChannel(call: ToolCall): Promise<string> {
  const channels = await channelsOf(call, await firstOrganization(call));
  const usable = channels.find(({ isDisconnected, isLocked }) => !isDisconnected && !isLocked);
  if (usable) return usable.id;
  const message = "buffer's first organization has no channel that can post; connect one, or give channel_id";
  throw new FailureError(failure('BUFFER_NO_CHANNEL', message));
}

const listChannels = defineAction({
  description: 'Lists the social media accounts that can be posted to.',
  input: z.strictObject({
    organization_id: z.string().min(1).optional().describe('By default the first organization of the account'),
  }),
  output: z.object({
    channels: z.array(z.object({ id: z.string(), name: z.string(), service: z.string(), can_post: z.boolean() })),
  }),
  effect: false,
  keyedBy: 'none',
  async run(call, { organization_id }) {
    const found = await channelsOf(call, organization_id ?? (await firstOrganization(call)));
    const channels = found.map(({ id, name, displayName, service, isDisconnected, isLocked }) => {
      return { id, name: displayName ?? name, service, can_post: !isDisconnected && !isLocked };
    });
    return { channels };
  },
});

// --- Posts

const POST_FIELDS = 'id text status dueAt channelId via';
const CREATE_POST = `mutation CreatePost($input: CreatePostInput!) {
  createPost(input: $input) {
    __typename
    ... on PostActionSuccess { post { ${POST_FIELDS} } }
    ... on MutationError { message }
  }
}`;
const POSTS = `query Posts($input: PostsInput!, $first: Int, $after: String) {
  posts(input: $input, first: $first, after: $after) {
    edges { node { ${POST_FIELDS} } }
    pageInfo { hasNextPage endCursor }
  }
}`;
const POST = 'query Post($input: PostInput!) { post(input: $input) { id status } }';
const DELETE_POST = `mutation DeletePost($input: DeletePostInput!) {
  deletePost(input: $input) {
    __typename
    ... on DeletePostSuccess { id }
    ... on MutationError { message }
  }
}`;

const post = z.object({
  id: z.string(),
  text: z.string(),
  status: z.string(),
  dueAt: z.string().nullable(),
  channelId: z.string(),
  via: z.string(),
});
type Post = z.infer<typeof post>;

const instant = z.iso.datetime({ offset: true });
const about = {
  text: z.string().min(1).describe('What the post says'),
  channel_id: z
    .string()
    .min(1)
    .optional()
    .describe("By default the first channel of the account's first organization that can post"),
  due_at: instant.nullish().describe('When to publish; by default in 10 minutes, so that it can be undone'),
};
const schedulePostInput = z.strictObject({
  ...about,
  image_urls: z.array(z.url()).min(1).max(10).optional().describe('Pictures, where Buffer can read them'),
});
type SchedulePostInput = z.infer<typeof schedulePostInput>;
type PostSought = Pick<SchedulePostInput, keyof typeof about>;

const schedulePostOutput = z.object({
  id: z.string(),
  channel_id: z.string(),
  text: z.string(),
  status: z.string(),
  due_at: z.string().nullable(),
});

const toOutput = ({ id, channelId, text, status, dueAt }: Post) => {
  return { id, channel_id: channelId, text, status, due_at: dueAt };
};

// A post has no place for a key: tags cannot be made through the API, notes not written, `source` not read. So the milliseconds
// of a time that we chose are the key's, and text, channel and time together say whether a post is ours.
const DEFAULT_LEAD_MS = 10 * 60_000;

const millisecondsOf = (key: string) => 1 + (Number.parseInt(key.slice(0, 6), 16) % 999);

function defaultDueAt(key: string, nowMs: number): string {
  const second = Math.floor((nowMs + DEFAULT_LEAD_MS) / 1_000);
  return new Date(second * 1_000 + millisecondsOf(key)).toISOString();
}

function isOurs({ text, channel_id, due_at }: PostSought, key: string, candidate: Post): boolean {
  const dueMs = Date.parse(candidate.dueAt ?? '');
  const rightTime = due_at ? sameSecond(dueMs, Date.parse(due_at)) : [millisecondsOf(key), 0].includes(dueMs % 1_000);
  return (
    candidate.via === 'api' &&
    candidate.text.trim() === text.trim() &&
    (channel_id === undefined || candidate.channelId === channel_id) &&
    rightTime
  );
}

const sameSecond = (one: number, other: number) => Math.floor(one / 1_000) === Math.floor(other / 1_000);

const postPage = z.object({
  posts: z.object({
    edges: z.array(z.object({ node: post })).nullish(),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});
const MAX_PAGES = 10;

async function findPost(call: ToolCall, sought: PostSought, key: string): Promise<Post | undefined> {
  const input = await searchFor(call, sought);
  if (!input) return undefined;
  let after: string | null = null;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { posts }: z.infer<typeof postPage> = await ask(call, POSTS, { input, first: 100, after }, postPage);
    const ours = posts.edges?.find(({ node }) => isOurs(sought, key, node));
    if (ours) return ours.node;
    if (!posts.pageInfo.hasNextPage) return undefined;
    after = posts.pageInfo.endCursor;
  }
  throw new FailureError(tooManyPosts());
}

/** The newest first, none from before the run. Undefined when the channel does not exist, and so no post in it. */
async function searchFor(call: ToolCall, { channel_id }: PostSought): Promise<JsonObject | undefined> {
  const organizationId =
    channel_id === undefined ? await firstOrganization(call) : await orNothing(organizationOf(call, channel_id));
  if (organizationId === undefined) return undefined;
  const since = nothingBefore(call.runId);
  const filter = {
    ...(channel_id !== undefined && { channelIds: [channel_id] }),
    ...(since !== undefined && { createdAt: { start: new Date(since).toISOString() } }),
  };
  return { organizationId, filter, sort: [{ field: 'createdAt', direction: 'desc' }] };
}

async function organizationOf(call: ToolCall, channelId: string): Promise<string> {
  const data = z.object({ channel: z.object({ organizationId: z.string() }) });
  return (await ask(call, CHANNEL, { input: { id: channelId } }, data)).channel.organizationId;
}

/** Undefined where Buffer knows nothing of that id. */
async function orNothing<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof FailureError && error.failure.code === 'BUFFER_NOT_FOUND') return undefined;
    throw error;
  }
}

// Whether our own is among the rest nobody knows, so nothing may be repeated.
function tooManyPosts(): Failure {
  const message = 'buffer has more posts since the run began than this client reads, and none of those read is ours';
  return failure('BUFFER_TOO_MANY_POSTS', message, { kind: 'theirs', unknown: true });
}

function schedulePost(clock: Clock) {
  return defineAction({
    description: 'Schedules a post to a social media account.',
    input: schedulePostInput,
    output: schedulePostOutput,
    effect: true,
    idOf: ({ id }) => id,
    keyedBy: 'probe',
    async run(call, { text, channel_id, due_at, image_urls = [] }) {
      const input = {
        channelId: channel_id ?? (await firstUsableChannel(call)),
        text,
        schedulingType: 'automatic',
        mode: 'customScheduled',
        dueAt: due_at ?? defaultDueAt(call.key, clock.now()),
        assets: image_urls.map((url) => ({ image: { url } })),
      };
      const created = z.object({ createPost: z.object({ post }) });
      return toOutput((await ask(call, CREATE_POST, { input }, created, true)).createPost.post);
    },
    async probe(call, input) {
      const found = await findPost(call, input, call.key);
      return found && toOutput(found);
    },
    undo: {
      delete_post: ({ input: { text, channel_id, due_at }, result, key }) =>
        result ? { id: result.id } : { text, channel_id, due_at: due_at ?? undefined, scheduled_by: key },
    },
  });
}

const deletePost = defineAction({
  description: 'Deletes a scheduled post; content when there is none. One that is out already is refused.',
  input: z
    .strictObject({
      id: z.string().min(1).optional().describe('The id of the post'),
      ...about,
      text: about.text.optional(),
      scheduled_by: z.string().min(1).optional().describe('Together with text: the key it was scheduled under'),
    })
    .refine(({ id, text, scheduled_by }) => id !== undefined || (text !== undefined && scheduled_by !== undefined), {
      message: 'needs id, or text and scheduled_by',
    }),
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, { id, text = '', scheduled_by = '', ...rest }) {
    const found = id === undefined ? findPost(call, { ...rest, text }, scheduled_by) : orNothing(postById(call, id));
    const target = await found;
    if (!target) return { deleted: false };
    if (target.status === 'sent' || target.status === 'sending') throw new FailureError(alreadySent(target.id));
    const deleted = z.object({ deletePost: z.object({ id: z.string() }) });
    await ask(call, DELETE_POST, { input: { id: target.id } }, deleted, true);
    return { deleted: true };
  },
});

async function postById(call: ToolCall, id: string): Promise<Pick<Post, 'id' | 'status'>> {
  const data = z.object({ post: z.object({ id: z.string(), status: z.string() }) });
  return (await ask(call, POST, { input: { id } }, data)).post;
}

function alreadySent(id: string): Failure {
  return failure('BUFFER_ALREADY_SENT', `The post ${id} is out; Buffer cannot take it back from the social network`);
}

export function createBuffer(clock: Clock = systemClock) {
  return {
    name: 'buffer',
    vendor: {
      baseUrl: 'https://api.buffer.com',
      credentials: {
        names: ['BUFFER_TOKEN'],
        headers: (values) => ({ authorization: `Bearer ${values['BUFFER_TOKEN']}` }),
      },
      failureOf: bufferFailureOf,
      refusalIn: bufferRefusalIn,
    },
    actions: { schedule_post: schedulePost(clock), delete_post: deletePost, list_channels: listChannels },
  } satisfies Tool;
}
