// Buffer's error answers: `errors` with a code, and HTTP 200 but for its limits. Pure.
import { GraphQLError, type GraphQLFormattedError } from 'graphql';
import type { Answer } from '../../vendor.ts';

const CODES: Readonly<Record<number, string>> = {
  401: 'UNAUTHORIZED',
  403: 'FORBIDDEN',
  404: 'NOT_FOUND',
  429: 'RATE_LIMIT_EXCEEDED',
};

export function refusal(status: number, message?: string): Answer {
  const code = CODES[status] ?? (status >= 500 ? 'INTERNAL_SERVER_ERROR' : 'BAD_REQUEST');
  if (status !== 429) return { status, body: { errors: [{ message: message ?? code, extensions: { code } }] } };
  const extensions = { code, limitType: 'CLIENT_ACCOUNT', retryAfter: 1 };
  return { status, body: { errors: [{ message: 'Too many requests from this client.', extensions }] } };
}

export const unauthorized: Answer = {
  status: 200,
  body: { data: null, errors: [{ message: 'Not authorized', extensions: { code: 'UNAUTHORIZED' } }] },
};

export function notFound(what: string): never {
  throw new GraphQLError(`${what} not found`, { extensions: { code: 'NOT_FOUND' } });
}

/** Errors of the language itself bear no code yet: they did not get as far as a field. */
export function withCode(error: GraphQLError): GraphQLFormattedError {
  const formatted = error.toJSON();
  const usual = error.path ? 'UNEXPECTED' : 'GRAPHQL_VALIDATION_FAILED';
  return { ...formatted, extensions: { code: usual, ...formatted.extensions } };
}
