// Slack's error answers: HTTP 200 with `ok: false` and a word; another status only for limits and outages. Pure.
import type { z } from 'zod';
import { type Answer, Refusal } from '../../vendor.ts';

/** What Slack says beside an HTTP status that is no 200. */
const WORDS: Readonly<Record<number, string>> = {
  400: 'invalid_json',
  401: 'invalid_auth',
  403: 'access_denied',
  404: 'unknown_method',
  413: 'request_too_large',
  429: 'ratelimited',
  503: 'service_unavailable',
};

export function refusal(status: number, message?: string): Answer {
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {};
  return { status, headers, body: errorBody(WORDS[status] ?? 'internal_error', message) };
}

function errorBody(error: string, message?: string) {
  return { ok: false, error, ...(message !== undefined && { response_metadata: { messages: [message] } }) };
}

export function refuse(error: string, message?: string): never {
  throw new Refusal({ status: 200, body: errorBody(error, message) });
}

/** The arguments as the schema has them; Slack names the first that is wrong. */
export function parseArguments<T>(schema: z.ZodType<T>, given: unknown): T {
  const parsed = schema.safeParse(given);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  return refuse('invalid_arguments', `[ERROR] ${issue?.message} [json-pointer:/${issue?.path.join('/')}]`);
}
