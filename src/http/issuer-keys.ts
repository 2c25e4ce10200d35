// The public keys of an OIDC issuer: found through its discovery document, kept, and read anew when a token names one that is not among them.
import { createLocalJWKSet, errors, type JWTVerifyGetKey } from 'jose';
import { z } from 'zod';
import { BreakwaterError, messageOf, type Emit } from '../kernel/index.ts';
import { readJsonDocument } from '../tools/index.ts';

/** Then the keys are read again, behind the back of requests: a key that the issuer withdrew is forgotten. */
const REFRESH_AFTER_MS = 10 * 60_000;
/** An issuer that cannot be reached for longer than this may have withdrawn any of them. */
const FORGET_AFTER_MS = 24 * 3_600_000;
/** Whoever sends made-up key ids makes us ask the issuer no more often than this. */
const ASK_AGAIN_AFTER_MS = 30_000;
const ASK_AGAIN_AFTER_FAILURE_MS = 1_000;

export interface IssuerKeyOptions {
  readonly issuer: string;
  readonly emit: Emit;
  /** Steady; it is compared with itself only. */
  readonly nowMs?: () => number;
}

interface KnownKeys {
  readonly find: ReturnType<typeof createLocalJWKSet>;
  readonly readAtMs: number;
}

export class IssuerKeys {
  readonly #issuer: string;
  readonly #emit: Emit;
  readonly #nowMs: () => number;
  #known: KnownKeys | undefined;
  #askAgainAtMs = Number.NEGATIVE_INFINITY;
  #failure: unknown;
  #asking: Promise<void> | undefined;

  constructor({ issuer, emit, nowMs = () => performance.now() }: IssuerKeyOptions) {
    this.#issuer = issuer;
    this.#emit = emit;
    this.#nowMs = nowMs;
  }

  /** The key that a token's header names. Throws jose's JWKSNoMatchingKey, or UNAVAILABLE when the issuer had to be asked and did not answer. */
  readonly find: JWTVerifyGetKey = async (header, token) => {
    const known = await this.#usable();
    try {
      return await known.find(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      const anew = await this.#askedAnew(error);
      return await anew.find(header, token);
    }
  };

  async #usable(): Promise<KnownKeys> {
    const ageMs = this.#known ? this.#nowMs() - this.#known.readAtMs : Number.POSITIVE_INFINITY;
    if (ageMs > FORGET_AFTER_MS) this.#known = undefined;
    if (!this.#known) await this.#ask();
    else if (ageMs > REFRESH_AFTER_MS) void this.#ask();
    return this.#known ?? this.#refuse();
  }

  // What the issuer said a moment ago stands; what it could not be asked is no answer.
  async #askedAnew(noMatch: Error): Promise<KnownKeys> {
    await this.#ask();
    if (this.#failure !== undefined) return this.#refuse();
    if (!this.#known) throw noMatch;
    return this.#known;
  }

  #refuse(): never {
    const message = `The issuer ${this.#issuer} cannot be asked for its keys; try again in a moment, or use an API key.`;
    throw new BreakwaterError('UNAVAILABLE', message, { cause: this.#failure });
  }

  async #ask(): Promise<void> {
    if (!this.#asking && this.#nowMs() < this.#askAgainAtMs) return;
    this.#asking ??= this.#read().finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
  }

  async #read(): Promise<void> {
    try {
      this.#known = { find: createLocalJWKSet(await readKeys(this.#issuer)), readAtMs: this.#nowMs() };
      this.#failure = undefined;
      this.#askAgainAtMs = this.#nowMs() + ASK_AGAIN_AFTER_MS;
    } catch (error) {
      this.#failure = error;
      this.#askAgainAtMs = this.#nowMs() + ASK_AGAIN_AFTER_FAILURE_MS;
      const fields = { issuer: this.#issuer, reason: messageOf(error) };
      this.#emit({ level: 'warn', name: 'oidc.issuer_unreachable', fields });
    }
  }
}

const discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })).max(100) });

async function readKeys(issuer: string): Promise<z.infer<typeof keySet>> {
  const found = discovery.parse(
    await readJsonDocument(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`),
  );
  if (found.issuer !== issuer) throw new Error(`it calls itself ${found.issuer}`);
  if (!isTrustworthy(found.jwks_uri, issuer)) throw new Error(`its keys are at ${found.jwks_uri}, which is not https`);
  return keySet.parse(await readJsonDocument(found.jwks_uri));
}

// Whoever can change the keys on their way can sign for anybody. An issuer on this machine needs no https, and so its keys need none.
function isTrustworthy(jwksUri: string, issuer: string): boolean {
  const [keys, own] = [new URL(jwksUri), new URL(issuer)];
  return keys.protocol === 'https:' || (own.protocol === 'http:' && keys.hostname === own.hostname);
}
