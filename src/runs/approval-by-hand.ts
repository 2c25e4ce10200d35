// What an operator says that people decided, where their approval failed: the node's value. Pure.
import { z } from 'zod';
import { validateValue } from '../definitions/index.ts';
import type { ApprovalNode } from '../definitions/index.ts';
import type { Json, Problem } from '../kernel/index.ts';

const given = z.strictObject({
  decision: z.enum(['approve', 'reject'], { error: 'must be approve or reject' }),
  reason: z.string().max(4_000).nullable().default(null),
  form: z.json().default(null),
});

export type ByHand = { readonly value: Json } | { readonly problems: readonly Problem[] };

/** Edits are an approver's alone: who sees what is edited asks anew, by a retry. */
export function approvalByHand(node: ApprovalNode, written: Json, at: { by: string; nowMs: number }): ByHand {
  const { data, error } = given.safeParse(written);
  if (!data) {
    const problems = error.issues.map(({ path, message }) => ({
      path: `/value${path.map((key) => `/${String(key)}`).join('')}`,
      message,
    }));
    return { problems };
  }
  const { decision, reason, form } = data;
  const problems = formProblems(node, decision, form);
  if (problems.length > 0) return { problems };
  return { value: { decision, by: at.by, at: new Date(at.nowMs).toISOString(), reason, edits: null, form } };
}

function formProblems({ form: schema }: ApprovalNode, decision: 'approve' | 'reject', form: Json): Problem[] {
  if (!schema) return form === null ? [] : [{ path: '/value/form', message: 'This approval asks for no form.' }];
  if (decision === 'reject') return [];
  return validateValue(schema, form).map((problem) => ({ ...problem, path: `/value/form${problem.path}` }));
}
