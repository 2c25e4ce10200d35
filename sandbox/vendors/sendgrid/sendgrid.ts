// Twilio SendGrid: single mails, Single Sends, and the audience they need. It honours no idempotency key.
import { dispatch } from '../../router.ts';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { audienceRoutes, recordAudience } from './audience.ts';
import { mailRoutes } from './mails.ts';
import { refusal } from './refusals.ts';
import { type Outbox, singleSendRoutes, triggerDue } from './single-sends.ts';

export const sendgrid: Vendor = { name: 'sendgrid', open: openSendgrid };

function openSendgrid(surroundings: Surroundings): Double {
  const outbox: Outbox = { ...surroundings, sends: new Map(), holds: new Map() };
  recordAudience(surroundings);
  const routes = [...singleSendRoutes(outbox), ...mailRoutes(surroundings), ...audienceRoutes(surroundings)];
  return {
    handle: (request) => unauthorized(request) ?? dispatch(routes, request) ?? refusal(404),
    refuse: refusal,
    settle: () => triggerDue(outbox),
  };
}

function unauthorized({ headers }: VendorRequest): Answer | undefined {
  if (!headers.authorization) return refusal(401, 'authorization required');
  return /^bearer +\S/i.test(headers.authorization) ? undefined : refusal(401);
}
