// Errors as problem+json (RFC 9457): one shape for whatever goes wrong, with nothing of our insides in it. Pure.
import type { FastifyError } from 'fastify';
import { hasZodFastifySchemaValidationErrors } from 'fastify-type-provider-zod';
import { z } from 'zod';
import {
  BreakwaterError,
  errorTable,
  FailureError,
  type ErrorCode,
  type Failure,
  type FailureKind,
  type Problem,
} from '../kernel/index.ts';

export const problemItem = z
  .object({ path: z.string(), line: z.number().optional(), column: z.number().optional(), message: z.string() })
  .meta({ id: 'ProblemItem', description: 'One thing wrong: where, as a JSON pointer or a field, and what.' });

const problemDocument = z
  .object({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.string(),
    errors: z.array(problemItem),
    requestId: z.string(),
    retryable: z.boolean().optional().describe('Of a call that failed: may the same succeed later?'),
    unknown: z.boolean().optional().describe('Of a call that failed: it may have taken effect all the same.'),
  })
  .meta({ id: 'Problem' });

export type ProblemDocument = z.infer<typeof problemDocument>;

/** The answer of every route when it is not the one described. */
export const problemResponse = {
  default: {
    description: 'What went wrong, as problem+json.',
    content: { 'application/problem+json': { schema: problemDocument } },
  },
};

export function problemOf(error: unknown, requestId: string): ProblemDocument {
  const { code, status, detail, errors, ...rest } = describe(error);
  return {
    type: `urn:breakwater:problem:${code.toLowerCase()}`,
    title: titleOf(code),
    status,
    detail,
    code,
    errors,
    requestId,
    ...rest,
  };
}

interface Description {
  readonly code: string;
  readonly status: number;
  readonly detail: string;
  readonly errors: Problem[];
  readonly retryable?: boolean;
  readonly unknown?: boolean;
}

/** What fastify itself refuses, in our words. */
const FASTIFY_CODES: Readonly<Record<string, { code: ErrorCode; detail: string }>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: { code: 'TOO_LARGE', detail: 'The body is over the cap of this route.' },
  FST_ERR_CTP_INVALID_MEDIA_TYPE: {
    code: 'UNSUPPORTED_MEDIA_TYPE',
    detail: 'The route takes another content type; GET /openapi.json says which.',
  },
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: {
    code: 'BAD_REQUEST',
    detail: 'The body is not as long as Content-Length says.',
  },
  FST_ERR_BAD_URL: { code: 'BAD_REQUEST', detail: 'The path is not a valid URL path.' },
  FST_ERR_MAX_PARAM_LENGTH: { code: 'NOT_FOUND', detail: 'No id or name is that long.' },
};

function describe(error: unknown): Description {
  if (error instanceof BreakwaterError) return ofOurs(error);
  if (error instanceof FailureError) return ofFailure(error.failure);
  if (hasZodFastifySchemaValidationErrors(error)) return ofValidation(error);
  const known = isFastifyError(error) ? FASTIFY_CODES[error.code] : undefined;
  if (known) return { ...known, status: errorTable[known.code].status, errors: [] };
  return {
    code: 'INTERNAL',
    status: 500,
    detail: 'A defect of ours; the log has it under this request id.',
    errors: [],
  };
}

function ofOurs({ code, status, message, problems }: BreakwaterError): Description {
  return { code, status, detail: message, errors: [...problems] };
}

/** Who must act on a failed call, as a status. */
const FAILURE_STATUS: Readonly<Record<FailureKind, number>> = {
  ours: 422,
  refused: 422,
  rate_limit: 429,
  theirs: 502,
  timeout: 504,
  cancelled: 503,
};

function ofFailure({ code, message, kind, retryable, unknown }: Failure): Description {
  return { code, status: FAILURE_STATUS[kind], detail: message, errors: [], retryable, unknown };
}

// A body that reads as JSON but does not fit is refused (422); anything wrong with the address or a header is a bad request.
function ofValidation(error: Parameters<typeof ofIssue>[0] & { validationContext?: string }): Description {
  const code = error.validationContext === 'body' ? 'INVALID' : 'BAD_REQUEST';
  const where = error.validationContext ?? 'request';
  return {
    code,
    status: errorTable[code].status,
    detail: `The ${where} does not fit; see errors.`,
    errors: ofIssue(error),
  };
}

function ofIssue(error: { validation: readonly { instancePath: string; message?: string }[] }): Problem[] {
  return error.validation.map(({ instancePath, message = 'does not fit' }) => ({
    path: instancePath === '/' ? '' : instancePath,
    message,
  }));
}

function isFastifyError(error: unknown): error is FastifyError {
  return error instanceof Error && 'code' in error && typeof error.code === 'string';
}

function titleOf(code: string): string {
  const words = code.toLowerCase().replaceAll('_', ' ');
  return words[0]?.toUpperCase() + words.slice(1);
}
