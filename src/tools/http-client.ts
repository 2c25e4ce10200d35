// HTTP to vendors: one client a tool, one `ToolHttp` an attempt. Addresses that a user chose go through outbound-guard instead.
import { Agent, type Dispatcher } from 'undici';
import type { ZodType } from 'zod';
import { throwIfFenced } from '../durable/index.ts';
import { FailureError, type Failure, type Json } from '../kernel/index.ts';
import type { VendorConnection } from './connect.ts';
import {
  failureOfMalformed,
  failureOfRefusal,
  failureOfStatus,
  failureOfTransport,
  parseRetryAfter,
  sentAtMs,
  reasonOf,
  type RequestFact,
} from './http-failure.ts';
import { inParts, readText } from './body-parts.ts';
import { createRedact, type Redact } from './redact.ts';
import { untraced, type TraceRequest } from './request-span.ts';
import type { Admit } from './spend.ts';
import type { Refusal, Tool } from './tool.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface RequestOptions<T> {
  /** The answer's shape. A body that does not fit is the vendor's failure `<TOOL>_MALFORMED`. */
  readonly expect: ZodType<T>;
  /** Undefined members are left out. */
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Undefined members are left out, as JSON does. */
  readonly json?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Can this request change something? Default: every method but GET. Say false for a search by POST. */
  readonly changes?: boolean;
}

/**
 * Requests of one attempt to one vendor. The path is given in segments, each encoded by itself: no argument can leave its place.
 * Every failure is a FailureError; an abort throws the signal's reason.
 */
export interface ToolHttp {
  request<T>(method: Method, path: readonly string[], options: RequestOptions<T>): Promise<T>;
  /** A GET whose 404 means "not there". */
  find<T>(path: readonly string[], options: RequestOptions<T>): Promise<T | undefined>;
  /** A DELETE that is content when nothing is left: false on 404 or 410. */
  remove(path: readonly string[], options?: Omit<RequestOptions<Json>, 'expect'>): Promise<boolean>;
  /**
   * Posts bytes to an address that the vendor handed out, without our credentials: at the vendor's own origin or one of its
   * `uploadOrigins`, nowhere else. They are nothing yet until a further request says what they are.
   */
  upload(url: string, bytes: Uint8Array): Promise<void>;
  /** Has something been changed at the vendor in this attempt, or may it have been? */
  readonly changed: boolean;
  /** The vendor's address without a slash at its end, for links that the vendor answers without it. */
  readonly baseUrl: string;
}

export interface HttpLimits {
  readonly maxAnswerBytes: number;
  readonly connectTimeoutMs: number;
  /** Until the answer's first byte, and between two parts of its body. The attempt's own timeout usually ends first. */
  readonly silenceTimeoutMs: number;
}

export const DEFAULT_HTTP_LIMITS: HttpLimits = {
  maxAnswerBytes: 5 * 1024 * 1024,
  connectTimeoutMs: 10_000,
  silenceTimeoutMs: 300_000,
};

const USER_AGENT = 'breakwater';

interface SendOptions extends Pick<Dispatcher.RequestOptions, 'method' | 'signal'> {
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
  /** Told of every part that is sent or received. */
  readonly beat: () => void;
}

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** Who is told of the requests of an attempt. */
export interface RequestWatch {
  /** Of every part that is sent or received. */
  readonly beat: () => void;
  /** Of the address, before each. */
  readonly admit: Admit;
  /** Makes each. */
  readonly traced: TraceRequest;
}

const UNWATCHED: RequestWatch = { beat: () => undefined, admit: () => undefined, traced: untraced };

/** A tool's connections to its vendor. One Agent a tool: a slow vendor cannot take another's sockets. */
export class ToolClient {
  readonly tool: Tool;
  readonly connection: VendorConnection;
  readonly redact: Redact;
  readonly #agent: Agent;
  readonly #base: URL;

