// chat.*: messages posted, changed and deleted. Metadata is kept and shown to whoever asks for it; it is no idempotency key.
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import { parseArguments, refuse } from './refusals.ts';
import { BOT, channelById, channelByIdOrName, messageKey, type Message, type Workspace } from './workspace.ts';

const blocks = z.preprocess(fromJsonText, z.array(z.record(z.string(), z.json())).max(50));
const metadata = z.preprocess(
  fromJsonText,
  z.object({ event_type: z.string().min(1), event_payload: z.record(z.string(), z.json()) }),
);

// In a form, structured arguments arrive as text.
function fromJsonText(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch (error) {
    if (error instanceof SyntaxError) return refuse('invalid_arguments', '[ERROR] invalid JSON');
    throw error;
  }
}

const postSchema = z.object({
  channel: z.string().min(1),
  text: z.string().optional(),
  blocks: blocks.optional(),
  metadata: metadata.optional(),
});
const MAX_TEXT_LENGTH = 40_000;

export function postMessage(workspace: Workspace, given: JsonObject): JsonObject {
  const { channel: to, text = '', blocks: layout, metadata: extra } = parseArguments(postSchema, given);
  const channel = channelByIdOrName(workspace, to);
  checkContent(text, layout);
  const shown = { text, ...(layout && { blocks: layout }), ...(extra && { metadata: extra }) };
  const message: Message = { ts: workspace.nextTs(), channel: channel.id, ...shown };
  const key = messageKey(channel.id, message.ts);
  workspace.messages.set(key, message);
  workspace.holds.set(key, workspace.ledger.created('message', message.ts, ledgerData(workspace, message)));
  return { ok: true, channel: channel.id, ts: message.ts, message: messageBody(message) };
}

function checkContent(text: string, layout: readonly unknown[] | undefined): void {
  if (text.trim() === '' && !layout?.length) refuse('no_text');
  if (text.length > MAX_TEXT_LENGTH) refuse('msg_too_long');
}

const ephemeralSchema = z.object({
  channel: z.string().min(1),
  user: z.string().min(1),
  text: z.string().optional(),
  blocks: blocks.optional(),
});

/** One person sees it for a while: nothing is left of it, so that there is nothing to enter. */
export function postEphemeral(workspace: Workspace, given: JsonObject): JsonObject {
  const { channel: to, user, text = '', blocks: layout } = parseArguments(ephemeralSchema, given);
  channelByIdOrName(workspace, to);
  if (!/^[UW]/.test(user)) refuse('user_not_in_channel');
  checkContent(text, layout);
  return { ok: true, message_ts: workspace.nextTs() };
}

const updateSchema = z.object({
  channel: z.string().min(1),
  ts: z.string().min(1),
  text: z.string().optional(),
  blocks: blocks.optional(),
});

/** Text without blocks takes the blocks away; blocks without text leave the text. Metadata stays. */
export function updateMessage(workspace: Workspace, given: JsonObject): JsonObject {
  const { channel, ts, text, blocks: layout } = parseArguments(updateSchema, given);
  const { blocks: _, ...before } = findMessage(workspace, channel, ts);
  const after: Message = { ...before, text: text ?? before.text, ...(layout && { blocks: layout }) };
  checkContent(after.text, layout);
  workspace.messages.set(messageKey(channel, ts), after);
  workspace.holds.get(messageKey(channel, ts))?.updated(ledgerData(workspace, after));
  return { ok: true, channel, ts, text: after.text, message: messageBody(after) };
}

const deleteSchema = z.object({ channel: z.string().min(1), ts: z.coerce.string().min(1) });

export function deleteMessage(workspace: Workspace, given: JsonObject): JsonObject {
  const { channel, ts } = parseArguments(deleteSchema, given);
  findMessage(workspace, channel, ts);
  removeMessage(workspace, channel, ts);
  return { ok: true, channel, ts };
}

export function removeMessage({ messages, holds }: Workspace, channel: string, ts: string): void {
  messages.delete(messageKey(channel, ts));
  holds.get(messageKey(channel, ts))?.removed();
}

function findMessage(workspace: Workspace, channel: string, ts: string): Message {
  channelById(workspace, channel);
  return workspace.messages.get(messageKey(channel, ts)) ?? refuse('message_not_found');
}

export function messageBody({ ts, text, blocks: layout }: Message): JsonObject {
  const author = { user: BOT.user, bot_id: BOT.bot, team: BOT.team };
  return { type: 'message', ...author, ts, text, ...(layout && { blocks: layout }) };
}

function ledgerData({ channels }: Workspace, message: Message): JsonObject {
  const { channel, text, blocks: layout = null, metadata: extra = null } = message;
  const name = channels.find(({ id }) => id === channel)?.name ?? null;
  return { channel, channel_name: name, text, blocks: layout, metadata: extra };
}
