// Notion's error answers: an error object with a status, a code that tools match on and a message for people. Pure.
import type { z } from 'zod';
import type { Json } from '../../../src/kernel/index.ts';
import { type Answer, Refusal } from '../../vendor.ts';

const ERRORS: Readonly<Record<number, readonly [code: string, message: string]>> = {
  400: ['validation_error', 'body failed validation.'],
  401: ['unauthorized', 'API token is invalid.'],
  403: ['restricted_resource', 'Insufficient permissions for this endpoint.'],
  404: ['object_not_found', 'Could not find the object.'],
  409: ['conflict_error', 'Conflict occurred while saving. Please try again.'],
  429: ['rate_limited', 'You have been rate limited. Please try again in a few minutes.'],
  503: ['service_unavailable', 'Notion is unavailable, please try again later.'],
};

export function refusal(status: number, message?: string, code?: string): Answer {
  const [usualCode, usualMessage] = ERRORS[status] ?? ['internal_server_error', 'Unexpected error occurred.'];
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {};
  return {
    status,
    headers,
    body: { object: 'error', status, code: code ?? usualCode, message: message ?? usualMessage },
  };
}

export function invalid(message: string): never {
  throw new Refusal(refusal(400, message));
}

export function notFound(what: string, id: string): never {
  const hint = 'Make sure the relevant pages and databases are shared with your integration.';
  throw new Refusal(refusal(404, `Could not find ${what} with ID: ${id}. ${hint}`));
}

/** The body as the schema has it, or a 400 naming the first field that is wrong. */
export function parseBody<T>(schema: z.ZodType<T>, body: Json | undefined): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  return invalid(`body failed validation: ${['body', ...(issue?.path ?? [])].join('.')}: ${issue?.message}`);
}