  constructor(
    tool: Tool,
    connection: VendorConnection,
    limits: HttpLimits = DEFAULT_HTTP_LIMITS,
    redact = createRedact(connection.secrets),
  ) {
    this.tool = tool;
    this.connection = connection;
    this.redact = redact;
    this.#base = new URL(connection.baseUrl);
    this.#agent = new Agent({
      allowH2: false,
      maxResponseSize: limits.maxAnswerBytes,
      headersTimeout: limits.silenceTimeoutMs,
      bodyTimeout: limits.silenceTimeoutMs,
      connect: { timeout: limits.connectTimeoutMs },
    });
  }

  open(signal: AbortSignal, watch: Partial<RequestWatch> = {}): ToolHttp {
    return new AttemptHttp(this, signal, { ...UNWATCHED, ...watch });
  }

  async close(): Promise<void> {
    await this.#agent.close();
  }

  /** Sends one request and reads its whole answer, whatever its status. */
  async send(path: string, options: SendOptions): Promise<Answer> {
    const prefix = this.#base.pathname.replace(/\/+$/, '');
    return await this.#request(this.#base.origin, `${prefix}${path}`, options);
  }

  /** Sends to a whole address of the vendor; undefined when it is not one of the vendor's. */
  async sendTo(address: string, options: SendOptions): Promise<Answer | undefined> {
    const url = URL.parse(address);
    const origins = [this.#base.origin, ...(this.tool.vendor?.uploadOrigins ?? [])];
    if (!url || !origins.includes(url.origin)) return undefined;
    return await this.#request(url.origin, `${url.pathname}${url.search}`, options);
  }

  async #request(origin: string, path: string, options: SendOptions): Promise<Answer> {
    const { method, signal, headers, body, beat } = options;
    const sent = inParts(body, beat);
    const response = await this.#agent.request({
      origin,
      path,
      method,
      signal,
      body: sent.body,
      headers: { ...headers, ...sent.headers },
    });
    beat();
    const text = await readText(response.body, beat);
    return { status: response.statusCode, headers: flatten(response.headers), text };
  }
}

class AttemptHttp implements ToolHttp {
  readonly #client: ToolClient;
  readonly #signal: AbortSignal;
  readonly #watch: RequestWatch;
  #changed = false;

  constructor(client: ToolClient, signal: AbortSignal, watch: RequestWatch) {
    this.#client = client;
    this.#signal = signal;
    this.#watch = watch;
  }

  get changed(): boolean {
    return this.#changed;
  }

  get baseUrl(): string {
    return this.#client.connection.baseUrl;
  }

  async request<T>(method: Method, path: readonly string[], options: RequestOptions<T>): Promise<T> {
    const { fact, answer } = await this.#exchange(method, path, options);
    if (!isSuccess(answer)) throw this.#refused(fact, answer);
    return this.#parse(fact, answer, options.expect);
  }

  async find<T>(path: readonly string[], options: RequestOptions<T>): Promise<T | undefined> {
    const { fact, answer } = await this.#exchange('GET', path, options);
    if (answer.status === 404) return undefined;
    if (!isSuccess(answer)) throw this.#refused(fact, answer);
    return this.#parse(fact, answer, options.expect);
  }

  async remove(path: readonly string[], options: Omit<RequestOptions<Json>, 'expect'> = {}): Promise<boolean> {
    const { fact, answer } = await this.#exchange('DELETE', path, options);
    if (answer.status === 404 || answer.status === 410) return false;
    if (!isSuccess(answer)) throw this.#refused(fact, answer);
    return true;
  }

