// An approval of the document to a node of the plan.
import { formatDuration } from '../kernel/index.ts';
import { sightOfNode } from './compilation.ts';
import type { Compilation } from './compilation.ts';
import { compileChanges } from './compile-changes.ts';
import { compileNotices } from './compile-notices.ts';
import { durationMs } from './duration-text.ts';
import { checkTemplate } from './expression-check.ts';
import type { NodeEntry } from './outline.ts';
import type { Path } from './path.ts';
import type { ApprovalNode } from './plan.ts';
import { checkSchema } from './schema-check.ts';
import { isJsonList } from './schema-keywords.ts';
import { holeAt } from './template.ts';

type ApprovalEntry = NodeEntry & { readonly kind: 'approval' };

export type ApprovalPart = Omit<
  ApprovalNode,
  'id' | 'module' | 'name' | 'index' | 'dependencies' | 'ancestors' | 'wave' | 'range'
>;

const APPROVER = /^(?:role|user):[^\s:]\S{0,199}$/;

export function compileApproval(entry: ApprovalEntry, compilation: Compilation): ApprovalPart {
  const { approval, optional } = entry.document;
  const { findings } = compilation;
  const path = [...entry.path, 'approval'];
  const sight = sightOfNode(compilation, entry);
  const text = (value: string, key: string): ApprovalNode['title'] =>
    checkTemplate(value, [...path, key], sight, findings).template;
  const approvers = (given: string | readonly string[], at: Path): ApprovalNode['approvers'] =>
    compileApprovers(given, at, entry, compilation);
  const asked = approvers(approval.approvers, [...path, 'approvers']);
  checkTimeout(entry, compilation);
  checkQuorum(entry, asked, compilation);
  const changes = compileChanges(entry, compilation);
  return {
    kind: 'approval',
    title: text(approval.title, 'title'),
    ...(approval.body !== undefined && { body: text(approval.body, 'body') }),
    approvers: asked,
    quorum: approval.quorum ?? 1,
    allowRequester: approval.allow_requester ?? false,
    timeoutMs: durationMs(approval.timeout) ?? 0,
    onTimeout: approval.on_timeout ?? 'reject',
    ...(changes && { changes }),
    editable: compileEditable(entry, compilation),
    ...(approval.form !== undefined && { form: checkSchema(approval.form, [...path, 'form'], findings) }),
    ...compileNotices(entry, compilation, asked, approvers),
    optional: optional === true,
  };
}

function compileApprovers(
  approvers: string | readonly string[],
  path: Path,
  entry: ApprovalEntry,
  compilation: Compilation,
): ApprovalNode['approvers'] {
  const { template } = checkTemplate(approvers, path, sightOfNode(compilation, entry), compilation.findings);
  const list = isJsonList(template) ? template : [template];
  for (const [index, item] of list.entries()) {
    const literal = holeAt(item) ? undefined : item;
    const at = isJsonList(template) ? [...path, index] : path;
    if (typeof literal !== 'string' || APPROVER.test(literal)) continue;
    compilation.findings.problem(at, `approver "${literal}" must be role:<name> or user:<name>`);
  }
  // One literal name may stand without a list.
  return typeof template === 'string' ? [template] : template;
}

function checkTimeout(entry: ApprovalEntry, { document, findings }: Compilation): void {
  const runMs = durationMs(document.workflow.timeout);
  const ownMs = durationMs(entry.document.approval.timeout);
  if (runMs === undefined || ownMs === undefined || ownMs < runMs) return;
  const message = `the approval waits up to ${formatDuration(ownMs)}, but the run ends after ${formatDuration(runMs)}; make the run's timeout longer`;
  findings.problem([...entry.path, 'approval', 'timeout'], message);
}

// A role may be held by any number of people, and an expression may name any.
function checkQuorum(entry: ApprovalEntry, asked: ApprovalNode['approvers'], { findings }: Compilation): void {
  const { approval, optional } = entry.document;
  const path = [...entry.path, 'approval'];
  const users = isJsonList(asked) ? asked.filter((each) => typeof each === 'string' && each.startsWith('user:')) : [];
  const isClosed = isJsonList(asked) && users.length === asked.length && approval.escalate === undefined;
  const people = new Set(users).size;
  const { quorum = 1 } = approval;
  if (isClosed && people < quorum)
    findings.problem([...path, 'quorum'], `${quorum} approvals are needed, and only ${people} may be given`);
  if (approval.on_timeout === 'ask' && optional === true) {
    const message = 'an optional approval goes on unanswered; leave "ask" or "optional" out';
    findings.problem([...path, 'on_timeout'], message);
  }
}

function compileEditable(entry: ApprovalEntry, { outline, ancestors, findings }: Compilation): readonly string[] {
  const before = (ancestors.get(entry.id) ?? []).filter((id) => outline.node(id)?.kind === 'activity');
  const editable = entry.document.approval.editable ?? [];
  for (const [index, id] of editable.entries()) {
    if (before.includes(id)) continue;
    const why = outline.node(id)
      ? `"${id}" is no activity before "${entry.id}"`
      : `unknown activity "${id}"${findings.didYouMean(id, before)}`;
    findings.problem(
      [...entry.path, 'approval', 'editable', index],
      `${why}; editable names activities the approver has seen`,
    );
  }
  return [...new Set(editable)];
}
