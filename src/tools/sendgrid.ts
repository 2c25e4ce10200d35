// Twilio SendGrid as a tool, and its Single Sends: one e-mail to contact lists at a time. https://www.twilio.com/docs/sendgrid/api-reference/single-sends
import { z } from 'zod';
import { failure, FailureError, systemClock, type Clock, type Failure } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import { sendMail } from './sendgrid-mail.ts';
import { PARTLY, type Tool, type ToolCall } from './tool.ts';

const SINGLE_SENDS = ['v3', 'marketing', 'singlesends'] as const;

const singleSend = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['draft', 'scheduled', 'triggered']),
  send_at: z.string().nullish(),
});
type SingleSend = z.infer<typeof singleSend>;

const searchAnswer = z.object({ result: z.array(singleSend).nullish() });

// SendGrid has no idempotency key; the name carries ours, so that an earlier attempt's Single Send is found again.
const MAX_NAME_LENGTH = 100;

function nameWithKey(name: string, key: string): string {
  const mark = ` [bw:${key.slice(0, 12)}]`;
  // A character outside the basic plane takes two places; half of one is dropped.
  const cut = name.slice(0, MAX_NAME_LENGTH - mark.length).replace(/[\uD800-\uDBFF]$/, '');
  return cut + mark;
}

async function findByName(call: ToolCall, name: string): Promise<SingleSend | undefined> {
  const answer = await call.http.request('POST', [...SINGLE_SENDS, 'search'], {
    query: { page_size: 100 },
    json: { name },
    changes: false,
    expect: searchAnswer,
  });
  // The search is by part of the name.
  const found = answer.result?.filter((send) => send.name === name) ?? [];
  return found.find(({ status }) => status !== 'draft') ?? found[0];
}

const sendInput = z
  .strictObject({
    name: z.string().min(1).describe('The name of the Single Send; a short mark is added to it'),
    subject: z.string().min(1),
    html: z
      .string()
      .min(1)
      .optional()
      .meta({ description: 'The body as HTML; what a text puts into it is escaped', contentMediaType: 'text/html' }),
    text: z.string().min(1).optional().describe('The body as plain text; by default made from the HTML'),
    list_ids: z.array(z.string()).max(50).optional().describe('Contact lists to send to'),
    segment_ids: z.array(z.string()).max(10).optional().describe('Contact segments to send to'),
    all: z.boolean().optional().describe('Send to all contacts'),
    sender_id: z.int().optional().describe('The verified sender; by default the first one of the account'),
    suppression_group_id: z
      .int()
      .optional()
      .describe('The unsubscribe group; by default the default one of the account, else its first'),
    custom_unsubscribe_url: z.url().optional(),
    categories: z.array(z.string()).max(10).optional(),
    send_at: z.iso
      .datetime({ offset: true })
      .nullish()
      .describe('When to send; by default in 10 minutes, so that it can be undone'),
  })
  .refine(({ html, text }) => html !== undefined || text !== undefined, { message: 'needs html or text' })
  .refine(({ list_ids, segment_ids, all }) => all === true || (list_ids ?? segment_ids ?? []).length > 0, {
    message: 'needs list_ids, segment_ids or all: true',
  });
type SendInput = z.infer<typeof sendInput>;

const sendOutput = z.object({
  id: z.string(),
  name: z.string(),
  status: z.enum(['scheduled', 'triggered']),
  send_at: z.string(),
});
type SendOutput = z.infer<typeof sendOutput>;

const DEFAULT_LEAD_MS = 10 * 60_000;

function sendAt(input: SendInput, clock: Clock): string {
  return input.send_at ?? new Date(clock.now() + DEFAULT_LEAD_MS).toISOString();
}

async function createDraft(call: ToolCall, input: SendInput): Promise<SingleSend> {
  const {
    subject,
    html,
    text,
    list_ids,
    segment_ids,
    all,
    sender_id,
    suppression_group_id,
    custom_unsubscribe_url,
    categories,
  } = input;
  const ownUnsubscribe = suppression_group_id !== undefined || custom_unsubscribe_url !== undefined;
  const json = {
    name: nameWithKey(input.name, call.key),
    categories,
    send_to: { list_ids, segment_ids, all },
    email_config: {
      subject,
      html_content: html,
      plain_content: text,
      generate_plain_content: text === undefined,
      sender_id: sender_id ?? (await firstSender(call)),
      suppression_group_id: ownUnsubscribe ? suppression_group_id : await defaultGroup(call),
      custom_unsubscribe_url,
    },
  };
  return await call.http.request('POST', SINGLE_SENDS, { json, expect: singleSend });
}

