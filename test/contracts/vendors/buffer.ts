// Buffer's contract: one address, and a document that says what is asked. https://developers.buffer.com
import { expect } from 'vitest';
import { z } from 'zod';
import { ORGANIZATION } from '../../../sandbox/vendors/buffer/account.ts';
import { createBuffer } from '../../../src/tools/buffer.ts';
import { CREDENTIAL, type Act, type Operation, type VendorContract } from '../contract.ts';
import { graphql } from '../descriptions.ts';

const LINKEDIN = '65f0c0de65f0c0de65f0c101';
const TWITTER = '65f0c0de65f0c0de65f0c102';
const KEY = '4b'.repeat(20);
const dueAt = new Date(Date.now() + 86_400_000).toISOString();
const image_urls = ['https://cdn.acme.example/spring.png'];
const usual: Act = { action: 'schedule_post', args: { text: 'Spring is here' }, key: KEY };
const given: Act = { ...usual, args: { text: 'Spring is here', channel_id: TWITTER, due_at: dueAt, image_urls } };

const aPost = { kind: 'post', data: { text: 'Spring is here', status: 'scheduled' } };
const thatPost = { ...aPost, data: { ...aPost.data, channel_id: TWITTER, due_at: dueAt, images: image_urls } };

const text = z.string().min(1);
const organizations = 'POST / Organizations';
const channels = 'POST / Channels';
const create = 'POST / CreatePost';

/** A document by that name with one input. */
function document(name: string, input: z.ZodType, rest: Partial<Operation> = {}): Operation {
  const variables = z.looseObject({ input });
  return { route: `POST / ${name}`, body: z.strictObject({ query: text.includes(name), variables }), ...rest };
}

const byId = z.strictObject({ id: text });
const search = z.strictObject({
  organizationId: text,
  filter: z.strictObject({
    channelIds: z.array(text).optional(),
    createdAt: z.strictObject({ start: z.iso.datetime() }),
  }),
  sort: z.array(z.strictObject({ field: z.literal('createdAt'), direction: z.literal('desc') })).min(1),
});

export const buffer: VendorContract = {
  tool: createBuffer(),
  headers: { authorization: `Bearer ${CREDENTIAL}` },
  nameOf: ({ body }) => /^(?:query|mutation) (\w+)/.exec(documentOf(body))?.[1] ?? 'nothing',
  describe: () => graphql('buffer.graphql'),
  // The wait that Buffer asks for stands in the body, and the double asks for a second.
  statuses: { 429: { kind: 'rate_limit', retryable: true, retryAfterMs: 1_000 } },
  operations: [
    {
      route: organizations,
      body: z.looseObject({ query: text }),
      looks: true,
      optional: { variables: 'the document has none' },
    },
    document('Channels', z.strictObject({ organizationId: text }), { looks: true }),
    document('Channel', byId, { looks: true }),
    document('Posts', search, {
      looks: true,
      optional: { 'variables.first': 'else a page is shorter', 'variables.after': 'null on the first page' },
    }),
    document('Post', byId, { looks: true }),
    document(
      'CreatePost',
      z.strictObject({
        channelId: text,
        text,
        schedulingType: z.literal('automatic'),
        mode: z.literal('customScheduled'),
        dueAt: z.iso.datetime({ offset: true }),
        assets: z.array(z.strictObject({ image: z.strictObject({ url: z.url() }) })),
      }),
      { optional: { 'variables.input.assets.0': 'any number of pictures will do' } },
    ),
    document('DeletePost', byId),
  ],
  refusals: [
    {
      title: 'UNAUTHORIZED',
      strike: {
        kind: 'answer',
        body: { data: null, errors: [{ message: 'Not authorized', extensions: { code: 'UNAUTHORIZED' } }] },
      },
      error: { code: 'BUFFER_UNAUTHORIZED', kind: 'ours', retryable: false },
    },
    {
      title: 'INTERNAL_SERVER_ERROR',
      strike: {
        kind: 'answer',
        body: { errors: [{ message: 'Oops', extensions: { code: 'INTERNAL_SERVER_ERROR' } }] },
      },
      error: { code: 'BUFFER_INTERNAL_SERVER_ERROR', kind: 'theirs', retryable: true },
    },
  ],
  cases: [
    {
      ...usual,
      title: 'where and when by default',
      sends: [organizations, channels, create],
      answers: { id: expect.any(String), channel_id: LINKEDIN, text: 'Spring is here', status: 'scheduled' },
      leaves: [aPost],
    },
    {
      ...given,
      title: 'where and when as given',
      sends: [create],
      answers: { channel_id: TWITTER, text: 'Spring is here', status: 'scheduled', due_at: dueAt },
      leaves: [thatPost],
    },
    {
      ...given,
      title: 'done before',
      suspect: true,
      after: [given],
      sends: ['POST / Channel', 'POST / Posts'],
      answers: { id: expect.any(String), channel_id: TWITTER, due_at: dueAt },
      leaves: [thatPost],
    },
    {
      title: 'by its id',
      action: 'delete_post',
      args: ([post]) => ({ id: post?.['id'] ?? '' }),
      after: [given],
      sends: ['POST / Post', 'POST / DeletePost'],
      answers: { deleted: true },
      repeated: { deleted: expect.any(Boolean) },
      leaves: [],
    },
    {
      title: 'by its key',
      action: 'delete_post',
      args: { text: 'Spring is here', scheduled_by: KEY },
      after: [usual],
      sends: [organizations, 'POST / Posts', 'POST / DeletePost'],
      answers: { deleted: true },
      leaves: [],
    },
    {
      title: 'of an organization',
      action: 'list_channels',
      args: { organization_id: ORGANIZATION.id },
      sends: [channels],
      answers: { channels: [{ id: LINKEDIN, can_post: true }, { id: TWITTER }, { can_post: false }] },
      leaves: [],
    },
  ],
};

function documentOf(body: unknown): string {
  return z.object({ query: z.string() }).safeParse(body).data?.query ?? '';
}
