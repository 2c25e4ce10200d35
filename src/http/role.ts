// Who may call what: the roles of the API and the access that each route declares. Pure.

export const ROLES = ['viewer', 'author', 'starter', 'approver', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a route asks of its caller. `public` routes protect themselves: they say nothing, or a signed link lets in. */
export type Access = Role | 'public';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/** An admin holds every role. Whoever may act may also look: each of our roles, but no custom one, includes viewer. */
export function holdsRole(roles: readonly string[], needed: Role): boolean {
  if (roles.includes('admin') || roles.includes(needed)) return true;
  return needed === 'viewer' && ROLES.some((role) => roles.includes(role));
}
