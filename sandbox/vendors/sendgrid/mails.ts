// Single mails: accepted at once, without an answer, and found again in the Email Activity by the arguments that went along.
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, Surroundings, VendorRequest } from '../../vendor.ts';
import { SENDER } from './audience.ts';
import { parseBody, refuseFields } from './refusals.ts';

const address = z.object({ email: z.email(), name: z.string().optional() });
const toggle = z.object({ enable: z.boolean().optional(), enable_text: z.boolean().optional() });
const personalization = z.object({
  to: z.array(address).min(1),
  custom_args: z.record(z.string(), z.string()).optional(),
});
const mailSchema = z.object({
  personalizations: z.array(personalization).min(1),
  from: address,
  subject: z.string().min(1),
  content: z.array(z.object({ type: z.enum(['text/plain', 'text/html']), value: z.string().min(1) })).min(1),
  tracking_settings: z.object({ click_tracking: toggle.optional(), open_tracking: toggle.optional() }).optional(),
});
type Mail = z.infer<typeof mailSchema>;

interface SentMail {
  readonly id: string;
  readonly mail: Mail;
}

export function mailRoutes(surroundings: Surroundings): Route[] {
  const sent: SentMail[] = [];
  return [
    route('POST', '/v3/mail/send', ({ body }) => accept(surroundings, sent, parseBody(mailSchema, body))),
    route('GET', '/v3/messages', (request) => search(sent, request)),
  ];
}

function accept({ ledger }: Surroundings, sent: SentMail[], mail: Mail): Answer {
  if (mail.from.email !== SENDER.from_email) {
    const message = 'The from address does not match a verified Sender Identity.';
    refuseFields([{ message, field: 'from' }]);
  }
  const id = randomBytes(11).toString('base64url');
  sent.push({ id, mail });
  const { personalizations, from, subject, content, tracking_settings: tracking = {} } = mail;
  const bodyOf = (type: string) => content.find((part) => part.type === type)?.value ?? null;
  ledger.created('mail', id, {
    to: personalizations.flatMap(({ to }) => to.map(({ email }) => email)),
    from: from.email,
    subject,
    text: bodyOf('text/plain'),
    html: bodyOf('text/html'),
    custom_args: argsOf(mail),
    click_tracking: tracking.click_tracking?.enable ?? true,
  });
  return { status: 202, headers: { 'x-message-id': id } };
}

function argsOf({ personalizations }: Mail): Record<string, string> {
  return Object.fromEntries(personalizations.flatMap(({ custom_args: args = {} }) => Object.entries(args)));
}

const UNIQUE_ARG = /^\(unique_args\['([^']+)'\]="([^"]*)"\)$/;

function search(sent: readonly SentMail[], { query }: VendorRequest): Answer {
  const [, name, value] = UNIQUE_ARG.exec(query.get('query') ?? '') ?? [];
  if (name === undefined) refuseFields([{ message: 'invalid filter_conditions', field: 'query' }]);
  const found = sent.filter(({ mail }) => argsOf(mail)[name ?? ''] === value);
  return { status: 200, body: { messages: found.slice(0, Number(query.get('limit') ?? 10)).map(messageBody) } };
}

function messageBody({ id, mail }: SentMail) {
  const [to] = mail.personalizations.flatMap((each) => each.to);
  return { msg_id: id, from_email: mail.from.email, to_email: to?.email, subject: mail.subject, status: 'delivered' };
}
