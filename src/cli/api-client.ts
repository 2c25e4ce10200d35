// Calls our own API, and nothing else: the address and the key come from the settings or the data directory.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { Config } from '../config.ts';
import { pageOf } from './answers.ts';
import { createEventReader, type StreamEvent } from './event-text.ts';
import { BreakwaterError, errorTable, messageOf, type ErrorCode } from '../kernel/index.ts';

export interface ApiRequest {
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON, or as it is when `contentType` is given. */
  readonly body?: unknown;
  readonly contentType?: string;
  /** The same key with the same body is the same request. */
  readonly idempotencyKey?: string;
}

const problemShape = z.object({
  detail: z.string(),
  code: z.string(),
  errors: z
    .array(
      z.object({ path: z.string(), line: z.number().optional(), column: z.number().optional(), message: z.string() }),
    )
    .default([]),
});

export class ApiClient {
  readonly #baseUrl: string;
  readonly #key: string;

  constructor(baseUrl: string, key: string) {
    this.#baseUrl = baseUrl;
    this.#key = key;
  }

  async get<T>(path: string, shape: z.ZodType<T>, query: ApiRequest['query'] = {}): Promise<T> {
    return shape.parse(await this.#send('GET', path, { query }));
  }

  /** Every item of a list, however many pages it has. */
  async all<T>(path: string, item: z.ZodType<T>): Promise<T[]> {
    const items: T[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.get(path, pageOf(item), { limit: '200', cursor });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return items;
  }

  async post<T>(path: string, shape: z.ZodType<T>, request: ApiRequest): Promise<T> {
    return shape.parse(await this.#send('POST', path, request));
  }

  /** A stream of events from after `position` on; undefined when there are no more. One that breaks off is UNAVAILABLE. */
  async events(path: string, position?: string): Promise<AsyncIterable<StreamEvent> | undefined> {
    const headers = {
      authorization: `Bearer ${this.#key}`,
      ...(position !== undefined && { 'last-event-id': position }),
    };
    const response = await this.#reach(new URL(`${this.#baseUrl}${path}`), { headers });
    if (response.status === 204) return undefined;
    if (response.ok && response.body) return this.#eventsIn(response.body);
    throw refusal(response.status, await response.json().catch(() => undefined));
  }

  async *#eventsIn(body: ReadableStream<Uint8Array>): AsyncGenerator<StreamEvent, void, void> {
    const read = createEventReader();
    const decoder = new TextDecoder();
    try {
      for await (const piece of body) yield* read(decoder.decode(piece, { stream: true }));
    } catch (error) {
      throw this.#away(error);
    }
  }

  async #send(
    method: string,
    path: string,
    { query = {}, body, contentType = 'application/json', idempotencyKey }: ApiRequest,
  ): Promise<unknown> {
    const url = new URL(`${this.#baseUrl}${path}`);
    for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, value);
    const headers = {
      authorization: `Bearer ${this.#key}`,
      ...(body === undefined ? {} : { 'content-type': contentType }),
      ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
    };
    const response = await this.#reach(url, { method, headers, body: asText(body) });
    const answer: unknown = await response.json().catch(() => undefined);
    if (response.ok) return answer;
    throw refusal(response.status, answer);
  }

  async #reach(url: URL, init: RequestInit): Promise<Response> {
    try {
      return await fetch(url, init);
    } catch (error) {
      throw this.#away(error);
    }
  }

  #away(error: unknown): BreakwaterError {
    const reason = messageOf(error instanceof Error ? (error.cause ?? error) : error);
    const remedy = 'start the app, or set BREAKWATER_URL';
    return new BreakwaterError('UNAVAILABLE', `Nothing answers at ${this.#baseUrl} (${reason}): ${remedy}.`, {
      cause: error,
    });
  }
}

/** The key of the settings, else the one that the first start kept in the data directory. */
export async function connectToApi({ apiUrl, apiKey, adminKey, dataDir }: Config): Promise<ApiClient> {
  return new ApiClient(apiUrl, apiKey ?? adminKey ?? (await readAdminKey(dataDir)));
}

async function readAdminKey(dataDir: string): Promise<string> {
  const file = join(dataDir, 'admin-key');
  try {
    return (await readFile(file, 'utf8')).trim();
  } catch (error) {
    throw new BreakwaterError('UNAUTHENTICATED', `No key: set BREAKWATER_KEY (${file}: ${messageOf(error)}).`, {
      cause: error,
    });
  }
}

function asText(body: unknown): string | undefined {
  return body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
}

function refusal(status: number, answer: unknown): BreakwaterError {
  const problem = problemShape.safeParse(answer).data;
  if (!problem)
    return new BreakwaterError('INTERNAL', `The answer ${status} is not one of this API's; is BREAKWATER_URL right?`);
  return new BreakwaterError(isCode(problem.code) ? problem.code : 'INTERNAL', problem.detail, {
    problems: problem.errors,
  });
}

function isCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorTable, code);
}
