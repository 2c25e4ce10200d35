// From what an adapter returned to the outcome that is stored: of the promised shape, plain JSON, without secrets and not too large. Pure.
import { failure, FailureError, type Failure, type Json, type Outcome } from '../kernel/index.ts';
import { codePrefix } from './http-failure.ts';
import { NotPlainError, plainJson } from './plain-json.ts';
import type { Redactor } from './redact.ts';
import type { ToolAction } from './tool.ts';

/** The largest outcome a checkpoint holds. */
export const MAX_OUTCOME_BYTES = 1024 * 1024;

export function settle(tool: string, action: ToolAction, answer: unknown, redactor: Redactor): Outcome {
  const parsed = action.output.safeParse(answer);
  if (!parsed.success) throw new FailureError(unexpectedOutput(tool, action, parsed.error.issues));
  const value = redactor.json(toOutcomeValue(tool, action, parsed.data));
  const bytes = Buffer.byteLength(JSON.stringify(value));
  if (bytes > MAX_OUTCOME_BYTES)
    throw new FailureError(tooLarge(tool, action, `has ${bytes} bytes; ${MAX_OUTCOME_BYTES} are kept`));
  return { ok: true, value };
}

function toOutcomeValue(tool: string, action: ToolAction, answer: unknown): Json {
  try {
    return plainJson(answer);
  } catch (error) {
    if (error instanceof NotPlainError) throw new FailureError(tooLarge(tool, action, error.message), { cause: error });
    throw error;
  }
}

// The act is done, only its answer cannot be kept: it must be undone by key and arguments.
function tooLarge(tool: string, action: ToolAction, why: string): Failure {
  return failure('TOO_LARGE', `The answer of ${tool} ${why}`, { unknown: action.effect });
}

function unexpectedOutput(
  tool: string,
  action: ToolAction,
  issues: readonly { path: PropertyKey[]; message: string }[],
): Failure {
  const list = issues.map(({ path, message }) => `${path.join('.') || 'answer'}: ${message}`).join('; ');
  const rest = { kind: 'theirs', retryable: true, unknown: action.effect } as const;
  return failure(`${codePrefix(tool)}_MALFORMED`, `The answer of ${tool} is not what it promises: ${list}`, rest);
}