  async #exchange(
    method: Method,
    path: readonly string[],
    options: Omit<RequestOptions<unknown>, 'expect'>,
  ): Promise<{ fact: RequestFact; answer: Answer }> {
    this.#signal.throwIfAborted();
    this.#watch.admit(this.baseUrl);
    const target = joinPath(path);
    const fact = { tool: this.#client.tool.name, method, path: target, changes: options.changes ?? method !== 'GET' };
    const answer = await this.#send(fact, method, `${target}${queryText(options.query)}`, options);
    const refusal = isSuccess(answer) ? this.#refusalIn(answer.text) : undefined;
    if (refusal) throw this.#refusedInside(fact, answer, refusal);
    if (fact.changes && (isSuccess(answer) || answer.status >= 500)) this.#changed = true;
    return { fact, answer };
  }

  // Its words are cut: they are redacted before, since half a secret is not recognised.
  #refusalIn(text: string): Refusal | undefined {
    const find = this.#client.tool.vendor?.refusalIn;
    return find?.(parseLeniently(text)) && find(parseLeniently(this.#client.redact(text)));
  }

  #refusedInside(fact: RequestFact, answer: Answer, refusal: Refusal): FailureError {
    const failed = failureOfRefusal(
      fact,
      refusal,
      parseRetryAfter(answer.headers['retry-after'], sentAtMs(answer.headers)),
    );
    this.#changed ||= failed.unknown;
    return this.#fail(failed);
  }

  async upload(url: string, bytes: Uint8Array): Promise<void> {
    this.#signal.throwIfAborted();
    this.#watch.admit(url);
    const { name } = this.#client.tool;
    const fact = { tool: name, method: 'POST', path: URL.parse(url)?.pathname ?? '/', changes: false };
    const headers = { 'user-agent': USER_AGENT, 'content-type': 'application/octet-stream' };
    const common = { method: 'POST', signal: this.#signal, beat: this.#watch.beat, body: bytes } as const;
    const answer = await this.#guarded(fact, () =>
      this.#watch.traced(
        { method: 'POST', url, headers },
        async (sent) => await this.#client.sendTo(url, { ...common, headers: sent }),
      ),
    );
    if (!answer) throw this.#fail(failureOfMalformed(fact, "the address for the upload is not one of the vendor's"));
    if (!isSuccess(answer)) throw this.#refused(fact, answer);
  }

  async #send(
    fact: RequestFact,
    method: Method,
    path: string,
    { json, headers }: Pick<RequestOptions<unknown>, 'json' | 'headers'>,
  ): Promise<Answer> {
    const all = {
      accept: 'application/json',
      'user-agent': USER_AGENT,
      ...this.#client.connection.headers,
      ...(json && { 'content-type': 'application/json' }),
      ...headers,
    };
    const body = json && JSON.stringify(json);
    const common = { method, signal: this.#signal, beat: this.#watch.beat, ...(body !== undefined && { body }) };
    return await this.#guarded(fact, () =>
      this.#watch.traced(
        { method, url: this.baseUrl, headers: all, isVendor: true },
        async (sent) => await this.#client.send(path, { ...common, headers: sent }),
      ),
    );
  }

  /** What the network throws becomes a failure of this request. */
  async #guarded<T>(fact: RequestFact, send: () => Promise<T>): Promise<T> {
    throwIfFenced();
    try {
      return await send();
    } catch (error) {
      this.#signal.throwIfAborted();
      const failed = failureOfTransport(fact, error);
      if (!failed) throw error;
      this.#changed ||= failed.unknown;
      throw this.#fail(failed, error);
    }
  }

  #refused(fact: RequestFact, answer: Answer): FailureError {
    const retryAfterMs = parseRetryAfter(answer.headers['retry-after'], sentAtMs(answer.headers));
    const body = parseLeniently(this.#client.redact(answer.text));
    const common = failureOfStatus(fact, { status: answer.status, reason: reasonOf(body), retryAfterMs });
    return this.#fail({ ...common, ...this.#client.tool.vendor?.failureOf?.(answer.status, answer.headers, body) });
  }

  #parse<T>(fact: RequestFact, answer: Answer, expect: ZodType<T>): T {
    const body = parseBody(answer.text);
    if (!body.ok) throw this.#fail(failureOfMalformed(fact, 'it is not JSON'));
    const parsed = expect.safeParse(body.value);
    if (parsed.success) return parsed.data;
    // Where and what was expected, never what was there: the value may be private.
    const reason = parsed.error.issues.map((issue) => `${issue.path.join('.') || 'body'}: ${issue.message}`).join('; ');
    throw this.#fail(failureOfMalformed(fact, reason.slice(0, 300)), parsed.error);
  }

  #fail(value: Failure, cause?: unknown): FailureError {
    const message = this.#client.redact(value.message);
    return new FailureError({ ...value, message }, cause === undefined ? undefined : { cause });
  }
}

function isSuccess(answer: Answer): boolean {
  return answer.status >= 200 && answer.status < 300;
}

// A segment of dots would be folded by the URL parser on the way and reach another resource.
function joinPath(segments: readonly string[]): string {
  const encoded = segments.map((segment) => {
    if (/^\.{0,2}$/.test(segment)) throw new FailureError(badSegment(segment));
    return encodeURIComponent(segment.toWellFormed());
  });
  return `/${encoded.join('/')}`;
}

function badSegment(segment: string): Failure {
  const message = `"${segment}" cannot be part of a path at a vendor: a segment must not be empty, "." or ".."`;
  return { code: 'INVALID_ARGUMENTS', message, kind: 'ours', retryable: false, unknown: false };
}

function queryText(query: RequestOptions<unknown>['query']): string {
  const present = Object.entries(query ?? {}).filter(([, value]) => value !== undefined);
  if (present.length === 0) return '';
  return `?${new URLSearchParams(present.map(([name, value]): [string, string] => [name, String(value)])).toString()}`;
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const present = Object.entries(headers).filter(
    (entry): entry is [string, string | string[]] => entry[1] !== undefined,
  );
  return Object.fromEntries(present.map(([name, value]) => [name, Array.isArray(value) ? value.join(', ') : value]));
}

function parseBody(text: string): { ok: true; value: unknown } | { ok: false } {
  if (text.trim() === '') return { ok: true, value: undefined };
  try {
    return { ok: true, value: JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return { ok: false };
    throw error;
  }
}

function parseLeniently(text: string): unknown {
  const body = parseBody(text);
  return body.ok ? body.value : text;
}
