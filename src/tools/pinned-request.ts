// One HTTP request to a checked target: connects to the address the guard chose, whatever the name says by now.
import type { LookupFunction } from 'node:net';
import { isIP } from 'node:net';
import { Agent } from 'undici';
import { inParts, readText } from './body-parts.ts';
import type { Method } from './http-client.ts';
import type { OutboundTarget } from './outbound-guard.ts';

export interface PinnedRequest {
  readonly method: Method;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface PinnedAnswer {
  readonly status: number;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface PinnedLimits {
  readonly signal: AbortSignal;
  /** Told of every part that is sent or received. */
  readonly heartbeat: () => void;
  readonly maxAnswerBytes: number;
}

const CONNECT_TIMEOUT_MS = 10_000;

/** Reads the whole answer, whatever its status; follows nothing. Throws what undici throws, or the signal's reason. */
export async function sendPinned(
  target: OutboundTarget,
  { method, headers, body }: PinnedRequest,
  { signal, heartbeat, maxAnswerBytes }: PinnedLimits,
): Promise<PinnedAnswer> {
  // An agent of its own: a connection kept for the next request would outlive the check that allowed it.
  const agent = new Agent({
    allowH2: false,
    maxResponseSize: maxAnswerBytes,
    connect: { timeout: CONNECT_TIMEOUT_MS, lookup: pinTo(target.address) },
  });
  try {
    const { url } = target;
    const path = `${url.pathname}${url.search}`;
    const sent = inParts(body, heartbeat);
    const response = await agent.request({
      origin: url.origin,
      path,
      method,
      signal,
      body: sent.body,
      headers: { ...headers, ...sent.headers },
    });
    heartbeat();
    const text = await readText(response.body, heartbeat);
    return { status: response.statusCode, headers: flatten(response.headers), text };
  } finally {
    await agent.destroy();
  }
}

function pinTo(address: string): LookupFunction {
  const family = isIP(address);
  return (_hostname, options, callback) =>
    options.all ? callback(null, [{ address, family }]) : callback(null, address, family);
}

function flatten(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    ),
  );
}
