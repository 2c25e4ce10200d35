// Slack's Web API: messages, files, channels. https://docs.slack.dev/reference/methods
import { z } from 'zod';
import { FailureError } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import {
  channels,
  findChannelId,
  findFile,
  findMessage,
  isChannelId,
  keyMetadata,
  requireChannelId,
  titleWithKey,
  type SlackFile,
} from './slack-lookup.ts';
import { slackRefusalIn } from './slack-refusal.ts';
import type { Tool, ToolCall } from './tool.ts';

// --- Messages. Slack has no idempotency key; a message's metadata carries ours, unseen by people.

const channelName = z
  .string()
  .min(1)
  .refine((text) => !/^[UW][A-Z0-9]{8,}$/.test(text), { message: 'is a person; give a channel' })
  .describe('The name of a public channel, e.g. "marketing-reviews", or the id of any, e.g. "C024BE91L"');
const timestamp = z
  .string()
  .regex(/^\d+\.\d{6}$/)
  .describe('The ts of the message, e.g. "1355517523.000005"');
const content = {
  text: z.string().min(1).max(40_000).optional().meta({
    description: 'In mrkdwn, for which what a text puts into it is escaped; beside blocks, what notifications show',
    contentMediaType: 'text/x-mrkdwn',
  }),
  blocks: z
    .array(z.record(z.string(), z.json()))
    .min(1)
    .max(50)
    .optional()
    .meta({ description: 'The layout: https://docs.slack.dev/block-kit', contentMediaType: 'text/x-mrkdwn' }),
};
const hasContent = ({ text, blocks }: { text?: string; blocks?: unknown }) =>
  text !== undefined || blocks !== undefined;
const needsContent = { message: 'needs text or blocks' };

const posted = z.object({ channel: z.string(), ts: z.string() });

const messageOutput = z.object({ channel: z.string().describe('The id of the channel'), ts: z.string() });

const sendMessage = defineAction({
  description: 'Posts a message to a channel.',
  input: z.strictObject({ channel: channelName, ...content }).refine(hasContent, needsContent),
  output: messageOutput,
  effect: true,
  idOf: ({ channel, ts }) => `${channel}/${ts}`,
  keyedBy: 'probe',
  async run(call, { channel, text, blocks }) {
    const to = isChannelId(channel) ? channel : `#${channel.replace(/^#/, '')}`;
    const json = { channel: to, text, blocks, metadata: keyMetadata(call.key) };
    return await call.http.request('POST', ['chat.postMessage'], { json, expect: posted });
  },
  async probe(call, { channel }) {
    const id = await findChannelId(call, channel);
    const ts = id && (await findMessage(call, id, call.key));
    return id && ts ? { channel: id, ts } : undefined;
  },
  undo: {
    delete_message: ({ input, result, key }) =>
      result ? { channel: result.channel, ts: result.ts } : { channel: input.channel, sent_by: key },
  },
});

const updateMessage = defineAction({
  description: 'Replaces the content of a message; what it was before is lost.',
  input: z.strictObject({ channel: channelName, ts: timestamp, ...content }).refine(hasContent, needsContent),
  output: messageOutput,
  effect: true,
  idOf: ({ channel, ts }) => `${channel}/${ts}`,
  // The message is named and its content whole: a repeat leaves it as it is.
  keyedBy: 'vendor',
  async run(call, { channel, ts, text, blocks }) {
    const json = { channel: await requireChannelId(call, channel), ts, text, blocks };
    return await call.http.request('POST', ['chat.update'], { json, expect: posted });
  },
});

const deleteMessage = defineAction({
  description: 'Deletes a message that the app posted; content when there is none.',
  input: z
    .strictObject({
      channel: channelName,
      ts: timestamp.optional(),
      sent_by: z.string().min(1).optional().describe('The key it was sent under, where its ts is not known'),
    })
    .refine(({ ts, sent_by }) => ts !== undefined || sent_by !== undefined, { message: 'needs ts or sent_by' }),
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, { channel, ts, sent_by = '' }) {
    const id = await findChannelId(call, channel);
    const target = id && (ts ?? (await findMessage(call, id, sent_by)));
    if (!id || !target) return { deleted: false };
    return {
      deleted: await isDone(remove(call, 'chat.delete', { channel: id, ts: target }), 'SLACK_MESSAGE_NOT_FOUND'),
    };
  },
});

const sendEphemeral = defineAction({
  description: 'Shows a message in a channel to one person only, until they reload; nobody can look for it later.',
  input: z
    .strictObject({
      channel: channelName,
      user: z
        .string()
        .regex(/^[UW][A-Z0-9]{8,}$/)
        .describe('The member id, e.g. "U0123ABCDEF"'),
      ...content,
    })
    .refine(hasContent, needsContent),
  output: z.object({ message_ts: z.string() }),
  effect: true,
  keyedBy: 'none',
  async run(call, { channel, user, text, blocks }) {
    const json = { channel: await requireChannelId(call, channel), user, text, blocks };
    return await call.http.request('POST', ['chat.postEphemeral'], {
      json,
      expect: z.object({ message_ts: z.string() }),
    });
  },
});

async function remove(call: ToolCall, method: string, json: Readonly<Record<string, string>>): Promise<void> {
  await call.http.request('POST', [method], { json, expect: z.object({ ok: z.literal(true) }) });
}

