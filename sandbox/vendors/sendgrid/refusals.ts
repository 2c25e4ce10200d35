// SendGrid's error answers: a list of errors, each with a message and the field at fault. Pure.
import type { z } from 'zod';
import type { Json } from '../../../src/kernel/index.ts';
import { type Answer, Refusal } from '../../vendor.ts';

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'The provided authorization grant is invalid, expired, or revoked',
  403: 'access forbidden',
  404: 'not found',
  405: 'method not allowed',
  429: 'too many requests',
  503: 'service unavailable',
};

export interface FieldError {
  readonly message: string;
  readonly field?: string;
}

export function refusal(status: number, message = MESSAGES[status] ?? 'internal error'): Answer {
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '1', 'x-ratelimit-remaining': '0' } : {};
  return { status, headers, body: { errors: [{ message }] } };
}

export function refuseFields(errors: readonly FieldError[]): never {
  throw new Refusal({ status: 400, body: { errors } });
}

export function notFound(): never {
  throw new Refusal(refusal(404));
}

/** The body as the schema has it, or a 400 with every field at fault. */
export function parseBody<T>(schema: z.ZodType<T>, body: Json | undefined): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  return refuseFields(parsed.error.issues.map(({ path, message }) => ({ field: path.join('.'), message })));
}
