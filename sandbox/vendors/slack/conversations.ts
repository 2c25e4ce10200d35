// conversations.*: the channels, and what was said in them, page by page.
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import { messageBody } from './chat.ts';
import { fileBody } from './files.ts';
import { parseArguments, refuse } from './refusals.ts';
import { BOT, channelById, messagesIn, type Channel, type Message, type Workspace } from './workspace.ts';

const flag = z.stringbool().or(z.boolean());
const count = (most: number, usual: number) => z.coerce.number().int().min(1).max(most).default(usual);

const listSchema = z.object({
  types: z.string().default('public_channel'),
  limit: count(1_000, 100),
  cursor: z.string().default(''),
});

export function listConversations({ channels }: Workspace, given: JsonObject): JsonObject {
  const { types, limit, cursor } = parseArguments(listSchema, given);
  const start = cursor === '' ? 0 : readCursor(cursor);
  const own = types.split(',').includes('public_channel') ? channels : [];
  const next = start + limit < own.length ? writeCursor(start + limit) : '';
  const page = own.slice(start, start + limit).map(channelBody);
  return { ok: true, channels: page, response_metadata: { next_cursor: next } };
}

export function conversationInfo(workspace: Workspace, given: JsonObject): JsonObject {
  const { channel } = parseArguments(z.object({ channel: z.string() }), given);
  return { ok: true, channel: channelBody(channelById(workspace, channel)) };
}

const historySchema = z.object({
  channel: z.string(),
  limit: count(999, 100),
  cursor: z.string().default(''),
  oldest: z.coerce.number().default(0),
  latest: z.coerce.number().default(Number.POSITIVE_INFINITY),
  inclusive: flag.default(false),
  include_all_metadata: flag.default(false),
});

export function conversationHistory(workspace: Workspace, given: JsonObject): JsonObject {
  const asked = parseArguments(historySchema, given);
  const { id } = channelById(workspace, asked.channel);
  const start = asked.cursor === '' ? 0 : readCursor(asked.cursor);
  const all = messagesIn(workspace, id).filter(({ ts }) => isWithin(Number(ts), asked));
  const page = all.slice(start, start + asked.limit);
  const more = start + asked.limit < all.length;
  return {
    ok: true,
    messages: page.map((message) => historyBody(workspace, message, asked.include_all_metadata)),
    has_more: more,
    pin_count: 0,
    channel_actions_ts: null,
    channel_actions_count: 0,
    ...(more && { response_metadata: { next_cursor: writeCursor(start + asked.limit) } }),
  };
}

function isWithin(ts: number, { oldest, latest, inclusive }: z.infer<typeof historySchema>): boolean {
  return inclusive ? ts >= oldest && ts <= latest : ts > oldest && ts < latest;
}

function historyBody(workspace: Workspace, message: Message, withMetadata: boolean): JsonObject {
  const { metadata, file } = message;
  const shared = file === undefined ? undefined : workspace.files.get(file);
  return {
    ...messageBody(message),
    ...(shared && { files: [fileBody(workspace, shared)], upload: true }),
    ...(withMetadata && metadata && { metadata }),
  };
}

function channelBody({ id, name }: Channel): JsonObject {
  const note = { value: '', creator: BOT.user, last_set: 0 };
  const isGeneral = name === 'general';
  const no = { is_archived: false, is_group: false, is_im: false, is_mpim: false, is_org_shared: false };
  return {
    id,
    name,
    name_normalized: name,
    created: 1_700_000_000,
    creator: BOT.user,
    is_channel: true,
    is_general: isGeneral,
    is_member: true,
    is_private: false,
    is_shared: false,
    ...no,
    num_members: 4,
    topic: note,
    purpose: note,
  };
}

function writeCursor(start: number): string {
  return Buffer.from(`next:${start}`).toString('base64');
}

function readCursor(cursor: string): number {
  const found = /^next:(\d+)$/.exec(Buffer.from(cursor, 'base64').toString());
  return found ? Number(found[1]) : refuse('invalid_cursor');
}