// Without a sender and a way to unsubscribe SendGrid takes the draft but refuses to schedule it.
async function firstSender(call: ToolCall): Promise<number | undefined> {
  const expect = z.object({ results: z.array(z.object({ id: z.int(), verified: z.boolean() })) });
  const { results } = await call.http.request('GET', ['v3', 'verified_senders'], { expect });
  return results.find((sender) => sender.verified)?.id;
}

async function defaultGroup(call: ToolCall): Promise<number | undefined> {
  const expect = z.array(z.object({ id: z.int(), is_default: z.boolean().nullish() }));
  const groups = await call.http.request('GET', ['v3', 'asm', 'groups'], { expect });
  return (groups.find((group) => group.is_default) ?? groups[0])?.id;
}

const sendPath = (id: string) => [...SINGLE_SENDS, id];

function sendCampaign(clock: Clock) {
  return defineAction({
    description: 'Creates a Single Send and schedules it.',
    input: sendInput,
    output: sendOutput,
    effect: true,
    idOf: ({ id }) => id,
    keyedBy: 'probe',
    // Two requests: an attempt that died between them left a draft, which this one goes on with.
    async run(call, input): Promise<SendOutput> {
      const own = (await findByName(call, nameWithKey(input.name, call.key))) ?? (await createDraft(call, input));
      const done = asSent(own);
      if (done) return done;
      const at = sendAt(input, clock);
      const expect = z.object({ status: z.enum(['scheduled', 'triggered']), send_at: z.string().nullish() });
      const scheduled = await call.http.request('PUT', [...sendPath(own.id), 'schedule'], {
        json: { send_at: at },
        expect,
      });
      return { id: own.id, name: own.name, status: scheduled.status, send_at: scheduled.send_at ?? at };
    },
    async probe(call, input) {
      const own = await findByName(call, nameWithKey(input.name, call.key));
      return own && (asSent(own) ?? PARTLY);
    },
    undo: {
      unschedule_campaign: ({ input, result, key }) =>
        result ? { id: result.id } : { name: nameWithKey(input.name, key) },
    },
  });
}

function asSent({ id, name, status, send_at }: SingleSend): SendOutput | undefined {
  return status === 'draft' ? undefined : { id, name, status, send_at: send_at ?? '' };
}

const unscheduleInput = z
  .strictObject({
    id: z.string().min(1).optional().describe('The id of the Single Send'),
    name: z.string().min(1).optional().describe('Its whole name, mark included, where the id is not known'),
  })
  .refine(({ id, name }) => id !== undefined || name !== undefined, { message: 'needs id or name' });

const unscheduleCampaign = defineAction({
  description:
    'Unschedules a Single Send and deletes it; content when there is none. One that was sent already is refused.',
  input: unscheduleInput,
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, { id, name }) {
    const target =
      id === undefined
        ? await findByName(call, name ?? '')
        : await call.http.find(sendPath(id), { expect: singleSend });
    if (!target) return { deleted: false };
    if (target.status === 'triggered') throw new FailureError(alreadySent(target));
    if (target.status === 'scheduled') await call.http.remove([...sendPath(target.id), 'schedule']);
    return { deleted: await call.http.remove(sendPath(target.id)) };
  },
});

function alreadySent({ id, name }: SingleSend): Failure {
  return failure(
    'SENDGRID_ALREADY_SENT',
    `The Single Send "${name}" (${id}) was sent already; e-mail cannot be taken back`,
  );
}

export function createSendgrid(clock: Clock = systemClock) {
  return {
    name: 'sendgrid',
    vendor: {
      baseUrl: 'https://api.sendgrid.com',
      credentials: {
        names: ['SENDGRID_API_KEY'],
        headers: (values) => ({ authorization: `Bearer ${values['SENDGRID_API_KEY']}` }),
      },
    },
    actions: { send_campaign: sendCampaign(clock), unschedule_campaign: unscheduleCampaign, send_mail: sendMail },
  } satisfies Tool;
}
