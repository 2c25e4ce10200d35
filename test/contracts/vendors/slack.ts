// Slack's contract. https://docs.slack.dev/reference/methods
import { expect } from 'vitest';
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import { slack as tool } from '../../../src/tools/slack.ts';
import { CREDENTIAL, type Act, type VendorContract } from '../contract.ts';
import { openApi } from '../descriptions.ts';

const REVIEWS = 'C01MKTREVIEW';
const KEY = '3d'.repeat(20);
const TITLE = `Spring brief [bw:${KEY.slice(0, 12)}]`;
const section = { type: 'section', text: { type: 'mrkdwn', text: '*Spring*' } };
const message: Act = { action: 'send_message', args: { channel: REVIEWS, text: 'Please review' }, key: KEY };
const upload: Act = {
  action: 'upload_file',
  args: { channel: '#marketing-reviews', filename: 'brief.md', content: '# Brief', title: 'Spring brief' },
  key: KEY,
};

const ts = expect.stringMatching(/^\d{10}\.\d{6}$/);
const metadata = { event_type: 'breakwater_act', event_payload: { key: KEY } };
const aMessage = { kind: 'message', data: { channel: REVIEWS, text: 'Please review', metadata } };
const aFile = { kind: 'file', data: { name: 'brief.md', title: TITLE, channel: REVIEWS, content: '# Brief' } };
const sent = ([act]: readonly JsonObject[]) => ({ channel: REVIEWS, ts: act?.['ts'] ?? '' });

const CHANNELS = 'GET /api/conversations.list?types=public_channel&exclude_archived=true&limit=200';
const HISTORY = `GET /api/conversations.history?channel=${REVIEWS}&include_all_metadata=true&limit=100&oldest=<start>`;
const FILES = 'GET /api/files.list?count=100&page=1&ts_from=<start>';

const text = z.string().min(1);
const layout = { text: text.optional(), blocks: z.array(z.looseObject({ type: text })).optional() };
const ok = { ok: z.literal(true) };

