// Whether a request is Slack's: its signature over the body as it came, and its time. Pure.
// https://docs.slack.dev/authentication/verifying-requests-from-slack
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface SignedRequest {
  /** `X-Slack-Request-Timestamp`: seconds since the epoch. */
  readonly timestamp: string | undefined;
  /** `X-Slack-Signature`: `v0=` and 64 hex digits. */
  readonly signature: string | undefined;
  /** Not parsed: another spelling of the same body has another signature. */
  readonly body: string;
}

/** Older than this, or as far ahead, a request may be one that somebody recorded. */
const MAX_AGE_S = 5 * 60;

export function isFromSlack(
  { timestamp = '', signature = '', body }: SignedRequest,
  secret: string,
  nowMs: number,
): boolean {
  if (!/^\d{1,12}$/.test(timestamp)) return false;
  if (Math.abs(nowMs / 1_000 - Number(timestamp)) > MAX_AGE_S) return false;
  return sameText(signature, signatureOf(timestamp, body, secret));
}

export function signatureOf(timestamp: string, body: string, secret: string): string {
  return `v0=${createHmac('sha256', secret).update(`v0:${timestamp}:${body}`).digest('hex')}`;
}

function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}
