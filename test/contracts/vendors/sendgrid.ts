// SendGrid's contract. https://www.twilio.com/docs/sendgrid/api-reference/single-sends
import { expect } from 'vitest';
import { z } from 'zod';
import { LISTS } from '../../../sandbox/vendors/sendgrid/audience.ts';
import { createSendgrid } from '../../../src/tools/sendgrid.ts';
import { CREDENTIAL, type Act, type VendorContract } from '../contract.ts';
import { anyOf, openApi } from '../descriptions.ts';

const KEY = '5e'.repeat(20);
const NAME = `Spring launch [bw:${KEY.slice(0, 12)}]`;
const about = { name: 'Spring launch', subject: 'Spring is here', html: '<p>Spring</p>', list_ids: [LISTS[0].id] };
const send: Act = { action: 'send_campaign', args: about, key: KEY };
const sendAt = new Date(Date.now() + 86_400_000).toISOString();

const BASE = '/v3/marketing/singlesends';
const SEARCH = `POST ${BASE}/search?page_size=100`;
const aCampaign = {
  kind: 'campaign',
  data: {
    name: NAME,
    status: 'scheduled',
    subject: 'Spring is here',
    html_content: '<p>Spring</p>',
    send_to: { list_ids: [LISTS[0].id] },
  },
};
const scheduled = { id: expect.any(String), name: NAME, status: 'scheduled', send_at: expect.any(String) };

const mail: Act = {
  action: 'send_mail',
  args: { to: 'lead@example.com', subject: 'Approval requested', text: 'Read it', html: '<p>Read it</p>' },
  key: KEY,
};
const aMail = {
  kind: 'mail',
  data: {
    to: ['lead@example.com'],
    from: 'hello@acme.example',
    subject: 'Approval requested',
    text: 'Read it',
    html: '<p>Read it</p>',
    custom_args: { breakwater_key: KEY },
    click_tracking: false,
  },
};
const ACTIVITY = `GET /v3/messages?query=(unique_args['breakwater_key']="${KEY}")&limit=1`;

const text = z.string().min(1);
const email = z.strictObject({
  subject: text,
  html_content: text.optional(),
  plain_content: text.optional(),
  generate_plain_content: z.boolean(),
  sender_id: z.int(),
  suppression_group_id: z.int().optional(),
  custom_unsubscribe_url: z.url().optional(),
});

export const sendgrid: VendorContract = {
  tool: createSendgrid(),
  headers: { authorization: `Bearer ${CREDENTIAL}` },
  describe: () => anyOf(openApi('sendgrid-singlesends.json'), openApi('sendgrid-mail.json')),
  operations: [
    // By its name alone: without one SendGrid finds everything.
    { route: `POST ${BASE}/search`, body: z.strictObject({ name: text }), looks: true },
    {
      route: `POST ${BASE}`,
      body: z.strictObject({
        name: text.max(100),
        categories: z.array(text).optional(),
        send_to: z.strictObject({ list_ids: z.array(z.uuid()).optional(), all: z.boolean().optional() }),
        email_config: email,
      }),
    },
    { route: `GET ${BASE}/{id}` },
    { route: `DELETE ${BASE}/{id}` },
    { route: `PUT ${BASE}/{id}/schedule`, body: z.strictObject({ send_at: z.iso.datetime({ offset: true }) }) },
    { route: `DELETE ${BASE}/{id}/schedule` },
    {
      route: 'POST /v3/mail/send',
      body: z.strictObject({
        personalizations: z.tuple([
          z.strictObject({
            to: z.tuple([z.strictObject({ email: z.email() })]),
            custom_args: z.strictObject({ breakwater_key: text }),
          }),
        ]),
        from: z.strictObject({ email: z.email() }),
        subject: text,
        content: z.array(z.strictObject({ type: z.enum(['text/plain', 'text/html']), value: text })).min(1),
        tracking_settings: z.strictObject({
          click_tracking: z.strictObject({ enable: z.literal(false), enable_text: z.literal(false) }),
          open_tracking: z.strictObject({ enable: z.literal(false) }),
        }),
      }),
      answerUnread: true,
    },
    // Not in the description.
    {
      route: 'GET /v3/messages',
      answer: z.looseObject({ messages: z.array(z.looseObject({ msg_id: text, to_email: z.email() })) }),
    },
    {
      route: 'GET /v3/verified_senders',
      answer: z.looseObject({
        results: z.array(z.looseObject({ id: z.int(), from_email: z.email(), verified: z.boolean() })),
      }),
    },
    {
      route: 'GET /v3/asm/groups',
      answer: z.array(z.looseObject({ id: z.int(), name: text, is_default: z.boolean() })),
    },
  ],
  cases: [
    {
      ...send,
      title: 'with what the account has',
      sends: [SEARCH, 'GET /v3/verified_senders', 'GET /v3/asm/groups', `POST ${BASE}`, `PUT ${BASE}/<id>/schedule`],
      answers: scheduled,
      leaves: [aCampaign],
    },
    {
      ...send,
      title: 'with everything given',
      args: {
        ...about,
        sender_id: 1001,
        suppression_group_id: 501,
        text: 'Spring',
        categories: ['spring'],
        send_at: sendAt,
      },
      sends: [SEARCH, `POST ${BASE}`, `PUT ${BASE}/<id>/schedule`],
      answers: { ...scheduled, send_at: sendAt },
      leaves: [
        {
          ...aCampaign,
          data: { ...aCampaign.data, plain_content: 'Spring', categories: ['spring'], send_at: sendAt },
        },
      ],
    },
    {
      ...send,
      title: 'done before',
      suspect: true,
      after: [send],
      sends: [SEARCH],
      answers: scheduled,
      leaves: [aCampaign],
    },
    {
      ...mail,
      title: 'from the first verified sender',
      sends: ['GET /v3/verified_senders', 'POST /v3/mail/send'],
      answers: { to: 'lead@example.com', message_id: null },
      repeated: { to: 'lead@example.com' },
      leaves: [aMail],
    },
    {
      ...mail,
      title: 'from a given one',
      args: { ...mail.args, from: 'hello@acme.example' },
      sends: ['POST /v3/mail/send'],
      answers: { to: 'lead@example.com' },
      leaves: [aMail],
    },
    {
      ...mail,
      title: 'done before',
      suspect: true,
      after: [mail],
      sends: [ACTIVITY],
      answers: { to: 'lead@example.com', message_id: expect.any(String) },
      leaves: [aMail],
    },
    {
      title: 'by its id',
      action: 'unschedule_campaign',
      args: ([sent]) => ({ id: sent?.['id'] ?? '' }),
      after: [send],
      sends: [`GET ${BASE}/<id>`, `DELETE ${BASE}/<id>/schedule`, `DELETE ${BASE}/<id>`],
      answers: { deleted: true },
      repeated: { deleted: expect.any(Boolean) },
      gone: { 0: { deleted: false }, 1: { deleted: true }, 2: { deleted: false } },
      leaves: [],
    },
    {
      title: 'by its name',
      action: 'unschedule_campaign',
      args: { name: NAME },
      after: [send],
      sends: [SEARCH, `DELETE ${BASE}/<id>/schedule`, `DELETE ${BASE}/<id>`],
      answers: { deleted: true },
      leaves: [],
    },
  ],
};
