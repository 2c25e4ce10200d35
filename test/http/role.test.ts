import { describe, expect, it } from 'vitest';
import { ROLES, holdsRole } from '../../src/http/role.ts';

describe('holdsRole', () => {
  it('gives an admin every role', () => {
    for (const role of ROLES) expect(holdsRole(['admin'], role)).toBe(true);
  });

  it('lets whoever may act look', () => {
    for (const role of ROLES) expect(holdsRole([role], 'viewer')).toBe(true);
  });

  it('makes who holds a role of their own an approver, and nothing else', () => {
    expect(holdsRole(['marketing-lead'], 'approver')).toBe(true);
    expect(holdsRole(['marketing-lead'], 'viewer')).toBe(true);
    for (const role of ['author', 'starter', 'operator', 'admin'] as const)
      expect(holdsRole(['marketing-lead'], role)).toBe(false);
  });

  it('gives no role for another', () => {
    expect(holdsRole(['viewer', 'author', 'starter', 'approver'], 'operator')).toBe(false);
    expect(holdsRole([], 'viewer')).toBe(false);
  });
});
