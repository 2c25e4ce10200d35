// Closed by default: no route without a declared access, no request past it without a live key that holds the role.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Knex } from 'knex';
import { BreakwaterError, sha256 } from '../kernel/index.ts';
import type { Actor } from '../runs/index.ts';
import { findKeyOwner } from './key-store.ts';
import { addressGroup, type RateLimit } from './rate-limit.ts';
import { holdsRole } from './role.ts';
import { looksLikeToken, type VerifyToken } from './tokens.ts';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
  }
}

/** A token may hold many claims. */
const BEARER = /^Bearer ([\x21-\x7e]{1,8192})$/i;

export interface Doors {
  readonly knex: Knex;
  /** Absent: only keys open. */
  readonly verifyToken?: VerifyToken;
  readonly rateLimit: RateLimit;
}

export function installAuthentication(app: FastifyInstance, doors: Doors): void {
  app.decorateRequest('actor', null);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new Error(`${String(method)} ${url} declares no access`);
  });
  // Before the body is read: who may not come in costs nothing more than this.
  app.addHook('onRequest', async (request) => {
    const { url = 'none', config } = request.routeOptions;
    const { access } = config;
    if (access === 'public') return doors.rateLimit.spend(`${addressGroup(request.ip)} ${url}`);
    request.actor = await authenticate(doors, request);
    // There is no such route: whoever has a key may know.
    if (access === undefined) return;
    const { roles } = request.actor;
    const needed = [access].flat();
    if (needed.some((role) => holdsRole(roles, role))) return;
    throw new BreakwaterError(
      'FORBIDDEN',
      `This needs the role ${needed.join(' or ')}; your key has ${listOf(roles)}.`,
    );
  });
}

/** The caller of a route that is not public. */
export function actorOf(request: FastifyRequest): Actor {
  if (!request.actor) throw new Error('a public route has no actor');
  return request.actor;
}

// Who was let in a moment ago is counted alone; who was not, together with all others at its address, so that guessing keys costs
// those who guess, and neither the database nor those who have one.
async function authenticate({ rateLimit, ...doors }: Doors, request: FastifyRequest): Promise<Actor> {
  const bearer = BEARER.exec(request.headers.authorization ?? '')?.[1];
  const caller = bearer === undefined ? undefined : sha256(bearer);
  const isKnown = caller !== undefined && rateLimit.knows(caller);
  rateLimit.spend(isKnown ? caller : addressGroup(request.ip));
  if (bearer === undefined) {
    throw new BreakwaterError('UNAUTHENTICATED', 'Send your key as "Authorization: Bearer <key>".');
  }
  const actor = await identify(doors, bearer);
  if (!isKnown && caller !== undefined) rateLimit.spend(caller);
  return actor;
}

async function identify({ knex, verifyToken }: Omit<Doors, 'rateLimit'>, bearer: string): Promise<Actor> {
  if (verifyToken && looksLikeToken(bearer)) return await verifyToken(bearer);
  const actor = await findKeyOwner(knex, bearer);
  if (!actor) throw new BreakwaterError('UNAUTHENTICATED', 'The key is unknown, expired or revoked.');
  return actor;
}

function listOf(roles: readonly string[]): string {
  return roles.join(', ') || 'none';
}
