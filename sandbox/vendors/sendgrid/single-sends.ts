// Single Sends: drafted, searched, changed, scheduled, unscheduled, deleted; sent by themselves when their time has come.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import type { EntryHold } from '../../ledger.ts';
import { route, type Route } from '../../router.ts';
import type { Answer, Surroundings, VendorRequest } from '../../vendor.ts';
import { LISTS } from './audience.ts';
import { pageOf } from './paging.ts';
import { type FieldError, notFound, parseBody, refuseFields } from './refusals.ts';

const sendToSchema = z.object({
  list_ids: z.array(z.uuid()).max(50).optional(),
  segment_ids: z.array(z.uuid()).max(10).optional(),
  all: z.boolean().optional(),
});
const emailSchema = z.object({
  subject: z.string().optional(),
  html_content: z.string().optional(),
  plain_content: z.string().optional(),
  generate_plain_content: z.boolean().optional(),
  design_id: z.string().optional(),
  editor: z.enum(['code', 'design']).optional(),
  suppression_group_id: z.int().nullable().optional(),
  custom_unsubscribe_url: z.url().nullable().optional(),
  sender_id: z.int().nullable().optional(),
  ip_pool: z.string().nullable().optional(),
});
const draftSchema = z.object({
  name: z.string().min(1).max(100),
  categories: z.array(z.string()).max(10).optional(),
  send_at: z.iso.datetime({ offset: true }).nullable().optional(),
  send_to: sendToSchema.optional(),
  email_config: emailSchema.optional(),
});
const searchSchema = z.object({
  name: z.string().min(1).max(100).optional(),
  status: z.array(z.enum(['draft', 'scheduled', 'triggered'])).optional(),
  categories: z.array(z.string()).optional(),
});
const scheduleSchema = z.object({ send_at: z.union([z.literal('now'), z.iso.datetime({ offset: true })]) });

type Draft = z.infer<typeof draftSchema>;

interface SingleSend extends Required<Draft> {
  readonly id: string;
  readonly status: 'draft' | 'scheduled' | 'triggered';
  readonly created_at: string;
  readonly updated_at: string;
}

/** The Single Sends that exist, with the hold on their ledger entries. */
export interface Outbox extends Surroundings {
  readonly sends: Map<string, SingleSend>;
  readonly holds: Map<string, EntryHold>;
}

export function singleSendRoutes(outbox: Outbox): Route[] {
  const base = '/v3/marketing/singlesends';
  return [
    route('POST', base, (request) => createSend(outbox, request)),
    route('GET', base, (request) => listSends(outbox, request, [...outbox.sends.values()])),
    route('POST', `${base}/search`, (request) => searchSends(outbox, request)),
    route('GET', `${base}/:id`, (_, id) => ({ status: 200, body: findSend(outbox, id) })),
    route('PATCH', `${base}/:id`, (request, id) => updateSend(outbox, request, id)),
    route('DELETE', `${base}/:id`, (_, id) => deleteSend(outbox, id)),
    route('PUT', `${base}/:id/schedule`, (request, id) => scheduleSend(outbox, request, id)),
    route('DELETE', `${base}/:id/schedule`, (_, id) => unscheduleSend(outbox, id)),
  ];
}

function createSend(outbox: Outbox, { body }: VendorRequest): Answer {
  const draft = parseBody(draftSchema, body);
  const at = instant(outbox);
  const blank = { categories: [], send_at: null, send_to: { all: false }, email_config: {} };
  const send: SingleSend = { id: randomUUID(), status: 'draft', ...blank, ...draft, created_at: at, updated_at: at };
  outbox.sends.set(send.id, send);
  outbox.holds.set(send.id, outbox.ledger.created('campaign', send.id, ledgerData(send)));
  return { status: 201, body: send };
}

function listSends({ baseUrl }: Outbox, request: VendorRequest, sends: readonly SingleSend[]): Answer {
  const newestFirst = sends.toReversed().map(shortBody);
  return { status: 200, body: pageOf(newestFirst, request, baseUrl) };
}

/** SendGrid finds a name by any part of it, and a category by any of those asked for. */
function searchSends(outbox: Outbox, request: VendorRequest): Answer {
  const { name, status, categories } = parseBody(searchSchema, request.body);
  const found = [...outbox.sends.values()]
    .filter((send) => name === undefined || send.name.toLowerCase().includes(name.toLowerCase()))
    .filter((send) => status === undefined || status.includes(send.status))
    .filter((send) => categories === undefined || categories.some((category) => send.categories.includes(category)));
  return listSends(outbox, request, found);
}

