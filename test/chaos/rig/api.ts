// The API as a careful client uses it: through any replica, with a time limit, the same request repeated until somebody answers for it.
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';

export interface Answer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface Call {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly body?: unknown;
  readonly idempotencyKey?: string;
  /** Only this replica may answer. Default: whichever does. */
  readonly at?: () => string | undefined;
}

export interface ApiSettings {
  readonly adminKey: string;
  /** Where to ask next; undefined while nobody listens. */
  readonly anyUrl: () => string | undefined;
}

const REQUEST_TIMEOUT_MS = 4_000;
const GIVE_UP_AFTER_MS = 120_000;
const PAUSE_MS = 100;

const answerBody = z.record(z.string(), z.unknown());

export class Api {
  readonly #settings: ApiSettings;

  constructor(settings: ApiSettings) {
    this.#settings = settings;
  }

  /** The first answer that is nobody's failure (no 5xx, no 429), from whichever replica gives it. */
  async insist(call: Call): Promise<Answer> {
    const deadline = performance.now() + GIVE_UP_AFTER_MS;
    while (performance.now() < deadline) {
      const url = (call.at ?? this.#settings.anyUrl)();
      const answer = url === undefined ? undefined : await this.try(url, call);
      if (answer && answer.status < 500 && answer.status !== 429) return answer;
      await delay(PAUSE_MS);
    }
    throw new Error(`${call.method} ${call.path} was answered by nobody for ${GIVE_UP_AFTER_MS / 1_000} s`);
  }

  /** One request to one replica: its answer, or undefined when there was none. */
  async try(url: string, { method, path, body, idempotencyKey }: Call): Promise<Answer | undefined> {
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
        headers: {
          authorization: `Bearer ${this.#settings.adminKey}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
          ...(idempotencyKey !== undefined && { 'idempotency-key': idempotencyKey }),
        },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      return { status: response.status, body: text === '' ? {} : answerBody.parse(JSON.parse(text)) };
    } catch {
      return undefined; // refused, reset, cut short or too late: the reason we ask again
    }
  }
}
