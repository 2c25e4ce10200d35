// Approval links: a token that names one approval and one approver until one instant, and cannot be changed. Pure.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { sha256 } from '../kernel/index.ts';

/** `current` signs; `previous` is still accepted, so that links outlive a change of key. */
export interface LinkKeys {
  readonly current: string;
  readonly previous?: string;
}

export interface LinkClaims {
  readonly tenant: string;
  readonly runId: string;
  readonly approvalId: string;
  /** `user:<name>`, `role:<name>`, or a bare user name. */
  readonly approver: string;
  readonly expiresAt: Date;
}

export type LinkVerdict =
  | { readonly valid: true; readonly claims: LinkClaims }
  | { readonly valid: false; readonly reason: 'forged' | 'expired' };

const AUDIENCE = 'approve';
/** Longer than any token of ours: what is longer is not worth hashing. */
const MAX_TOKEN_LENGTH = 2_048;

const payloadShape = z.strictObject({
  tenant: z.string(),
  run: z.string(),
  approval: z.string(),
  approver: z.string(),
  aud: z.literal(AUDIENCE),
  exp: z.number().int(),
  nonce: z.string(),
  kid: z.string(),
});

/** `<payload>.<mac>`, both base64url: safe in a URL's path. */
export function signLink(claims: LinkClaims, key: string): string {
  const payload: z.infer<typeof payloadShape> = {
    tenant: claims.tenant,
    run: claims.runId,
    approval: claims.approvalId,
    approver: claims.approver,
    aud: AUDIENCE,
    exp: claims.expiresAt.getTime(),
    nonce: randomBytes(12).toString('base64url'),
    kid: keyId(key),
  };
  const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
  return `${text}.${macOf(text, key)}`;
}

/** The MAC is checked over the text as it came, before anything in it is read. */
export function verifyLink(token: string, keys: LinkKeys, nowMs: number): LinkVerdict {
  const [text = '', mac = '', ...rest] = token.length <= MAX_TOKEN_LENGTH ? token.split('.') : [];
  const key = [keys.current, keys.previous].find((known) => known !== undefined && sameText(mac, macOf(text, known)));
  const payload = key === undefined || rest.length > 0 ? undefined : readPayload(text);
  if (!payload || payload.kid !== keyId(key ?? '')) return { valid: false, reason: 'forged' };
  if (nowMs >= payload.exp) return { valid: false, reason: 'expired' };
  return {
    valid: true,
    claims: {
      tenant: payload.tenant,
      runId: payload.run,
      approvalId: payload.approval,
      approver: payload.approver,
      expiresAt: new Date(payload.exp),
    },
  };
}

function macOf(text: string, key: string): string {
  return createHmac('sha256', key).update(text).digest('base64url');
}

// Compared as text: base64url has several spellings of one value, of which only the canonical is ours.
function sameText(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function readPayload(text: string): z.infer<typeof payloadShape> | undefined {
  const parsed: unknown = JSON.parse(Buffer.from(text, 'base64url').toString());
  return payloadShape.safeParse(parsed).data;
}

function keyId(key: string): string {
  return sha256(key).slice(0, 8);
}