function updateSend(outbox: Outbox, { body }: VendorRequest, id: string): Answer {
  const send = findSend(outbox, id);
  if (send.status === 'triggered')
    refuseFields([{ field: 'status', message: 'a triggered single send cannot be changed' }]);
  const changes = parseBody(draftSchema.partial(), body);
  const email_config = { ...send.email_config, ...changes.email_config };
  const changed = { ...send, ...changes, email_config, updated_at: instant(outbox) };
  save(outbox, changed);
  return { status: 202, body: changed };
}

function deleteSend(outbox: Outbox, id: string): Answer {
  const { holds, sends } = outbox;
  findSend(outbox, id);
  sends.delete(id);
  holds.get(id)?.removed();
  return { status: 204 };
}

function scheduleSend(outbox: Outbox, { body }: VendorRequest, id: string): Answer {
  const send = findSend(outbox, id);
  const { send_at } = parseBody(scheduleSchema, body);
  const errors = [...obstacles(send), ...timeErrors(send_at, outbox.clock.now())];
  if (errors.length > 0) refuseFields(errors);
  const at = send_at === 'now' ? instant(outbox) : send_at;
  const scheduled: SingleSend = { ...send, status: 'scheduled', send_at: at, updated_at: instant(outbox) };
  outbox.sends.set(id, scheduled);
  outbox.holds.get(id)?.restored(ledgerData(scheduled));
  return { status: 201, body: { send_at: at, status: 'scheduled' } };
}

function timeErrors(sendAt: string, now: number): FieldError[] {
  const past = sendAt !== 'now' && Date.parse(sendAt) <= now;
  return past ? [{ field: 'send_at', message: 'send_at must be in the future' }] : [];
}

/** What SendGrid wants settled before a Single Send may leave. */
function obstacles({ status, send_to, email_config: email }: SingleSend): FieldError[] {
  if (status === 'triggered') return [{ field: 'status', message: 'the single send has been triggered already' }];
  const lists = send_to.list_ids ?? [];
  const unknown = lists.find((id) => !LISTS.some((list) => list.id === id));
  const checks: [boolean, string, string][] = [
    [
      !send_to.all && lists.length === 0 && (send_to.segment_ids ?? []).length === 0,
      'send_to',
      'list_ids, segment_ids or all is required',
    ],
    [unknown !== undefined, 'send_to.list_ids', `list ${unknown} does not exist`],
    [!email.subject && !email.design_id, 'email_config.subject', 'subject is required'],
    [
      !email.html_content && !email.plain_content && !email.design_id,
      'email_config.html_content',
      'content is required',
    ],
    [!email.sender_id, 'email_config.sender_id', 'the id of a verified sender is required'],
    [
      !email.custom_unsubscribe_url && !email.suppression_group_id,
      'email_config',
      'suppression_group_id or custom_unsubscribe_url is required',
    ],
  ];
  return checks.flatMap(([fails, field, message]) => (fails ? [{ field, message }] : []));
}

/** The Single Send stays, as a draft. */
function unscheduleSend(outbox: Outbox, id: string): Answer {
  const send = findSend(outbox, id);
  if (send.status === 'triggered')
    refuseFields([{ field: 'status', message: 'the single send has been triggered already' }]);
  const draft: SingleSend = { ...send, status: 'draft', updated_at: instant(outbox) };
  outbox.sends.set(id, draft);
  if (send.status === 'scheduled') outbox.holds.get(id)?.removed(ledgerData(draft));
  return { status: 200, body: { send_at: send.send_at ?? undefined, status: 'draft' } };
}

/** Sends what is due. */
export function triggerDue(outbox: Outbox): void {
  for (const send of outbox.sends.values()) {
    if (send.status !== 'scheduled' || Date.parse(send.send_at ?? '') > outbox.clock.now()) continue;
    save(outbox, { ...send, status: 'triggered', updated_at: instant(outbox) });
  }
}

function save({ sends, holds }: Outbox, send: SingleSend): void {
  sends.set(send.id, send);
  holds.get(send.id)?.updated(ledgerData(send));
}

function findSend({ sends }: Outbox, id: string): SingleSend {
  return sends.get(id) ?? notFound();
}

function shortBody({ id, name, status, categories, send_at, created_at, updated_at }: SingleSend) {
  return {
    id,
    name,
    status,
    categories,
    send_at: send_at ?? undefined,
    is_abtest: false,
    abtest: null,
    created_at,
    updated_at,
  };
}

function ledgerData({ name, status, send_at, send_to, email_config, categories }: SingleSend): JsonObject {
  const { subject = null, html_content = null, plain_content = null } = email_config;
  const recipients = {
    all: send_to.all ?? false,
    list_ids: send_to.list_ids ?? [],
    segment_ids: send_to.segment_ids ?? [],
  };
  return { name, status, send_at, subject, html_content, plain_content, send_to: recipients, categories };
}

function instant({ clock }: Outbox): string {
  return new Date(clock.now()).toISOString();
}
