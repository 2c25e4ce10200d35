// The one base class for errors that reach a person, and the table of their codes: HTTP status, and when one meets them.

export const errorTable = {
  BAD_REQUEST: {
    status: 400,
    when: 'The request could not be read: malformed JSON, a wrong content type, an unknown query parameter.',
  },
  UNAUTHENTICATED: { status: 401, when: 'No key, or one that is unknown, expired or revoked.' },
  FORBIDDEN: { status: 403, when: 'The key is known but lacks the role, or the approval is not yours to decide.' },
  NOT_FOUND: { status: 404, when: 'Nothing by that name or id in your tenant.' },
  REQUEST_TIMEOUT: { status: 408, when: 'The request took longer to arrive than anybody may keep a connection busy.' },
  CONFLICT: {
    status: 409,
    when: 'The state does not allow it: already decided, already finished, the same key with another body.',
  },
  GONE: { status: 410, when: 'Too late: the approval or its link has expired.' },
  TOO_LARGE: { status: 413, when: 'The body, an outcome or a list is over its cap.' },
  UNSUPPORTED_MEDIA_TYPE: { status: 415, when: 'The route takes another content type.' },
  INVALID: {
    status: 422,
    when: 'Well formed but refused: the input does not fit its schema, or the definition has problems.',
  },
  NOT_SUPPORTED_YET: { status: 422, when: 'A key or a verb of the contract whose behaviour is not built yet.' },
  RATE_LIMITED: { status: 429, when: 'Too many requests with this key.' },
  HEADERS_TOO_LARGE: { status: 431, when: 'The headers of the request are over their cap.' },
  INTERNAL: { status: 500, when: 'A defect of ours; the log has the cause under the same request id.' },
  UNAVAILABLE: { status: 503, when: 'The database cannot be reached, or the process is starting or draining.' },
  CONFIG: { status: 500, when: 'A setting is missing, unknown or has a bad value; the process does not start.' },
  DATABASE: { status: 503, when: 'The database could not be started, reached or migrated.' },
  PORT_TAKEN: { status: 500, when: 'Another program listens on the port.' },
} as const satisfies Record<string, { status: number; when: string }>;

export type ErrorCode = keyof typeof errorTable;

/** One thing wrong with an input: where (a JSON pointer or `file:line:column`) and what, with the remedy. */
export interface Problem {
  readonly path: string;
  readonly line?: number;
  readonly column?: number;
  readonly message: string;
}

/** An error meant for the caller. The message names the thing and the remedy; `problems` lists every fault found at once. */
export class BreakwaterError extends Error {
  readonly code: ErrorCode;
  readonly problems: readonly Problem[];

  constructor(code: ErrorCode, message: string, options: ErrorOptions & { problems?: readonly Problem[] } = {}) {
    super(message, options);
    this.name = 'BreakwaterError';
    this.code = code;
    this.problems = options.problems ?? [];
  }

  get status(): number {
    return errorTable[this.code].status;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
