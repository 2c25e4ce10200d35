// Finds things at Slack again: a channel by name, our message by its metadata, our file by its title.
import { z } from 'zod';
import { failure, FailureError } from '../kernel/index.ts';
import { nothingBefore } from './run-start.ts';
import type { ToolCall } from './tool.ts';

const nextCursor = z.object({ next_cursor: z.string().optional() }).optional();

const channel = z.object({
  id: z.string(),
  name: z.string(),
  is_private: z.boolean().default(false),
  is_member: z.boolean().default(false),
});
export type Channel = z.infer<typeof channel>;

const channelPage = z.object({ channels: z.array(channel), response_metadata: nextCursor });

/** Slack asks for no more than 200 a page. */
const CHANNELS_A_PAGE = 200;

/** Page by page, without archived ones. `types` as Slack names them: `public_channel`, `private_channel`. */
export async function* channels(call: ToolCall, types: readonly string[]): AsyncGenerator<Channel> {
  for (let cursor: string | undefined; ;) {
    const page = await call.http.request('GET', ['conversations.list'], {
      query: { types: types.join(','), exclude_archived: true, limit: CHANNELS_A_PAGE, cursor },
      expect: channelPage,
    });
    yield* page.channels;
    cursor = page.response_metadata?.next_cursor || undefined;
    if (cursor === undefined) return;
  }
}

const CHANNEL_ID = /^[CDG][A-Z0-9]{8,}$/;

export const isChannelId = (text: string) => CHANNEL_ID.test(text);

/** The id of a channel given by id or by name, `#` or not; undefined when no public channel has that name. */
export async function findChannelId(call: ToolCall, given: string): Promise<string | undefined> {
  if (isChannelId(given)) return given;
  const name = given.replace(/^#/, '');
  for await (const { id, name: found } of channels(call, ['public_channel'])) if (found === name) return id;
  return undefined;
}

export async function requireChannelId(call: ToolCall, given: string): Promise<string> {
  const id = await findChannelId(call, given);
  if (id !== undefined) return id;
  const message = `slack has no public channel "${given}"; a private one must be given by its id`;
  throw new FailureError(failure('SLACK_CHANNEL_NOT_FOUND', message));
}

/** What our messages carry unseen. https://docs.slack.dev/messaging/message-metadata */
export const keyMetadata = (key: string) => ({ event_type: 'breakwater_act', event_payload: { key } });

const message = z.object({
  ts: z.string(),
  metadata: z
    .object({ event_type: z.string(), event_payload: z.record(z.string(), z.unknown()).optional() })
    .optional(),
});
const historyPage = z.object({ messages: z.array(message), response_metadata: nextCursor });

const MESSAGES_A_PAGE = 100;
const MAX_PAGES = 20;

/** The time of the message that was sent under this key; undefined when the channel has none since the run began. */
export async function findMessage(call: ToolCall, channelId: string, key: string): Promise<string | undefined> {
  const since = nothingBefore(call.runId);
  const oldest = since === undefined ? undefined : (since / 1_000).toFixed(6);
  let cursor: string | undefined;
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { messages, response_metadata } = await call.http.request('GET', ['conversations.history'], {
      query: { channel: channelId, include_all_metadata: true, limit: MESSAGES_A_PAGE, oldest, cursor },
      expect: historyPage,
    });
    const ours = messages.find(({ metadata }) => metadata?.event_payload?.['key'] === key);
    if (ours) return ours.ts;
    cursor = response_metadata?.next_cursor || undefined;
    if (cursor === undefined) return undefined;
  }
  throw new FailureError(tooMuch('messages in the channel'));
}

const MAX_TITLE_LENGTH = 200;

/** A file's title with a mark: files carry nothing unseen. */
export function titleWithKey(title: string, key: string): string {
  const mark = ` [bw:${key.slice(0, 12)}]`;
  return title.slice(0, MAX_TITLE_LENGTH - mark.length).replace(/[\uD800-\uDBFF]$/, '') + mark;
}

const file = z.object({ id: z.string(), title: z.string().nullish(), permalink: z.string().nullish() });
export type SlackFile = z.infer<typeof file>;
const filePage = z.object({ files: z.array(file), paging: z.object({ pages: z.int() }) });

/** The file of exactly this title; undefined when there is none since the run began. */
export async function findFile(call: ToolCall, title: string): Promise<SlackFile | undefined> {
  const since = nothingBefore(call.runId);
  const ts_from = since === undefined ? undefined : Math.floor(since / 1_000);
  for (let page = 1; page <= MAX_PAGES; page += 1) {
    const { files, paging } = await call.http.request('GET', ['files.list'], {
      query: { count: 100, page, ts_from },
      expect: filePage,
    });
    const ours = files.find((candidate) => candidate.title === title);
    if (ours || page >= paging.pages) return ours;
  }
  throw new FailureError(tooMuch('files'));
}

// Whether our own is among the rest nobody knows, so nothing may be repeated.
function tooMuch(what: string) {
  const text = `slack has more ${what} since the run began than this client reads, and none of those read is ours`;
  return failure('SLACK_TOO_MUCH_TO_READ', text, { kind: 'theirs', unknown: true });
}
