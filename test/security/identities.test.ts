// Who comes in by a token: only those for whom the one issuer that we were told of signed, for us, now. The issuer speaks real HTTP.
import fc from 'fast-check';
import { exportSPKI, importJWK, SignJWT, UnsecuredJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createKey, revokeKey } from '../../src/http/index.ts';
import { actorOfClaims } from '../../src/http/token-claims.ts';
import { createVerifyToken, looksLikeToken, type VerifyToken } from '../../src/http/tokens.ts';
import { messageOf, silent } from '../../src/kernel/index.ts';
import { startTestApp, type RunningApp } from '../http/running-app.ts';
import { AUDIENCE, newKey, openIssuer, tokenOf, type Issuer, type SigningKey } from './an-issuer.ts';

const claimNames = { user: 'sub', tenant: 'tenant', roles: 'roles' };
const MINUTE_MS = 60_000;

let issuer: Issuer;
let key: SigningKey;
let api: RunningApp;
beforeAll(async () => {
  issuer = await openIssuer();
  key = await newKey('first', 'RS256');
  issuer.publish(key);
  api = await startTestApp('security_identities', {
    environment: { BREAKWATER_OIDC_ISSUER: issuer.url, BREAKWATER_OIDC_AUDIENCE: AUDIENCE },
  });
});
afterAll(async () => {
  await api.stop();
  await issuer.close();
});

/** With a steady clock of its own, so that minutes pass at once. */
function verifier(of: Pick<Issuer, 'url'>, nowMs = () => performance.now(), clockMs = () => Date.now()): VerifyToken {
  const settings = { issuer: of.url, audience: AUDIENCE, claims: claimNames };
  return createVerifyToken(settings, { clock: { now: clockMs }, emit: silent, nowMs });
}

describe('a key', () => {
  const keyRow = (user: string) =>
    api.knex.withSchema('breakwater').table('api_key').first<Record<string, unknown>>().where({ user_name: user });

  it('lives as long as it was made for by the clock of the database, whatever the machine that makes it believes', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 400 * 24 * 60 * MINUTE_MS });
    try {
      await api.keyFor('month', ['viewer'], { lifetimeMs: 30 * 24 * 60 * MINUTE_MS });
    } finally {
      vi.useRealTimers();
    }

    const { expires_at: expiresAt } = (await keyRow('month')) as { expires_at: Date };
    expect(Math.abs(expiresAt.getTime() - Date.now() - 30 * 24 * 60 * MINUTE_MS)).toBeLessThan(MINUTE_MS);
  });

  it('is refused with its next request once it is revoked or has expired', async () => {
    const [revoked, expired] = [await api.keyFor('revoked', ['viewer']), await api.keyFor('expired', ['viewer'])];
    for (const one of [revoked, expired])
      expect(await api.call('/v1/runs', { key: one })).toMatchObject({ status: 200 });

    await revokeKey(api.knex, String((await keyRow('revoked')).id), 'cli');
    await api.knex.raw(`update breakwater.api_key set expires_at = clock_timestamp() where user_name = 'expired'`);

    for (const one of [revoked, expired])
      expect(await api.call('/v1/runs', { key: one })).toMatchObject({ status: 401 });
  });

  it('leaves a word in the audit when it is made and when it is revoked, once, and never its text', async () => {
    const made = await createKey(api.knex, { tenant: 'acme', user: 'told', roles: ['viewer'] }, 'cli');
    await revokeKey(api.knex, made.id, 'cli');
    await revokeKey(api.knex, made.id, 'cli');

    const rows = await api.knex
      .withSchema('breakwater')
      .table('audit')
      .select<object[]>('tenant', 'actor', 'action', 'data')
      .where({ subject: made.id })
      .orderBy('id');
    expect(rows).toEqual([
      {
        tenant: 'acme',
        actor: 'cli',
        action: 'key.create',
        data: { user: 'told', roles: ['viewer'], lifetimeMs: null },
      },
      { tenant: 'acme', actor: 'cli', action: 'key.revoke', data: { user: 'told' } },
    ]);
    await expect(revokeKey(api.knex, 'key_none', 'cli')).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });
});

