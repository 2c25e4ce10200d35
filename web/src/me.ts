// Who is signed in, and what they may do: what they may not is not offered. The API decides in any case.
import { signal } from '@preact/signals';
import { get } from './api/client.ts';
import { me as meShape, type Me } from './api/shapes.ts';
import { key } from './session.ts';

export const me = signal<Me | undefined>(undefined);

export type Role = 'author' | 'starter' | 'approver' | 'operator';

/** An admin holds every role; a role of one's own makes an approver. */
export function may(role: Role): boolean {
  const roles = me.value?.roles ?? [];
  if (roles.includes('admin') || roles.includes(role)) return true;
  return role === 'approver' && roles.some((each) => !OURS.has(each));
}

export function isAdmin(): boolean {
  return me.value?.roles.includes('admin') ?? false;
}

const OURS: ReadonlySet<string> = new Set(['viewer', 'author', 'starter', 'approver', 'operator', 'admin']);

/** Asked whenever another key is used. A key that is refused signs out; what else fails leaves its user unknown. */
export function startMe(): void {
  key.subscribe((used) => {
    me.value = undefined;
    if (used === undefined) return;
    get('/v1/me', meShape)
      .then((found) => (me.value = found))
      .catch(() => (me.value = undefined));
  });
}
