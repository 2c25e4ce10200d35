// A payment service: charges and their refunds. A request under an `Idempotency-Key` that it knows is answered as the first one was.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { canonicalJson } from '../../../src/kernel/index.ts';
import type { Json } from '../../../src/kernel/index.ts';
import type { EntryHold } from '../../ledger.ts';
import { dispatch, route } from '../../router.ts';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { parseBody, refusal, refuse, unauthorized } from './refusals.ts';

export const payments: Vendor = { name: 'payments', open: openPayments };

const chargeBody = z.strictObject({
  customer: z.string().min(1),
  amount: z.int().min(1).max(1_000_000).describe('In cents'),
  currency: z.string().regex(/^[A-Z]{3}$/),
});
const refundBody = z.strictObject({ charge: z.string().min(1) });

interface Charge {
  readonly id: string;
  readonly key: string;
  refunded: boolean;
  readonly hold: EntryHold;
}

function openPayments({ ledger }: Surroundings): Double {
  const charges = new Map<string, Charge>();
  const once = rememberAnswers();
  const charge = ({ body, headers }: VendorRequest): Answer => {
    const data = parseBody(chargeBody, body);
    const key = headers['idempotency-key'] ?? refuse(400, 'a charge needs an Idempotency-Key');
    const id = `charge-${randomUUID()}`;
    charges.set(id, { id, key, refunded: false, hold: ledger.created('charge', id, data, key) });
    return { status: 201, body: { id, ...data } };
  };
  const refund = ({ body }: VendorRequest): Answer => {
    const { charge: id } = parseBody(refundBody, body);
    const found = charges.get(id) ?? refuse(404, `there is no ${id}`);
    if (found.refunded) refuse(422, `${id} is refunded already`);
    found.refunded = true;
    found.hold.removed();
    return { status: 201, body: { id: `refund-of-${id}` } };
  };
  const routes = [
    route('POST', '/charges', (request) => once(request, charge)),
    route('GET', '/charges', ({ query }) => ({
      status: 200,
      body: [...charges.values()]
        .filter(({ key }) => key === query.get('key'))
        .map(({ id, refunded }) => ({ id, refunded })),
    })),
    route('POST', '/refunds', (request) => once(request, refund)),
  ];
  return {
    handle: (request) => unauthorized(request) ?? dispatch(routes, request) ?? refusal(404),
    refuse: refusal,
  };
}

/** A key stands for one request: with another body it is refused. */
function rememberAnswers() {
  const answers = new Map<string, { readonly body: string; readonly answer: Answer }>();
  return (request: VendorRequest, handle: (request: VendorRequest) => Answer): Answer => {
    const key = request.headers['idempotency-key'];
    const body = bodyText(request.body);
    const known = key === undefined ? undefined : answers.get(`${request.path} ${key}`);
    if (known && known.body !== body) refuse(409, 'the Idempotency-Key was used for another request');
    if (known) return known.answer;
    const answer = handle(request);
    if (key !== undefined) answers.set(`${request.path} ${key}`, { body, answer });
    return answer;
  };
}

function bodyText(body: Json | undefined): string {
  return body === undefined ? '' : canonicalJson(body);
}
