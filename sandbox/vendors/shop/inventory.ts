// A shop's warehouse: stock that is reserved and shipped. It knows no idempotency keys, but finds things by the caller's reference.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import type { EntryHold } from '../../ledger.ts';
import { dispatch, route, type Route } from '../../router.ts';
import type { Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { parseBody, refusal, refuse, unauthorized } from './refusals.ts';

export const inventory: Vendor = { name: 'inventory', open: openInventory };

const reservation = z.strictObject({
  sku: z.string().min(1),
  quantity: z.int().min(1).max(1_000),
  reference: z.string().min(1),
});
const shipment = z.strictObject({
  reservation: z.string().min(1),
  address: z.string().min(1),
  reference: z.string().min(1),
});

interface Kept {
  readonly id: string;
  readonly reference: string;
  readonly data: JsonObject;
  readonly hold: EntryHold;
}

function openInventory(surroundings: Surroundings): Double {
  const reservations = shelf(surroundings, 'reservation');
  const shipments = shelf(surroundings, 'shipment');
  const routes = [
    ...shelfRoutes('/reservations', reservations, ({ body }) => parseBody(reservation, body)),
    ...shelfRoutes('/shipments', shipments, ({ body }) => {
      const asked = parseBody(shipment, body);
      if (!reservations.kept.has(asked.reservation)) refuse(422, `nothing is reserved as ${asked.reservation}`);
      return asked;
    }),
  ];
  return {
    handle: (request) => unauthorized(request) ?? dispatch(routes, request) ?? refusal(404),
    refuse: refusal,
  };
}

interface Shelf {
  readonly kept: Map<string, Kept>;
  add(data: JsonObject & { readonly reference: string }): JsonObject;
}

function shelf({ ledger }: Surroundings, kind: string): Shelf {
  const kept = new Map<string, Kept>();
  return {
    kept,
    add({ reference, ...rest }) {
      const id = `${kind}-${randomUUID()}`;
      const data = { id, ...rest };
      kept.set(id, { id, reference, data, hold: ledger.created(kind, id, data) });
      return data;
    },
  };
}

function shelfRoutes(
  path: string,
  { kept, add }: Shelf,
  read: (request: VendorRequest) => JsonObject & { readonly reference: string },
): Route[] {
  return [
    route('POST', path, (request) => ({ status: 201, body: add(read(request)) })),
    route('GET', path, ({ query }) => ({
      status: 200,
      body: [...kept.values()].filter(({ reference }) => reference === query.get('reference')).map(({ data }) => data),
    })),
    route('DELETE', `${path}/:id`, (_, id) => {
      const found = kept.get(id) ?? refuse(404, `there is no ${id}`);
      kept.delete(id);
      found.hold.removed();
      return { status: 204 };
    }),
  ];
}
