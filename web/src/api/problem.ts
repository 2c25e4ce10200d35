// What the API says when it refuses: problem+json, as an error to throw.
import * as z from 'zod/mini';

const problemDocument = z.object({
  status: z.number(),
  code: z.string(),
  detail: z.string(),
  errors: z.optional(z.array(z.object({ path: z.string(), message: z.string() }))),
});

export interface ProblemItem {
  readonly path: string;
  readonly message: string;
}

export class ApiProblem extends Error {
  readonly status: number;
  readonly code: string;
  /** What is wrong, place by place. */
  readonly errors: readonly ProblemItem[];

  constructor(status: number, code: string, detail: string, errors: readonly ProblemItem[] = []) {
    super(detail);
    this.name = 'ApiProblem';
    this.status = status;
    this.code = code;
    this.errors = errors;
  }
}

/** Something between us and the API may have answered in its place. */
export async function problemIn(response: Response): Promise<ApiProblem> {
  const text = await response.text();
  const parsed = problemDocument.safeParse(parseJson(text));
  if (!parsed.success)
    return new ApiProblem(response.status, 'UNREADABLE', `${response.status}: ${text.slice(0, 300)}`);
  const { status, code, detail, errors } = parsed.data;
  return new ApiProblem(status, code, detail, errors);
}

export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** In words for people. */
export function wordsOf(error: unknown): string {
  if (error instanceof ApiProblem) return error.message;
  if (error instanceof TypeError) return 'Breakwater cannot be reached. It is asked again in a moment.';
  return error instanceof Error ? error.message : String(error);
}
