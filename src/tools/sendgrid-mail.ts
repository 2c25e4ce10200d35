// Twilio SendGrid's single mails. https://www.twilio.com/docs/sendgrid/api-reference/mail-send
import { z } from 'zod';
import { failure, FailureError, type Failure } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import type { ToolCall } from './tool.ts';

const mailInput = z
  .strictObject({
    to: z.email().describe('One address'),
    subject: z.string().min(1).max(998),
    text: z.string().min(1).optional().describe('The body as plain text'),
    html: z.string().min(1).optional().describe('The body as HTML'),
    from: z.email().optional().describe('A verified sender; by default the first one of the account'),
  })
  .refine(({ html, text }) => html !== undefined || text !== undefined, { message: 'needs html or text' });
type MailInput = z.infer<typeof mailInput>;

/** The id by which SendGrid's Email Activity knows the mail; null where it has just been accepted. */
const mailOutput = z.object({ to: z.string(), message_id: z.string().nullable() });

/** The name under which our key goes along with the mail, unseen by who reads it. */
const KEY_NAME = 'breakwater_key';

export const sendMail = defineAction({
  description: 'Sends one mail to one address. It cannot be taken back.',
  input: mailInput,
  output: mailOutput,
  effect: true,
  idOf: ({ message_id: id }) => id,
  // SendGrid has no idempotency key; its Email Activity, where the account has it, finds a mail by ours.
  keyedBy: 'probe',
  async run(call, input) {
    const json = mailBody(input, input.from ?? (await firstSender(call)), call.key);
    await call.http.request('POST', ['v3', 'mail', 'send'], { json, expect: z.unknown() });
    return { to: input.to, message_id: null };
  },
  async probe(call, { to }) {
    const query = { query: `(unique_args['${KEY_NAME}']="${call.key}")`, limit: 1 };
    const expect = z.object({ messages: z.array(z.object({ msg_id: z.string() })) });
    const { messages } = await call.http.request('GET', ['v3', 'messages'], { query, expect });
    return messages[0] && { to, message_id: messages[0].msg_id };
  },
});

// Tracking would lead links over an address of SendGrid's, and so show whoever has one to its logs.
function mailBody({ to, subject, text, html }: MailInput, from: string, key: string) {
  const content = [
    { type: 'text/plain', value: text },
    { type: 'text/html', value: html },
  ];
  return {
    personalizations: [{ to: [{ email: to }], custom_args: { [KEY_NAME]: key } }],
    from: { email: from },
    subject,
    content: content.filter(({ value }) => value !== undefined),
    tracking_settings: {
      click_tracking: { enable: false, enable_text: false },
      open_tracking: { enable: false },
    },
  };
}

async function firstSender(call: ToolCall): Promise<string> {
  const expect = z.object({ results: z.array(z.object({ from_email: z.string(), verified: z.boolean() })) });
  const { results } = await call.http.request('GET', ['v3', 'verified_senders'], { expect });
  const sender = results.find(({ verified }) => verified);
  if (!sender) throw new FailureError(noSender());
  return sender.from_email;
}

function noSender(): Failure {
  return failure('SENDGRID_NO_SENDER', 'The account has no verified sender: verify one at SendGrid, or give "from"');
}
