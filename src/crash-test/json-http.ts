// JSON over HTTP to processes that may die in the middle: whether somebody answered, and what.
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '../kernel/index.ts';

/** Nobody answered, or the answer broke off. */
export class NoAnswer extends Error {
  constructor(url: string, cause: unknown) {
    super(`${url} gave no answer: ${messageOf(cause)}`, { cause });
    this.name = 'NoAnswer';
  }
}

export interface JsonRequest {
  readonly body?: unknown;
  /** Default: JSON. */
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface JsonAnswer {
  readonly status: number;
  readonly body: unknown;
}

const TIMEOUT_MS = 20_000;

export async function askJson(method: string, url: string, request: JsonRequest = {}): Promise<JsonAnswer> {
  const { body, contentType = 'application/json', headers = {} } = request;
  const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
  try {
    const response = await fetch(url, {
      method,
      headers: { ...headers, ...(text !== undefined && { 'content-type': contentType }) },
      body: text,
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const answer = await response.text();
    return { status: response.status, body: answer === '' ? undefined : JSON.parse(answer) };
  } catch (error) {
    throw new NoAnswer(url, error);
  }
}

/** The first look at which `found` is something; undefined when there was none in time. */
export async function lookUntil<T>(
  look: () => Promise<T | undefined>,
  { timeoutMs, everyMs }: { timeoutMs: number; everyMs: number },
): Promise<T | undefined> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined || performance.now() > deadline) return found;
    await sleep(everyMs);
  }
}
