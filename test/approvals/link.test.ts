import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { signLink, verifyLink } from '../../src/approvals/index.ts';

const key = 'a-key-of-sixteen-or-more';
const keys = { current: key };
const expiresAt = new Date('2026-01-02T00:00:00Z');
const nowMs = expiresAt.getTime() - 1;
const claims = { tenant: 'acme', runId: 'run_1', approvalId: 'apr_1', approver: 'user:ann', expiresAt };
const forged = { valid: false, reason: 'forged' };

function payloadOf(token: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()) as Record<string, unknown>;
}

function withPayload(token: string, payload: unknown): string {
  return `${Buffer.from(JSON.stringify(payload)).toString('base64url')}.${token.split('.')[1]}`;
}

describe('verifyLink', () => {
  it('gives back what was signed', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), fc.string(), (tenant, approvalId, approver) => {
        const signed = { ...claims, tenant, approvalId, approver };
        expect(verifyLink(signLink(signed, key), keys, nowMs)).toEqual({ valid: true, claims: signed });
      }),
    );
  });

  it('makes tokens that fit a URL path as they are', () => {
    expect(signLink({ ...claims, approver: 'user:Zoë/?#' }, key)).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/);
  });

  it('never makes the same token twice', () => {
    expect(signLink(claims, key)).not.toBe(signLink(claims, key));
  });

  it.each(['tenant', 'run', 'approval', 'approver', 'aud', 'exp', 'nonce', 'kid'])(
    'refuses a token whose %s was changed',
    (field) => {
      const token = signLink(claims, key);
      const payload = payloadOf(token);
      const changed = withPayload(token, {
        ...payload,
        [field]: field === 'exp' ? Number(payload[field]) + 1 : 'other',
      });

      expect(verifyLink(changed, keys, nowMs)).toEqual(forged);
    },
  );

  it('refuses a token with any one character changed, dropped or added', () => {
    const token = signLink(claims, key);
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.constantFrom('A', 'z', '_', '.', ''), (at, character) => {
        fc.pre(token[at] !== character);
        const changed = token.slice(0, at) + character + token.slice(at + 1);
        expect(verifyLink(changed, keys, nowMs)).toEqual(forged);
      }),
      { numRuns: 2_000 },
    );
    expect(verifyLink(`${token}=`, keys, nowMs)).toEqual(forged);
    expect(verifyLink(`${token}.x`, keys, nowMs)).toEqual(forged);
  });

  it('refuses random texts', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(verifyLink(text, keys, nowMs)).toEqual(forged);
      }),
    );
  });

  it('refuses a token signed for another purpose with the right key', () => {
    const payload = { ...payloadOf(signLink(claims, key)), aud: 'login' };
    const text = Buffer.from(JSON.stringify(payload)).toString('base64url');
    const mac = createHmac('sha256', key).update(text).digest('base64url');

    expect(verifyLink(`${text}.${mac}`, keys, nowMs)).toEqual(forged);
  });

  it('refuses a token of another key and accepts one of the previous key', () => {
    const token = signLink(claims, key);

    expect(verifyLink(token, { current: 'another-key-altogether' }, nowMs)).toEqual(forged);
    expect(verifyLink(token, { current: 'another-key-altogether', previous: key }, nowMs)).toMatchObject({
      valid: true,
    });
  });

  it('expires at the very instant it names', () => {
    const token = signLink(claims, key);

    expect(verifyLink(token, keys, expiresAt.getTime())).toEqual({ valid: false, reason: 'expired' });
  });
});
