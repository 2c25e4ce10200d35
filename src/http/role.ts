// Who may call what: the roles of the API and the access that each route declares. Pure.

export const ROLES = ['viewer', 'author', 'starter', 'approver', 'operator', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a route asks of its caller: a role, or one of several. `public` routes protect themselves: they say nothing, or a signed link lets in. */
export type Access = Role | readonly Role[] | 'public';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
  }
}

/**
 * An admin holds every role. A role of one's own, such as marketing-lead, is for approvals: who holds one is an approver, and
 * each approval says which of them it asks. Whoever may act may also look.
 */
export function holdsRole(roles: readonly string[], needed: Role): boolean {
  if (roles.includes('admin') || roles.includes(needed)) return true;
  const hasOwn = roles.some((role) => !ROLES.some((known) => known === role));
  return needed === 'approver' ? hasOwn : needed === 'viewer' && roles.length > 0;
}
