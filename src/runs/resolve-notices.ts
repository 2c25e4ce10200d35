// Who is told of an approval, with the holes of its definition filled in. What cannot be filled in is told as a failed notice: telling people
// never fails a run.
import type { Channel, Escalation, Telling } from '../approvals/index.ts';
import { renderTemplate, wrongTarget } from '../definitions/index.ts';
import type { ApprovalNode, ChannelPlan, EscalationPlan, Scope, Template } from '../definitions/index.ts';
import { FailureError } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';

/** `approvers` are those of the question. Undefined when nobody is to be told. */
export function resolveTelling(node: ApprovalNode, approvers: readonly string[], scope: Scope): Telling | undefined {
  const { notify = [], remindAtMs = [], escalate = [] } = node;
  if (notify.length === 0 && escalate.length === 0) return undefined;
  const channels = notify.map((channel) => resolveChannel(channel, approvers, scope));
  const inSlack = channels.filter(({ tool, problem }) => tool === 'slack' && problem === undefined);
  return {
    notify: channels,
    remindAtMs,
    escalate: escalate.map((escalation) => resolveEscalation(escalation, inSlack, scope)),
  };
}

function resolveChannel({ tool, to, as }: ChannelPlan, asked: readonly string[], scope: Scope): Channel {
  const target = render(to, scope);
  if (!target.ok || typeof target.value !== 'string') {
    return {
      tool,
      to: '',
      problem: target.ok ? `"to" is ${JSON.stringify(target.value)}, and no text` : target.problem,
    };
  }
  const channel = { tool, to: target.value };
  const problem = wrongTarget(tool, target.value);
  if (problem !== undefined) return { ...channel, problem };
  return tool === 'slack' ? channel : { ...channel, ...resolveApprover(as, asked, scope) };
}

function resolveApprover(
  as: Template | undefined,
  asked: readonly string[],
  scope: Scope,
): Pick<Channel, 'as' | 'problem'> {
  const [first] = asked;
  if (as === undefined) return { as: first };
  const approver = render(as, scope);
  if (!approver.ok) return { problem: approver.problem };
  const { value } = approver;
  if (typeof value === 'string' && asked.includes(value)) return { as: value };
  return { problem: `"as" is ${JSON.stringify(value)}, who is not asked` };
}

function resolveEscalation(
  { afterMs, to, notify }: EscalationPlan,
  inSlack: readonly Channel[],
  scope: Scope,
): Escalation {
  const added = render(to, scope);
  const names = added.ok && Array.isArray(added.value) ? added.value.filter((name) => typeof name === 'string') : [];
  const channels = notify?.map((channel) => resolveChannel(channel, names, scope)) ?? inSlack;
  if (names.length > 0) return { afterMs, to: names, notify: channels };
  const problem = added.ok ? '"to" names nobody' : added.problem;
  return { afterMs, to: [], notify: [], problem };
}

type Rendered = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly problem: string };

function render(template: Template, scope: Scope): Rendered {
  try {
    return { ok: true, value: renderTemplate(template, scope) };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { ok: false, problem: error.failure.message };
  }
}
