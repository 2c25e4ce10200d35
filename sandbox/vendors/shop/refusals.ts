// Error answers of the shop's services: a word and a sentence. Pure.
import type { z } from 'zod';
import type { Json } from '../../../src/kernel/index.ts';
import { type Answer, Refusal, type VendorRequest } from '../../vendor.ts';

export function refusal(status: number, message = 'the service cannot do this'): Answer {
  return { status, body: { error: message } };
}

export function refuse(status: number, message: string): never {
  throw new Refusal(refusal(status, message));
}

/** The body as the schema has it, or a 400 with every field at fault. */
export function parseBody<T>(schema: z.ZodType<T>, body: Json | undefined): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  return refuse(400, parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; '));
}

export function unauthorized({ headers }: VendorRequest): Answer | undefined {
  return /^bearer +\S/i.test(headers.authorization ?? '') ? undefined : refusal(401, 'who are you?');
}
