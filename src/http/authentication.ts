// Closed by default: no route without a declared access, no request past it without a live key that holds the role.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { Knex } from 'knex';
import { BreakwaterError } from '../kernel/index.ts';
import type { Actor } from '../runs/index.ts';
import { findKeyOwner } from './key-store.ts';
import { holdsRole } from './role.ts';

declare module 'fastify' {
  interface FastifyRequest {
    actor: Actor | null;
  }
}

const BEARER = /^Bearer ([\x21-\x7e]{1,1024})$/i;

export function installAuthentication(app: FastifyInstance, knex: Knex): void {
  app.decorateRequest('actor', null);
  app.addHook('onRoute', ({ method, url, config }) => {
    if (config?.access === undefined) throw new Error(`${String(method)} ${url} declares no access`);
  });
  // Before the body is read: who may not come in costs nothing more than this.
  app.addHook('onRequest', async (request) => {
    const { access } = request.routeOptions.config;
    if (access === 'public') return;
    request.actor = await authenticate(knex, request);
    if (access !== undefined && !holdsRole(request.actor.roles, access)) {
      throw new BreakwaterError(
        'FORBIDDEN',
        `This needs the role ${access}; your key has ${listOf(request.actor.roles)}.`,
      );
    }
  });
}

/** The caller of a route that is not public. */
export function actorOf(request: FastifyRequest): Actor {
  if (!request.actor) throw new Error('a public route has no actor');
  return request.actor;
}

async function authenticate(knex: Knex, request: FastifyRequest): Promise<Actor> {
  const key = BEARER.exec(request.headers.authorization ?? '')?.[1];
  if (key === undefined) {
    throw new BreakwaterError('UNAUTHENTICATED', 'Send your key as "Authorization: Bearer <key>".');
  }
  const actor = await findKeyOwner(knex, key);
  if (!actor) throw new BreakwaterError('UNAUTHENTICATED', 'The key is unknown, expired or revoked.');
  return actor;
}

function listOf(roles: readonly string[]): string {
  return roles.join(', ') || 'none';
}
