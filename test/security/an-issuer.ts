// An OIDC issuer of its own, over real HTTP: it publishes what keys it is told to, and signs whatever a test asks for.
import { exportJWK, generateKeyPair, SignJWT, type CryptoKey, type JWK, type JWTPayload } from 'jose';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

export const AUDIENCE = 'breakwater-api';

export interface SigningKey {
  readonly kid: string;
  readonly alg: string;
  readonly privateKey: CryptoKey;
  readonly publicJwk: JWK;
}

export interface Issuer {
  readonly url: string;
  /** How often somebody read its keys. */
  readonly readings: number;
  /** What it publishes from now on. */
  publish(...keys: readonly (SigningKey | JWK)[]): void;
  /** What it says of itself in its discovery document; default: its own url. */
  callItself(name: string): void;
  /** Where it says its keys are; default: beside that document. */
  sayKeysAreAt(address: string): void;
  /** Answers 500 from now on, or again as it should. */
  fail(fails: boolean): void;
  close(): Promise<void>;
}

function isSigning(key: SigningKey | JWK): key is SigningKey {
  return 'publicJwk' in key;
}

export async function newKey(kid: string, alg = 'ES256'): Promise<SigningKey> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, publicJwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

export async function openIssuer(port = 0): Promise<Issuer> {
  let keys: readonly JWK[] = [];
  let readings = 0;
  let name: string | undefined;
  let place: string | undefined;
  let fails = false;
  const server = createServer((request, response) => {
    const isKeys = request.url === '/keys';
    if (isKeys) readings += 1;
    const body = isKeys ? { keys } : { issuer: name ?? url, jwks_uri: place ?? `${url}/keys` };
    response.writeHead(fails ? 500 : 200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url,
    get readings() {
      return readings;
    },
    publish: (...published) => {
      keys = published.map((key) => (isSigning(key) ? key.publicJwk : key));
    },
    callItself: (other) => {
      name = other;
    },
    sayKeysAreAt: (address) => {
      place = address;
    },
    fail: (now) => {
      fails = now;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** A token as an honest issuer writes it, but for what is said otherwise; undefined leaves a claim out. */
export async function tokenOf(
  issuer: Pick<Issuer, 'url'>,
  key: Pick<SigningKey, 'kid' | 'alg' | 'privateKey'>,
  { claims = {}, header = {} }: { claims?: JWTPayload; header?: Record<string, unknown> } = {},
): Promise<string> {
  const nowS = Math.floor(Date.now() / 1_000);
  const all = {
    iss: issuer.url,
    aud: AUDIENCE,
    sub: 'ana',
    tenant: 'default',
    roles: ['viewer'],
    iat: nowS,
    exp: nowS + 300,
    ...claims,
  };
  const signing = new SignJWT(JSON.parse(JSON.stringify(all)) as JWTPayload);
  return await signing.setProtectedHeader({ alg: key.alg, kid: key.kid, ...header }).sign(key.privateKey);
}