/** Was there something to remove? Slack refuses to remove what is gone; to us that is no failure. */
async function isDone(removal: Promise<void>, ...gone: readonly string[]): Promise<boolean> {
  try {
    await removal;
    return true;
  } catch (error) {
    if (error instanceof FailureError && gone.includes(error.failure.code)) return false;
    throw error;
  }
}

// --- Files. https://docs.slack.dev/messaging/working-with-files: a place to put the bytes, the bytes, then what they are.

const uploadInput = z
  .strictObject({
    channel: channelName,
    filename: z.string().min(1).max(255).describe('With its ending, e.g. "brief.md"'),
    title: z.string().min(1).optional().describe('By default the filename; a short mark is added to it'),
    content: z.string().min(1).optional().describe('The file as text'),
    content_base64: z.base64().min(1).optional().describe('The file as bytes'),
  })
  .refine(({ content: text, content_base64 }) => (text === undefined) !== (content_base64 === undefined), {
    message: 'needs either content or content_base64',
  });
type UploadInput = z.infer<typeof uploadInput>;

const uploadOutput = z.object({ id: z.string(), title: z.string(), permalink: z.string().nullable() });

const markedTitle = ({ title, filename }: UploadInput, key: string) => titleWithKey(title ?? filename, key);

const toOutput = ({ id, permalink }: SlackFile, title: string) => ({ id, title, permalink: permalink ?? null });

const uploadFile = defineAction({
  description: 'Uploads a file and shares it in a channel.',
  input: uploadInput,
  output: uploadOutput,
  effect: true,
  idOf: ({ id }) => id,
  keyedBy: 'probe',
  async run(call, input) {
    const channel_id = await requireChannelId(call, input.channel);
    const id = await putBytes(call, input.filename, bytesOf(input));
    const title = markedTitle(input, call.key);
    const { files } = await call.http.request('POST', ['files.completeUploadExternal'], {
      json: { files: [{ id, title }], channel_id },
      expect: z.object({ files: z.array(z.object({ id: z.string(), permalink: z.string().nullish() })).min(1) }),
    });
    return toOutput({ ...files[0], id }, title);
  },
  async probe(call, input) {
    const title = markedTitle(input, call.key);
    const found = await findFile(call, title);
    return found && toOutput(found, title);
  },
  undo: {
    delete_file: ({ input, result, key }) => (result ? { id: result.id } : { title: markedTitle(input, key) }),
  },
});

function bytesOf({ content: text = '', content_base64 }: UploadInput): Buffer {
  return content_base64 === undefined ? Buffer.from(text, 'utf8') : Buffer.from(content_base64, 'base64');
}

/** The id of the file-to-be; until it is completed, Slack shows it to nobody and forgets it after a while. */
async function putBytes(call: ToolCall, filename: string, bytes: Buffer): Promise<string> {
  const place = await call.http.request('GET', ['files.getUploadURLExternal'], {
    query: { filename, length: bytes.length },
    expect: z.object({ upload_url: z.string(), file_id: z.string() }),
  });
  await call.http.upload(place.upload_url, bytes);
  return place.file_id;
}

const deleteFile = defineAction({
  description: 'Deletes a file; content when there is none.',
  input: z
    .strictObject({
      id: z.string().min(1).optional().describe('The id of the file'),
      title: z.string().min(1).optional().describe('Its whole title, mark included, where the id is not known'),
    })
    .refine(({ id, title }) => id !== undefined || title !== undefined, { message: 'needs id or title' }),
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, { id, title = '' }) {
    const target = id ?? (await findFile(call, title))?.id;
    if (target === undefined) return { deleted: false };
    const removal = remove(call, 'files.delete', { file: target });
    return { deleted: await isDone(removal, 'SLACK_FILE_NOT_FOUND', 'SLACK_FILE_DELETED') };
  },
});

// --- Channels

const listChannels = defineAction({
  description: 'Lists the channels that the app can see.',
  input: z.strictObject({
    types: z
      .array(z.enum(['public_channel', 'private_channel']))
      .min(1)
      .default(['public_channel']),
    limit: z.int().min(1).max(5_000).default(1_000).describe('At most so many channels'),
  }),
  output: z.object({
    channels: z.array(z.object({ id: z.string(), name: z.string(), is_private: z.boolean(), is_member: z.boolean() })),
  }),
  effect: false,
  keyedBy: 'none',
  async run(call, { types, limit }) {
    const found = [];
    for await (const channel of channels(call, types)) {
      found.push(channel);
      if (found.length === limit) break;
    }
    return { channels: found };
  },
});

// Clients of Slack are configured with or without /api at the end of the address.
function withApi(url: string): string {
  const bare = url.replace(/\/+$/, '');
  return bare.endsWith('/api') ? bare : `${bare}/api`;
}

export const slack = {
  name: 'slack',
  vendor: {
    baseUrl: 'https://slack.com/api',
    normalizeBaseUrl: withApi,
    credentials: {
      names: ['SLACK_BOT_TOKEN'],
      headers: (values) => ({ authorization: `Bearer ${values['SLACK_BOT_TOKEN']}` }),
    },
    refusalIn: slackRefusalIn,
    uploadOrigins: ['https://files.slack.com'],
  },
  actions: {
    send_message: sendMessage,
    update_message: updateMessage,
    send_ephemeral: sendEphemeral,
    delete_message: deleteMessage,
    upload_file: uploadFile,
    delete_file: deleteFile,
    list_channels: listChannels,
  },
} satisfies Tool;
