// What a workflow's own code gives, as the record holds it: plain JSON, and not too large. Pure.
import { FailureError, failure } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { NotPlainError, plainJson } from '../tools/index.ts';

/** Of a run, which may gather the outcomes of several activities. */
export const MAX_OUTPUT_BYTES = 4 * 1024 * 1024;

/** Throws FailureError when the value cannot be kept. */
export function recordable(what: string, value: unknown, maxBytes: number): Json {
  const plain = toPlain(what, value);
  const bytes = Buffer.byteLength(JSON.stringify(plain));
  if (bytes > maxBytes) throw tooLarge(`${what} has ${bytes} bytes; ${maxBytes} are kept`);
  return plain;
}

function toPlain(what: string, value: unknown): Json {
  try {
    return plainJson(value);
  } catch (error) {
    if (error instanceof NotPlainError) throw tooLarge(`${what} ${error.message}`, error);
    throw error;
  }
}

function tooLarge(message: string, cause?: unknown): FailureError {
  return new FailureError(failure('TOO_LARGE', message), { cause });
}
