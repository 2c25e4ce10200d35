// Buffer's errors: nearly always HTTP 200, with `errors` when the request failed and a typed error when a mutation was refused. Pure.
// https://developers.buffer.com/guides/error-handling.html
import { z } from 'zod';
import type { Failure } from '../kernel/index.ts';
import type { Refusal } from './tool.ts';

const systemError = z.object({
  message: z.string(),
  extensions: z.object({ code: z.string().optional(), retryAfter: z.number().min(0).optional() }).optional(),
});
const failedBody = z.object({ errors: z.array(systemError).min(1) });

/** A member of a mutation's union that is an error. */
const typedError = z.object({ __typename: z.string().endsWith('Error'), message: z.string() });
const dataBody = z.object({ data: z.record(z.string(), z.unknown()) });

/** A repeat would be refused again; whatever is not named here may be Buffer's own trouble. */
const OURS: ReadonlySet<string> = new Set([
  'BAD_USER_INPUT',
  'FORBIDDEN',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'INVALID_INPUT',
  'LIMIT_REACHED',
  'NOT_FOUND',
  'UNAUTHENTICATED',
  'UNAUTHORIZED',
]);

export function bufferRefusalIn(body: unknown): Refusal | undefined {
  const failed = failedBody.safeParse(body).data?.errors[0];
  if (failed) return toRefusal(failed.extensions?.code ?? 'ERROR', failed.message);
  const answers = Object.values(dataBody.safeParse(body).data?.data ?? {});
  const refused = answers.map((answer) => typedError.safeParse(answer).data).find((error) => error !== undefined);
  if (!refused) return undefined;
  const { __typename: typeName, message } = refused;
  return toRefusal(wordOf(typeName), message);
}

/** `INVALID_INPUT` of `InvalidInputError`. */
function wordOf(typeName: string): string {
  const bare = typeName.replace(/Error$/, '');
  return bare.replaceAll(/(?<=[a-z])(?=[A-Z])/g, '_').toUpperCase();
}

function toRefusal(code: string, message: string): Refusal {
  const reason = `${message} (${code})`;
  if (code === 'RATE_LIMIT_EXCEEDED') return { code, reason, kind: 'rate_limit' };
  return { code, reason, kind: OURS.has(code) ? 'ours' : 'theirs' };
}

/** Only its limits come with a status, 429, and the wait stands in the body. */
export function bufferFailureOf(
  _status: number,
  _headers: Readonly<Record<string, string>>,
  body: unknown,
): Partial<Failure> | undefined {
  const retryAfter = failedBody.safeParse(body).data?.errors[0]?.extensions?.retryAfter;
  return retryAfter === undefined ? undefined : { retryAfterMs: retryAfter * 1_000 };
}
