// GitHub's error answers, in its words: tools match on these codes and people read these messages. Pure.
import { z } from 'zod';
import { isJsonObject, type Json } from '../../../src/kernel/index.ts';
import { type Answer, Refusal } from '../../vendor.ts';

const MESSAGES: Readonly<Record<number, string>> = {
  400: 'Problems parsing JSON',
  401: 'Requires authentication',
  403: 'Resource not accessible by personal access token',
  404: 'Not Found',
  409: 'Conflict',
  422: 'Validation Failed',
  429: 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
  500: 'Server Error',
  502: 'Server Error',
  503: 'Service unavailable',
};

export interface FieldError {
  readonly resource: string;
  readonly code: 'missing_field' | 'invalid' | 'custom';
  readonly field?: string;
  readonly message?: string;
}

export function refusal(
  status: number,
  message = MESSAGES[status] ?? 'Server Error',
  errors?: readonly FieldError[],
): Answer {
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {};
  return {
    status,
    headers,
    body: { message, errors, documentation_url: 'https://docs.github.com/rest', status: String(status) },
  };
}

export function refuse(status: number, message?: string): never {
  throw new Refusal(refusal(status, message));
}

export function notFound(message?: string): never {
  return refuse(404, message);
}

export function validationFailed(error: FieldError): never {
  throw new Refusal(refusal(422, 'Validation Failed', [error]));
}

/** The body as the schema has it, or a 422 naming the first field that is missing or of the wrong type. */
export function parseBody<T>(schema: z.ZodType<T>, body: Json | undefined): T {
  const parsed = schema.safeParse(body ?? {});
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('/') ?? '';
  const missing = !isJsonObject(body) || body[field] === undefined;
  const fault = missing ? `"${field}" wasn't supplied.` : `For 'properties/${field}', ${issue?.message}.`;
  return refuse(422, `Invalid request.\n\n${fault}`);
}