export const slack: VendorContract = {
  tool,
  headers: { authorization: `Bearer ${CREDENTIAL}` },
  describe: () =>
    openApi('slack.json', {
      apiRoot: '/api',
      refusesWith200: true,
      lapses: [
        // Newer than the description of 2021.
        /^\/query must NOT have additional properties$/,
        // As a number it would lose the zeros at its end; Slack's own reference and clients have it as text.
        /^\/requestBody\/ts must be number$/,
      ],
    }),
  operations: [
    {
      route: 'POST /api/chat.postMessage',
      body: z.strictObject({
        channel: text,
        ...layout,
        metadata: z.strictObject({ event_type: text, event_payload: z.strictObject({ key: text }) }),
      }),
    },
    { route: 'POST /api/chat.update', body: z.strictObject({ channel: text, ts: text, ...layout }) },
    {
      route: 'POST /api/chat.postEphemeral',
      body: z.strictObject({ channel: text, user: text, ...layout }),
    },
    { route: 'POST /api/chat.delete', body: z.strictObject({ channel: text, ts: text }) },
    { route: 'GET /api/conversations.list' },
    {
      route: 'GET /api/conversations.history',
      // The description knows no metadata, and no channel without messages.
      answer: z.looseObject({
        ...ok,
        messages: z.array(z.looseObject({ type: z.literal('message'), ts: text, text: z.string() })),
        has_more: z.boolean(),
      }),
    },
    { route: 'POST /api/files.delete', body: z.strictObject({ file: text }) },
    // Not in the description.
    {
      route: 'GET /api/files.getUploadURLExternal',
      answer: z.looseObject({ ...ok, upload_url: z.url(), file_id: text }),
    },
    { route: 'POST /upload/v1/{place}', body: z.string(), open: true, looks: true, answerUnread: true },
    {
      route: 'POST /api/files.completeUploadExternal',
      body: z.strictObject({ files: z.array(z.strictObject({ id: text, title: text })).min(1), channel_id: text }),
      answer: z.looseObject({ ...ok, files: z.array(z.looseObject({ id: text, title: text })) }),
    },
    {
      route: 'GET /api/files.list',
      answer: z.looseObject({
        ...ok,
        files: z.array(z.looseObject({ id: text, title: text })),
        paging: z.looseObject({ count: z.int(), total: z.int(), page: z.int(), pages: z.int() }),
      }),
    },
  ],
  refusals: [
    {
      title: 'invalid_auth',
      strike: { kind: 'answer', body: { ok: false, error: 'invalid_auth' } },
      error: { code: 'SLACK_INVALID_AUTH', kind: 'ours', retryable: false },
    },
    {
      title: 'ratelimited and a Retry-After',
      strike: { kind: 'answer', body: { ok: false, error: 'ratelimited' }, headers: { 'retry-after': '2' } },
      error: { code: 'SLACK_RATELIMITED', kind: 'rate_limit', retryable: true, retryAfterMs: 2_000 },
    },
  ],
  cases: [
    {
      ...message,
      title: 'a text',
      sends: ['POST /api/chat.postMessage'],
      answers: { channel: REVIEWS, ts },
      leaves: [aMessage],
    },
    {
      ...message,
      title: 'blocks',
      args: { channel: 'marketing-reviews', text: 'Spring', blocks: [section] },
      sends: ['POST /api/chat.postMessage'],
      answers: { channel: REVIEWS, ts },
      leaves: [{ kind: 'message', data: { channel: REVIEWS, text: 'Spring', blocks: [section], metadata } }],
    },
    {
      ...message,
      title: 'done before',
      args: { channel: 'marketing-reviews', text: 'Please review' },
      suspect: true,
      after: [message],
      sends: [CHANNELS, HISTORY],
      answers: { channel: REVIEWS, ts },
      leaves: [aMessage],
    },
    {
      title: 'of a message',
      action: 'update_message',
      args: (acts) => ({ ...sent(acts), text: 'Approved' }),
      after: [message],
      sends: ['POST /api/chat.update'],
      answers: { channel: REVIEWS, ts },
      leaves: [{ ...aMessage, data: { ...aMessage.data, text: 'Approved' } }],
    },
    {
      title: 'to one person',
      action: 'send_ephemeral',
      args: { channel: REVIEWS, user: 'U01REVIEWER1', text: 'Only you see this' },
      sends: ['POST /api/chat.postEphemeral'],
      answers: { message_ts: ts },
      repeated: { message_ts: ts },
      leaves: [],
    },
    {
      title: 'by its time',
      action: 'delete_message',
      args: sent,
      after: [message],
      sends: ['POST /api/chat.delete'],
      answers: { deleted: true },
      repeated: { deleted: expect.any(Boolean) },
      leaves: [],
    },
    {
      title: 'by its key',
      action: 'delete_message',
      args: { channel: 'marketing-reviews', sent_by: KEY },
      after: [message],
      sends: [CHANNELS, HISTORY, 'POST /api/chat.delete'],
      answers: { deleted: true },
      leaves: [],
    },
    {
      ...upload,
      title: 'a text',
      sends: [
        CHANNELS,
        'GET /api/files.getUploadURLExternal?filename=brief.md&length=7',
        'POST /upload/v1/<place>',
        'POST /api/files.completeUploadExternal',
      ],
      answers: { id: expect.any(String), title: TITLE, permalink: expect.any(String) },
      leaves: [aFile],
    },
    {
      ...upload,
      title: 'done before',
      suspect: true,
      after: [upload],
      sends: [FILES],
      answers: { id: expect.any(String), title: TITLE },
      leaves: [aFile],
    },
    {
      title: 'by its id',
      action: 'delete_file',
      args: ([file]) => ({ id: file?.['id'] ?? '' }),
      after: [upload],
      sends: ['POST /api/files.delete'],
      answers: { deleted: true },
      repeated: { deleted: expect.any(Boolean) },
      leaves: [],
    },
    {
      title: 'by its title',
      action: 'delete_file',
      args: { title: TITLE },
      after: [upload],
      sends: [FILES, 'POST /api/files.delete'],
      answers: { deleted: true },
      leaves: [],
    },
    {
      title: 'all that are public',
      action: 'list_channels',
      args: {},
      sends: [CHANNELS],
      answers: { channels: [{ name: 'general' }, { name: 'marketing' }, { id: REVIEWS, name: 'marketing-reviews' }] },
      leaves: [],
    },
  ],
};
