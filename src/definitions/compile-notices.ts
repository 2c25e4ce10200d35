// Who is told of an approval, when they are reminded, and whom it goes on to: the keys notify, remind_at and escalate.
import { formatDuration } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { sightOfNode } from './compilation.ts';
import type { Compilation } from './compilation.ts';
import type { ChannelDocument } from './document.ts';
import { durationMs } from './duration-text.ts';
import { checkTemplate } from './expression-check.ts';
import type { NodeEntry } from './outline.ts';
import type { Path } from './path.ts';
import type { ApprovalNode, ChannelPlan, EscalationPlan, Template } from './plan.ts';
import { isJsonList } from './schema-keywords.ts';
import { holeAt } from './template.ts';

type ApprovalEntry = NodeEntry & { readonly kind: 'approval' };

export type NoticesPart = Pick<ApprovalNode, 'notify' | 'remindAtMs' | 'escalate'>;

/** Compiles a list of approvers as the approval's own. */
type CompileApprovers = (approvers: string | readonly string[], path: Path) => Template;

const PERSON_AT_SLACK = /^[UW][A-Z0-9]{8,}$/;
const MAIL_ADDRESS = /^[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;]+$/;

/** `approvers` are the approval's own, compiled. */
export function compileNotices(
  entry: ApprovalEntry,
  compilation: Compilation,
  approvers: Template,
  compileApprovers: CompileApprovers,
): NoticesPart {
  const { approval } = entry.document;
  const path = [...entry.path, 'approval'];
  const channels = (given: readonly ChannelDocument[], at: Path, asked: Template): readonly ChannelPlan[] =>
    given.map((channel, index) => compileChannel(channel, [...at, index], { entry, compilation, asked }));
  const notify = approval.notify && channels(approval.notify, [...path, 'notify'], approvers);
  checkTimes(entry, compilation);
  const escalate = approval.escalate?.map(({ after, to, notify: told }, index): EscalationPlan => {
    const at = [...path, 'escalate', index];
    const added = compileApprovers(to, [...at, 'to']);
    return {
      afterMs: durationMs(after) ?? 0,
      to: added,
      ...(told && { notify: channels(told, [...at, 'notify'], added) }),
    };
  });
  warnOfSilence(entry, compilation);
  return {
    ...(notify && { notify }),
    ...(approval.remind_at && { remindAtMs: approval.remind_at.map((at) => durationMs(at) ?? 0) }),
    ...(escalate && { escalate }),
  };
}

interface Around {
  readonly entry: ApprovalEntry;
  readonly compilation: Compilation;
  /** Who is asked by then. */
  readonly asked: Template;
}

function compileChannel(
  { tool, to, as }: ChannelDocument,
  path: Path,
  { entry, compilation, asked }: Around,
): ChannelPlan {
  const { findings } = compilation;
  const sight = sightOfNode(compilation, entry);
  const target = checkTemplate(to, [...path, 'to'], sight, findings).template;
  const why = literalOf(target, (text) => wrongTarget(tool, text));
  if (why !== undefined) findings.problem([...path, 'to'], why);
  if (as === undefined) return { tool, to: target };
  if (tool === 'slack') {
    findings.problem([...path, 'as'], 'goes with a mail; who clicks in Slack answers as user:slack:<their member id>');
  }
  const approver = checkTemplate(as, [...path, 'as'], sight, findings).template;
  const stranger = literalOf(approver, (text) => notAsked(text, asked));
  if (stranger !== undefined) findings.problem([...path, 'as'], stranger);
  return { tool, to: target, as: approver };
}

/** What only the run will know is checked by the run. */
function literalOf(template: Template, check: (text: string) => string | undefined): string | undefined {
  return typeof template === 'string' && !holeAt(template) ? check(template) : undefined;
}

/** Why a channel of this tool cannot be that; undefined when it can. */
export function wrongTarget(tool: ChannelDocument['tool'], target: string): string | undefined {
  if (tool === 'sendgrid') return MAIL_ADDRESS.test(target) ? undefined : `"${target}" is no mail address`;
  if (PERSON_AT_SLACK.test(target)) return `"${target}" is a person; give a channel`;
  return target.trim() === '' ? 'must name a channel' : undefined;
}

function notAsked(approver: string, asked: Template): string | undefined {
  const names: readonly Json[] = isJsonList(asked) ? asked : [asked];
  if (names.includes(approver) || names.some((name) => typeof name !== 'string' || holeAt(name))) return undefined;
  return `"${approver}" is not asked here; a mail speaks for one of ${names.map(String).join(', ')}`;
}

// In order, and while somebody may still answer.
function checkTimes({ document, path }: ApprovalEntry, { findings }: Compilation): void {
  const { approval } = document;
  const limitMs = durationMs(approval.timeout) ?? Number.POSITIVE_INFINITY;
  const times = [
    { written: approval.remind_at ?? [], at: (index: number) => ['remind_at', index] },
    { written: (approval.escalate ?? []).map(({ after }) => after), at: (i: number) => ['escalate', i, 'after'] },
  ];
  for (const { written, at } of times) {
    const ms = written.map((text) => durationMs(text) ?? 0);
    for (const [index, own] of ms.entries()) {
      const where = [...path, 'approval', ...at(index)];
      if (own <= (ms[index - 1] ?? 0)) findings.problem(where, `must be later than ${written[index - 1] ?? 'nothing'}`);
      if (own >= limitMs) findings.problem(where, `must be earlier than the timeout, ${formatDuration(limitMs)}`);
    }
  }
}

function warnOfSilence({ document, path }: ApprovalEntry, { findings }: Compilation): void {
  const { notify = [], remind_at: remindAt, escalate = [] } = document.approval;
  const at = [...path, 'approval'];
  if (remindAt && notify.length === 0) {
    findings.problem([...at, 'remind_at'], 'reminds nobody: "notify" names no channel');
  }
  const inSlack = notify.some(({ tool }) => tool === 'slack');
  for (const [index, { notify: own = [] }] of escalate.entries()) {
    if (own.length > 0 || inSlack) continue;
    const message =
      'asks more people, but tells nobody: give it a "notify" of its own, or the approval a Slack channel';
    findings.warning([...at, 'escalate', index], message);
  }
}
