// One attempt: its time limit, what the adapter may use meanwhile, and what becomes of whatever is thrown.
import {
  FailureError,
  type BreakerUse,
  type Failure,
  type JsonObject,
  type Outcome,
  type SecretPlace,
  type SpanPlace,
} from '../kernel/index.ts';
import { limitAttempt, orLeave, type AttemptLimits } from './attempt-limits.ts';
import type { ToolHttp } from './http-client.ts';
import { storableText } from './plain-json.ts';
import type { Redactor } from './redact.ts';
import type { ConnectedTool } from './registry.ts';
import type { RequestTeller } from './request-span.ts';
import type { Admit } from './spend.ts';
import type { ToolAction, ToolCall } from './tool.ts';

export interface Invocation {
  readonly tool: string;
  readonly action: string;
  readonly args: JsonObject;
  /** Where in them their author wrote references to secrets. Absent: nowhere. */
  readonly secrets?: readonly SecretPlace[];
  /** The idempotency key of this external change (D9). */
  readonly key: string;
  /** May an earlier attempt under this key have taken effect? Then the action's probe looks first (K7). */
  readonly suspect: boolean;
  /** Aborts the attempt. The reason `'cancelled'` makes it CANCELLED, any other a TIMEOUT. */
  readonly signal?: AbortSignal;
  /** Of this one attempt, its probe included. */
  readonly timeoutMs: number;
  /** An attempt that shows no sign of life for this long is STALLED. Absent: it may be silent. */
  readonly heartbeatMs?: number;
  readonly tenant: string;
  readonly runId: string;
  /** Where in a trace the attempt stands. Absent: in none. */
  readonly trace?: SpanPlace;
  /** Absent: the one of the tool, with the usual settings. */
  readonly breaker?: BreakerUse;
  /** It takes an act back, or looks for one that must be: a service that is down is tried all the same. */
  readonly insistent?: boolean;
}

/** What an attempt works with. */
export interface AttemptParts {
  readonly connected: ConnectedTool;
  readonly action: ToolAction;
  /** Asked before each request. */
  readonly admit: Admit;
  readonly teller: RequestTeller;
  readonly redactor: Redactor;
}

/**
 * Does `work` with a call of its own. A FailureError and an abort become a failed outcome; while `doubt.left` says that an
 * earlier attempt may have taken effect, every failure leaves that open. Anything else that is thrown is thrown on.
 */
export async function attempt(
  parts: AttemptParts,
  invocation: Invocation,
  doubt: { readonly left: boolean },
  work: (call: ToolCall) => Promise<Outcome>,
): Promise<Outcome> {
  const { connected, action, redactor } = parts;
  const limits = limitAttempt(invocation);
  const { signal } = limits;
  const call = createCall(parts, invocation, limits);
  let started = false;
  try {
    signal.throwIfAborted();
    started = true;
    return await (connected.tool.onOwnDatabase ? work(call) : orLeave(work(call), signal));
  } catch (error) {
    redactor.error(error);
    const failed = failureOf(error, limits);
    const cut = !(error instanceof FailureError) && started;
    const unknown = action.effect && (cut || failed.unknown || doubt.left || call.http.changed);
    // Cut after it is redacted: half a secret is not recognised.
    const message = storableText(redactor.text(failed.message).slice(0, MAX_MESSAGE_LENGTH));
    return { ok: false, error: { ...failed, unknown, message } };
  } finally {
    limits.clear();
  }
}

const MAX_MESSAGE_LENGTH = 1_000;

function createCall(
  { connected: { client, tool }, admit, teller, redactor: { text: redact } }: AttemptParts,
  { key, tenant, runId, trace }: Invocation,
  { signal, beat: heartbeat }: AttemptLimits,
): ToolCall {
  const traced = teller({ tool: tool.name, run: runId, tenant, trace });
  const http = client ? client.open(signal, { beat: heartbeat, admit, traced }) : withoutHttp(tool.name);
  const settings = client?.connection.settings ?? {};
  return { http, settings, key, signal, heartbeat, admit, traced, redact, tenant, runId };
}

function withoutHttp(tool: string): ToolHttp {
  const refuse = (): never => {
    throw new TypeError(`The tool "${tool}" declares no vendor and so has no HTTP`);
  };
  return {
    request: refuse,
    find: refuse,
    remove: refuse,
    upload: refuse,
    changed: false,
    get baseUrl() {
      return refuse();
    },
  };
}

function failureOf(error: unknown, limits: AttemptLimits): Failure {
  if (error instanceof FailureError) return error.failure;
  const cut = limits.failureOf(error);
  if (!cut) throw error;
  return cut;
}
