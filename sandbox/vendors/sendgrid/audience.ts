// Who a Single Send can go to and come from: contact lists, contacts, verified senders, unsubscribe groups. Fixtures, read only.
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, Surroundings } from '../../vendor.ts';
import { pageOf } from './paging.ts';
import { notFound, parseBody } from './refusals.ts';

export const LISTS = [
  { id: '0c1e7f3a-5d0b-4c38-9a44-1a6a3f0b7d01', name: 'Newsletter subscribers' },
  { id: '0c1e7f3a-5d0b-4c38-9a44-1a6a3f0b7d02', name: 'Product trial' },
] as const;

const NEWSLETTER = LISTS[0].id;
const TRIAL = LISTS[1].id;

const CONTACTS = [
  { id: '7b9d2e10-8a57-4f7e-b1f2-6f1c5f7a0001', first_name: 'Amara', last_name: 'Okafor', list_ids: [NEWSLETTER] },
  {
    id: '7b9d2e10-8a57-4f7e-b1f2-6f1c5f7a0002',
    first_name: 'Jonas',
    last_name: 'Lindqvist',
    list_ids: [NEWSLETTER, TRIAL],
  },
  { id: '7b9d2e10-8a57-4f7e-b1f2-6f1c5f7a0003', first_name: 'Priya', last_name: 'Raman', list_ids: [TRIAL] },
].map((contact) => ({
  ...contact,
  email: `${contact.first_name}.${contact.last_name}@customer.example`.toLowerCase(),
}));

export const SENDER = {
  id: 1001,
  nickname: 'Acme marketing',
  from_email: 'hello@acme.example',
  from_name: 'Acme',
  verified: true,
} as const;
const UNSUBSCRIBE_GROUP = {
  id: 501,
  name: 'Marketing',
  description: 'News and offers',
  is_default: true,
  unsubscribes: 0,
} as const;

export function recordAudience({ ledger }: Surroundings): void {
  for (const list of LISTS) ledger.fixture(list.id, { type: 'list', name: list.name });
  for (const { id, email, list_ids } of CONTACTS) ledger.fixture(id, { type: 'contact', email, list_ids });
  ledger.fixture(String(SENDER.id), { type: 'sender', from_email: SENDER.from_email });
  ledger.fixture(String(UNSUBSCRIBE_GROUP.id), { type: 'unsubscribe_group', name: UNSUBSCRIBE_GROUP.name });
}

const emailsSchema = z.object({ emails: z.array(z.string()).min(1).max(100) });

export function audienceRoutes({ baseUrl, clock }: Surroundings): Route[] {
  const openedAt = new Date(clock.now()).toISOString();
  const contacts = CONTACTS.map((contact) => contactBody(baseUrl, contact, openedAt));
  const ok = (body: unknown): Answer => ({ status: 200, body });
  return [
    route('GET', '/v3/marketing/lists', (request) =>
      ok(
        pageOf(
          LISTS.map((list) => listBody(baseUrl, list)),
          request,
          baseUrl,
        ),
      ),
    ),
    route('GET', '/v3/marketing/lists/:id', (_, id) =>
      ok(listBody(baseUrl, LISTS.find((list) => list.id === id) ?? notFound())),
    ),
    route('GET', '/v3/marketing/contacts', () =>
      ok({ result: contacts, contact_count: contacts.length, _metadata: selfOf(baseUrl, '/contacts') }),
    ),
    route('GET', '/v3/marketing/contacts/count', () =>
      ok({ contact_count: contacts.length, billable_count: contacts.length }),
    ),
    route('GET', '/v3/marketing/contacts/:id', (_, id) =>
      ok(contacts.find((contact) => contact.id === id) ?? notFound()),
    ),
    route('POST', '/v3/marketing/contacts/search/emails', ({ body }) => {
      const { emails } = parseBody(emailsSchema, body);
      const found = contacts.filter(({ email }) => emails.includes(email));
      return found.length === 0
        ? notFound()
        : ok({ result: Object.fromEntries(found.map((contact) => [contact.email, { contact }])) });
    }),
    route('GET', '/v3/verified_senders', () => ok({ results: [SENDER] })),
    route('GET', '/v3/asm/groups', () => ok([UNSUBSCRIBE_GROUP])),
  ];
}

function listBody(at: string, { id, name }: (typeof LISTS)[number]) {
  const members = CONTACTS.filter(({ list_ids }) => list_ids.some((listId) => listId === id));
  return { id, name, contact_count: members.length, _metadata: selfOf(at, `/lists/${id}`) };
}

function contactBody(at: string, contact: (typeof CONTACTS)[number], openedAt: string) {
  const dates = { created_at: openedAt, updated_at: openedAt };
  return {
    ...contact,
    segment_ids: [],
    alternate_emails: [],
    custom_fields: {},
    ...dates,
    _metadata: selfOf(at, `/contacts/${contact.id}`),
  };
}

function selfOf(at: string, path: string) {
  return { self: `${at}/v3/marketing${path}` };
}