describe('a token of the issuer', () => {
  it.each(['RS256', 'PS256', 'ES256', 'EdDSA'])('signed with %s opens', async (alg) => {
    const one = await openIssuer();
    const signing = await newKey('k', alg);
    one.publish(signing);

    expect(await verifier(one)(await tokenOf(one, signing))).toEqual({
      tenant: 'default',
      user: 'ana',
      roles: ['viewer'],
    });
    await one.close();
  });

  it('opens the routes of its roles and no others', async () => {
    const viewer = await tokenOf(issuer, key);
    const nobody = await tokenOf(issuer, key, { claims: { roles: [] } });

    expect(await api.call('/v1/runs', { key: viewer })).toMatchObject({ status: 200 });
    expect(await api.call('/v1/runs', { key: viewer, body: { workflow: 'echo' } })).toMatchObject({ status: 403 });
    expect(await api.call('/v1/runs', { key: nobody })).toMatchObject({ status: 403 });
  });

  it('starts runs in its tenant under its name, which no other tenant sees', async () => {
    const starter = await tokenOf(issuer, key, { claims: { sub: 'auth0|7', roles: 'starter marketing-lead' } });
    const foreigner = await tokenOf(issuer, key, { claims: { tenant: 'acme', roles: ['admin'] } });

    const { status, body } = await api.call('/v1/runs', { key: starter, body: { workflow: 'echo' } });
    const { id } = body as { id: string };

    expect(status).toBe(202);
    expect(await api.knex.withSchema('breakwater').table('run').first('tenant', 'requester').where({ id })).toEqual({
      tenant: 'default',
      requester: 'auth0|7',
    });
    expect(await api.call(`/v1/runs/${id}`, { key: foreigner })).toMatchObject({ status: 404 });
  });

  it('is judged by the time of the database, give or take a minute', async () => {
    const nowS = Math.floor(Date.now() / 1_000);
    const spanning = (offsets: { nbf?: number; exp: number }) =>
      tokenOf(issuer, key, {
        claims: { exp: nowS + offsets.exp, ...(offsets.nbf !== undefined && { nbf: nowS + offsets.nbf }) },
      });

    expect(await api.call('/v1/runs', { key: await spanning({ exp: -50 }) })).toMatchObject({ status: 200 });
    expect(await api.call('/v1/runs', { key: await spanning({ nbf: 50, exp: 300 }) })).toMatchObject({ status: 200 });
    expect(await api.call('/v1/runs', { key: await spanning({ exp: -70 }) })).toMatchObject({ status: 401 });
    expect(await api.call('/v1/runs', { key: await spanning({ nbf: 70, exp: 300 }) })).toMatchObject({ status: 401 });
    // A machine whose own clock is an hour off judges as the database does.
    const lateClock = verifier(issuer, undefined, () => Date.now() + 60 * MINUTE_MS);
    await expect(lateClock(await tokenOf(issuer, key))).rejects.toThrow('it has expired');
  });
});

