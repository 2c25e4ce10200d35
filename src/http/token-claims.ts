// What the claims of a verified token say: whose it is, in which tenant, with which roles. Pure.
import { isSlackUser } from '../approvals/index.ts';
import { BreakwaterError } from '../kernel/index.ts';
import type { Actor } from '../runs/index.ts';

/** Names of claims: as they are written, or else as a path, such as realm_access.roles. */
export interface ClaimNames {
  readonly user: string;
  readonly tenant: string;
  readonly roles: string;
}

export type Claims = Readonly<Record<string, unknown>>;

const USER = /^[^\p{C}\s][^\p{C}]{0,199}$/u;
const TENANT = /^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/;
const ROLE = /^[a-z][a-z0-9_-]{0,62}$/;
const MAX_ROLES = 200;

/** No user or no tenant is a refusal, never somebody or something by default. No roles may do nothing. */
export function actorOfClaims(claims: Claims, names: ClaimNames): Actor {
  return {
    tenant: textOf(claims, names.tenant, TENANT),
    user: userOf(claims, names.user),
    roles: rolesOf(claimAt(claims, names.roles)),
  };
}

function userOf(claims: Claims, name: string): string {
  const user = textOf(claims, name, USER);
  if (!isSlackUser(user)) return user;
  const message = `The token's claim "${name}" is "${user}": names that begin with "slack:" are those of members at Slack.`;
  throw new BreakwaterError('UNAUTHENTICATED', message);
}

function textOf(claims: Claims, name: string, shape: RegExp): string {
  const value = claimAt(claims, name);
  if (typeof value === 'string' && shape.test(value)) return value;
  const fault = value === undefined ? 'is missing' : 'is not a name';
  throw new BreakwaterError('UNAUTHENTICATED', `The token's claim "${name}" ${fault}.`);
}

/** A list, or names with spaces between them. What is no name of a role is nobody's role here. */
function rolesOf(value: unknown): string[] {
  const given: unknown[] = typeof value === 'string' ? value.split(' ') : Array.isArray(value) ? value : [];
  const roles = given.slice(0, MAX_ROLES).filter((role) => typeof role === 'string' && ROLE.test(role));
  return [...new Set(roles.map(String))];
}

function claimAt(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name];
  let current: unknown = claims;
  for (const part of name.split('.')) {
    if (typeof current !== 'object' || current === null || !Object.hasOwn(current, part)) return undefined;
    current = new Map<string, unknown>(Object.entries(current)).get(part);
  }
  return current;
}
