// OIDC bearer tokens: signed by the one issuer we were told of, for us, now. Whatever else a token is, it is refused.
import { errors, jwtVerify } from 'jose';
import { BreakwaterError, type Clock, type Emit } from '../kernel/index.ts';
import type { Actor } from '../runs/index.ts';
import { IssuerKeys } from './issuer-keys.ts';
import { actorOfClaims, type ClaimNames } from './token-claims.ts';

export interface OidcSettings {
  /** Exactly as its tokens write it. */
  readonly issuer: string;
  /** What `aud` must hold. */
  readonly audience: string;
  readonly claims: ClaimNames;
}

/** The owner of a token. Throws UNAUTHENTICATED, or UNAVAILABLE when the issuer had to be asked and did not answer. */
export type VerifyToken = (token: string) => Promise<Actor>;

/** Signatures with a key pair only: a shared secret would let whoever verifies sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
];
const LEEWAY_S = 60;

/** The header of every token is JSON, and so begins alike. */
export function looksLikeToken(bearer: string): boolean {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]*$/.test(bearer);
}

export function createVerifyToken(
  { issuer, audience, claims }: OidcSettings,
  { clock, emit, nowMs }: { readonly clock: Clock; readonly emit: Emit; readonly nowMs?: () => number },
): VerifyToken {
  const keys = new IssuerKeys({ issuer, emit, ...(nowMs && { nowMs }) });
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, keys.find, {
        issuer,
        audience,
        algorithms: ALGORITHMS,
        requiredClaims: ['exp'],
        clockTolerance: LEEWAY_S,
        currentDate: new Date(clock.now()),
      });
      return actorOfClaims(payload, claims);
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      throw new BreakwaterError('UNAUTHENTICATED', `The token is refused: ${reasonOf(error)}.`, { cause: error });
    }
  };
}

function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return `its claim "${error.claim}" does not fit`;
  if (error instanceof errors.JOSEAlgNotAllowed) return 'it is not signed by a key pair';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its issuer has no such key';
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'its signature is wrong';
  return 'it is not a token that can be read';
}