describe('a token is refused', () => {
  const forged: Readonly<Record<string, () => Promise<string>>> = {
    'for another audience': () => tokenOf(issuer, key, { claims: { aud: 'another-api' } }),
    'without an audience': () => tokenOf(issuer, key, { claims: { aud: undefined } }),
    'of another issuer': () => tokenOf(issuer, key, { claims: { iss: 'https://id.example' } }),
    'of the issuer with a slash more': () => tokenOf(issuer, key, { claims: { iss: `${issuer.url}/` } }),
    'without an issuer': () => tokenOf(issuer, key, { claims: { iss: undefined } }),
    'that never ends': () => tokenOf(issuer, key, { claims: { exp: undefined } }),
    'without a tenant': () => tokenOf(issuer, key, { claims: { tenant: undefined } }),
    'of an empty tenant': () => tokenOf(issuer, key, { claims: { tenant: '' } }),
    'of every tenant': () => tokenOf(issuer, key, { claims: { tenant: '*' } }),
    'of a list of tenants': () => tokenOf(issuer, key, { claims: { tenant: ['default'] } }),
    'without a user': () => tokenOf(issuer, key, { claims: { sub: undefined } }),
    'of a user with a line break': () => tokenOf(issuer, key, { claims: { sub: 'ana\nadmin' } }),
    'of a user who would be a member at Slack': () => tokenOf(issuer, key, { claims: { sub: 'slack:U0123ABCDEF' } }),
    'that nobody signed': async () =>
      new UnsecuredJWT({ sub: 'ana', tenant: 'default', roles: ['admin'] })
        .setIssuer(issuer.url)
        .setAudience(AUDIENCE)
        .setExpirationTime('5m')
        .encode(),
    'signed with the public key as a secret': async () => {
      const spki = await exportSPKI(await asKey(key));
      return await signedBySecret(new TextEncoder().encode(spki));
    },
    'signed with the modulus as a secret': () => signedBySecret(new TextEncoder().encode(key.publicJwk.n)),
    'signed by a stranger under a known key id': async () => tokenOf(issuer, await newKey('first', 'RS256')),
    'that brings its own key': async () => {
      const own = await newKey('first');
      return tokenOf(issuer, own, { header: { jwk: own.publicJwk } });
    },
    'that says where its key is': async () => {
      const elsewhere = await openIssuer();
      const own = await newKey('first');
      elsewhere.publish(own);
      const token = await tokenOf(issuer, own, {
        header: { jku: `${elsewhere.url}/keys`, x5u: `${elsewhere.url}/keys` },
      });
      await elsewhere.close();
      return token;
    },
    'with another payload under its signature': async () => {
      const [header, , signature] = (await tokenOf(issuer, key)).split('.');
      const [, payload] = (await tokenOf(issuer, key, { claims: { roles: ['admin'] } })).split('.');
      return [header, payload, signature].join('.');
    },
    'without its signature': async () => `${(await tokenOf(issuer, key)).split('.').slice(0, 2).join('.')}.`,
    'with half of its signature': async () => (await tokenOf(issuer, key)).slice(0, -100),
    'whose header asks for what nobody here understands': () =>
      tokenOf(issuer, key, { header: { crit: ['exp2'], exp2: 1 } }).catch(
        () => 'eyJhbGciOiJSUzI1NiIsImNyaXQiOlsieCJdfQ.e30.AA',
      ),
    'of a key id that the issuer does not have': async () => tokenOf(issuer, { ...key, kid: 'second' }),
    'that holds nothing': async () => 'eyJhbGciOiJSUzI1NiJ9.e30.',
  };

  async function signedBySecret(secret: Uint8Array): Promise<string> {
    return await new SignJWT({ sub: 'ana', tenant: 'default', roles: ['admin'] })
      .setProtectedHeader({ alg: 'HS256', kid: 'first' })
      .setIssuer(issuer.url)
      .setAudience(AUDIENCE)
      .setExpirationTime('5m')
      .sign(secret);
  }

  it.each(Object.entries(forged))('%s', async (_, forge) => {
    const token = await forge();
    expect(looksLikeToken(token)).toBe(true);

    expect(await api.call('/v1/runs', { key: token })).toMatchObject({
      status: 401,
      body: { code: 'UNAUTHENTICATED' },
    });
  });

  it('with a reason that says what is wrong with it', async () => {
    const reasons: Readonly<Record<string, string>> = {
      'that nobody signed': 'it is not signed by a key pair',
      'signed with the public key as a secret': 'it is not signed by a key pair',
      'for another audience': 'its claim "aud" does not fit',
      'of another issuer': 'its claim "iss" does not fit',
      'signed by a stranger under a known key id': 'its signature is wrong',
      'of a key id that the issuer does not have': 'its issuer has no such key',
    };
    for (const [which, reason] of Object.entries(reasons)) {
      const { body } = await api.call('/v1/runs', { key: (await forged[which]?.()) ?? '' });
      expect({ which, body }).toMatchObject({ which, body: { detail: `The token is refused: ${reason}.` } });
    }
  });

  it('also where the issuer publishes a shared secret', async () => {
    const careless = await openIssuer();
    const secret = new TextEncoder().encode('a secret of thirty-two characters');
    careless.publish({ kty: 'oct', kid: 'first', alg: 'HS256', k: Buffer.from(secret).toString('base64url') });
    const token = await new SignJWT({ iss: careless.url, aud: AUDIENCE, sub: 'ana', tenant: 'default' })
      .setProtectedHeader({ alg: 'HS256', kid: 'first' })
      .setExpirationTime('5m')
      .sign(secret);

    await expect(verifier(careless)(token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await careless.close();
  });

  it('where no issuer is set', async () => {
    expect(looksLikeToken('bwk_abc')).toBe(false);
    expect(looksLikeToken('a.key.of.ones.own')).toBe(false);
  });
});

async function asKey({ publicJwk }: SigningKey) {
  const imported = await importJWK(publicJwk, 'RS256', { extractable: true });
  if (imported instanceof Uint8Array) throw new Error('not a public key');
  return imported;
}

describe('the keys of the issuer', () => {
  it('are read once, and again when a token names one that is new', async () => {
    let nowMs = 0;
    const one = await openIssuer();
    const [old, next] = [await newKey('old'), await newKey('next')];
    one.publish(old);
    const verify = verifier(one, () => nowMs);

    for (let asked = 0; asked < 5; asked += 1) await verify(await tokenOf(one, old));
    expect(one.readings).toBe(1);
    one.publish(old, next);
    nowMs += MINUTE_MS;

    expect(await verify(await tokenOf(one, next))).toMatchObject({ user: 'ana' });
    expect(one.readings).toBe(2);
    await one.close();
  });

  it('are not asked for again and again by whoever makes up key ids', async () => {
    let nowMs = 0;
    const one = await openIssuer();
    one.publish(key);
    const verify = verifier(one, () => nowMs);

    for (let tried = 0; tried < 20; tried += 1) {
      const made = tokenOf(one, { ...key, kid: `made-up-${tried}` });
      await expect(verify(await made)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      nowMs += 1_000;
    }

    expect(one.readings).toBe(1);
    await one.close();
  });

  it('that it withdrew no longer open, ten minutes later at the latest', async () => {
    let nowMs = 0;
    const one = await openIssuer();
    const next = await newKey('next');
    one.publish(key);
    const verify = verifier(one, () => nowMs);
    await verify(await tokenOf(one, key));
    one.publish(next);
    nowMs += 11 * MINUTE_MS;

    // The first one after that time has them read, and is not kept waiting.
    await verify(await tokenOf(one, key));
    await expect.poll(() => one.readings).toBe(2);
    await expect
      .poll(async () => await verify(await tokenOf(one, key)).catch(messageOf))
      .toBe('The token is refused: its issuer has no such key.');
    await one.close();
  });

  it('go on while the issuer is away; what they cannot tell is 503, never let in', async () => {
    let nowMs = 0;
    const one = await openIssuer();
    one.publish(key);
    const verify = verifier(one, () => nowMs);
    await verify(await tokenOf(one, key));
    const { port } = new URL(one.url);
    await one.close();
    nowMs += 60 * MINUTE_MS;

    expect(await verify(await tokenOf(one, key))).toMatchObject({ user: 'ana' });
    nowMs += MINUTE_MS;
    await expect(verify(await tokenOf(one, await newKey('next')))).rejects.toMatchObject({
      code: 'UNAVAILABLE',
      message: expect.stringContaining('try again in a moment, or use an API key') as string,
    });
    nowMs += 24 * 60 * MINUTE_MS;
    await expect(verify(await tokenOf(one, key))).rejects.toMatchObject({ code: 'UNAVAILABLE' });

    const back = await openIssuer(Number(port));
    back.publish(key);
    nowMs += MINUTE_MS;
    expect(await verify(await tokenOf(back, key))).toMatchObject({ user: 'ana' });
    await back.close();
  });

  it('are read over https, but for an issuer on the same machine: on the way nobody can change them', async () => {
    const one = await openIssuer();
    one.publish(key);
    const { port } = new URL(one.url);
    // The same server under another name: it would answer.
    one.sayKeysAreAt(`http://localhost:${port}/keys`);

    await expect(verifier(one)(await tokenOf(one, key))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    expect(one.readings).toBe(0);
    await one.close();
  });

  it('are taken from no document that speaks of another issuer, or fails', async () => {
    const one = await openIssuer();
    one.publish(key);
    one.callItself('https://id.example');
    await expect(verifier(one)(await tokenOf(one, key))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    one.callItself(one.url);
    one.fail(true);
    await expect(verifier(one)(await tokenOf(one, key))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
    one.fail(false);
    await one.close();
  });
});

describe('actorOfClaims', () => {
  const claims = { sub: 'ana', tenant: 'acme', roles: ['viewer'] };

  it('finds a claim by its whole name first, then as a path', () => {
    const names = { user: 'https://x.example/user', tenant: 'org.slug', roles: 'realm_access.roles' };
    const given = {
      'https://x.example/user': 'ana',
      org: { slug: 'acme' },
      realm_access: { roles: ['approver', 'marketing-lead'] },
    };

    expect(actorOfClaims(given, names)).toEqual({ user: 'ana', tenant: 'acme', roles: ['approver', 'marketing-lead'] });
  });

  it('says why a user is refused who would be a member at Slack', () => {
    expect(() => actorOfClaims({ ...claims, sub: 'slack:U0123ABCDEF' }, claimNames)).toThrow('members at Slack');
    expect(actorOfClaims({ ...claims, sub: 'slackline' }, claimNames)).toMatchObject({ user: 'slackline' });
  });

  it.each([undefined, null, 7, {}, [null, 7, { admin: true }, ['admin'], 'Admin', ' admin', '*']])(
    'sees no role in %j',
    (roles) => {
      expect(actorOfClaims({ ...claims, roles }, claimNames).roles).toEqual([]);
    },
  );

  it.each(['constructor', '__proto__', 'toString', 'sub.length', 'constructor.name', '__proto__.constructor.name'])(
    'sees no user in what every object has: %s',
    (user) => {
      expect(() => actorOfClaims(claims, { ...claimNames, user })).toThrow('is missing');
    },
  );

  it('never gives a role that the token does not write out', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (roles) => {
        for (const role of actorOfClaims({ ...claims, roles }, claimNames).roles)
          expect(JSON.stringify(roles)).toContain(role);
      }),
    );
  });
});
