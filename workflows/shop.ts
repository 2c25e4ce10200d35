// The tools of a shop that keeps its own services: a warehouse that reserves and ships, and a payment service. The sandbox has doubles of both.
import { defineAction, z } from '../src/index.ts';
import type { Tool, ToolCall } from '../src/index.ts';

const bearer = (name: string) => ({
  names: [name],
  headers: (values: Readonly<Record<string, string>>) => ({ authorization: `Bearer ${values[name]}` }),
});

// --- The warehouse takes no key, but finds what it holds by the caller's reference: that is the key.

const reservation = z.object({ id: z.string(), sku: z.string(), quantity: z.number() });
const shipment = z.object({ id: z.string(), reservation: z.string(), address: z.string() });

async function findByKey<T>({ http }: ToolCall, shelf: string, key: string, expect: z.ZodType<T>) {
  const [found] = await http.request('GET', [shelf], { query: { reference: key }, expect: z.array(expect) });
  return found;
}

/** Takes one thing off a shelf, by its id or by the key it was made under; content when there is none. */
const removal = (shelf: string, description: string) =>
  defineAction({
    description,
    input: z.strictObject({ id: z.string().optional(), made_by: z.string() }),
    output: z.object({ removed: z.boolean() }),
    effect: true,
    keyedBy: 'probe',
    async run(call, { id, made_by: key }) {
      const known = id ?? (await findByKey(call, shelf, key, z.object({ id: z.string() })))?.id;
      return { removed: known !== undefined && (await call.http.remove([shelf, known])) };
    },
  });

const reserve = defineAction({
  description: 'Sets goods aside for an order.',
  input: z.strictObject({ sku: z.string().min(1), quantity: z.int().min(1) }),
  output: reservation,
  effect: true,
  keyedBy: 'probe',
  run: async ({ http, key }, { sku, quantity }) =>
    await http.request('POST', ['reservations'], { json: { sku, quantity, reference: key }, expect: reservation }),
  probe: async (call) => await findByKey(call, 'reservations', call.key, reservation),
  undo: { release: ({ result, key }) => ({ id: result?.id, made_by: key }) },
});

const ship = defineAction({
  description: 'Hands what is reserved to a carrier.',
  input: z.strictObject({ reservation: z.string().min(1), address: z.string().min(1) }),
  output: shipment,
  effect: true,
  keyedBy: 'probe',
  run: async ({ http, key }, { reservation: reserved, address }) =>
    await http.request('POST', ['shipments'], {
      json: { reservation: reserved, address, reference: key },
      expect: shipment,
    }),
  probe: async (call) => await findByKey(call, 'shipments', call.key, shipment),
  undo: { cancel_shipment: ({ result, key }) => ({ id: result?.id, made_by: key }) },
});

export const inventory = {
  name: 'inventory',
  vendor: { credentials: bearer('INVENTORY_TOKEN'), hasDouble: true },
  actions: {
    reserve,
    release: removal('reservations', 'Gives reserved goods back; content when there are none.'),
    ship,
    cancel_shipment: removal('shipments', 'Calls a shipment back; content when there is none.'),
  },
} satisfies Tool;

// --- The payment service takes an Idempotency-Key.

const charge = z.object({ id: z.string() });

const takeMoney = defineAction({
  description: 'Charges a customer.',
  input: z.strictObject({
    customer: z.string().min(1),
    amount: z.int().min(1).describe('In cents'),
    currency: z.string().regex(/^[A-Z]{3}$/),
  }),
  output: charge,
  effect: true,
  keyedBy: 'vendor',
  run: async ({ http, key }, json) =>
    await http.request('POST', ['charges'], { json, headers: { 'idempotency-key': key }, expect: charge }),
  probe: async (call) => await findCharge(call, call.key),
  undo: { refund: ({ result, key }) => ({ charge: result?.id, charged_by: key }) },
});

async function findCharge({ http }: ToolCall, key: string) {
  const [found] = await http.request('GET', ['charges'], { query: { key }, expect: z.array(charge) });
  return found;
}

const refund = defineAction({
  description: 'Gives a charge back; content when there is none.',
  input: z.strictObject({ charge: z.string().optional(), charged_by: z.string() }),
  output: z.object({ refund: z.string().nullable() }),
  effect: true,
  keyedBy: 'vendor',
  async run(call, { charge: id, charged_by: key }) {
    const known = id ?? (await findCharge(call, key))?.id;
    if (known === undefined) return { refund: null };
    const headers = { 'idempotency-key': call.key };
    const made = await call.http.request('POST', ['refunds'], { json: { charge: known }, headers, expect: charge });
    return { refund: made.id };
  },
});

export const payments = {
  name: 'payments',
  vendor: { credentials: bearer('PAYMENTS_TOKEN'), hasDouble: true },
  actions: { charge: takeMoney, refund },
} satisfies Tool;
