// Runs the nodes that wait: for people, for a message, for a time. They hold nothing while they wait; what wakes them never decides (K9).
import { expireApproval, openApproval, readSettlement } from '../approvals/index.ts';
import type { EditSchemas, Settlement, Telling } from '../approvals/index.ts';
import { renderTemplate } from '../definitions/index.ts';
import type { ApprovalNode, PlanNode, Scope, WaitNode } from '../definitions/index.ts';
import {
  runStep,
  runTransaction,
  stepId,
  takeMessage,
  userTopic,
  waitForMessage,
  wakeTopic,
} from '../durable/index.ts';
import { failure, isJsonObject } from '../kernel/index.ts';
import type { Failure, Json, Outcome } from '../kernel/index.ts';
import { APPROVAL_EXPIRED } from './advance.ts';
import { epochOf } from './amendments.ts';
import type { RunContext } from './environment.ts';
import type { NodeResult } from './node-result.ts';
import { resolveTelling } from './resolve-notices.ts';
import { expressionFailure, settle } from './run-activity.ts';
import { placeOf } from './run-trace.ts';
import { expireId, openId, settledId, visitIds } from './step-layout.ts';
import { ofRun } from './tell.ts';

export interface WaitRun<Node> {
  readonly node: Node;
  readonly scope: Scope;
  /** Aborted when the run turns round; the wait then ends without a result. */
  readonly signal: AbortSignal;
  /** Called once the question is asked and nothing is left but to wait. */
  readonly onWaiting: () => void;
  /** Called when something woke it, before anybody knows what; done before the wait ends. Absent: nobody need know. */
  readonly onWoken?: () => Promise<void>;
}

/** The approval's decision as the node's value, or undefined when the run turned round meanwhile. */
export async function runApproval(
  context: RunContext,
  { node, scope, ...run }: WaitRun<ApprovalNode>,
  editSchemas?: EditSchemas,
): Promise<NodeResult | undefined> {
  const question = resolveQuestion(node, scope);
  if ('error' in question) return await settle(context, node, settledId(node), { ok: false, error: question.error });
  const approval = await runTransaction(
    openId(node),
    `${node.id} open`,
    async (trx) =>
      await openApproval(trx, {
        ...question,
        tenant: context.facts.tenant,
        runId: context.facts.id,
        node: node.id,
        epoch: epochOf(context.amended, node.id),
        requester: context.requester,
        allowRequester: node.allowRequester,
        quorum: node.quorum,
        changes: node.changes,
        onTimeout: node.onTimeout,
        editable: node.editable,
        editSchemas,
        form: node.form,
        topic: wakeTopic(node.id, epochOf(context.amended, node.id)),
        timeoutMs: node.timeoutMs,
      }),
  );
  const look = async (): Promise<Settlement | null> => (await readSettlement(context.knex, approval.id)) ?? null;
  const expire = async (): Promise<Settlement> =>
    await runTransaction(expireId(node), `${node.id} expire`, async (trx) => await expireApproval(trx, approval.id));
  const settlement = await waitUntil(context, node, {
    deadlineMs: approval.deadlineMs,
    topic: wakeTopic(node.id, epochOf(context.amended, node.id)),
    look,
    expire,
    ...run,
  });
  if (!settlement) return undefined;
  const result = await settle(context, node, settledId(node), outcomeOf(node, settlement));
  tellSettled(context, node, settlement, approval.deadlineMs - node.timeoutMs);
  return result;
}

function tellSettled(context: RunContext, node: ApprovalNode, { status, at }: Settlement, openedAtMs: number): void {
  const waitedMs = Math.max(0, Date.parse(at) - openedAtMs);
  const fields = { ...ofRun(context), node: node.id, status, waitedMs };
  context.emit({ level: 'info', name: 'approval.settled', fact: true, fields, trace: placeOf(context, node) });
}

// What nobody decided is a failure: of an operator's making, or one that an operator is to decide.
function outcomeOf({ id }: ApprovalNode, settlement: Settlement): Outcome {
  const { decision, status, by, reason } = settlement;
  if (decision !== null) return { ok: true, value: decisionOf(settlement) };
  if (status === 'expired') {
    const message = `nobody answered "${id}" in time`;
    return { ok: false, error: failure(APPROVAL_EXPIRED, message, { kind: 'timeout' }) };
  }
  const message = `"${id}" was withdrawn${by === null ? '' : ` by ${by}`}${reason === null ? '' : `: ${reason}`}`;
  return { ok: false, error: failure('APPROVAL_WITHDRAWN', message) };
}

function decisionOf(settlement: Settlement): Json {
  const { decision, by, at, reason, edits, form, status } = settlement;
  return { decision, by, at, reason, edits, form, ...(status === 'expired' && { expired: true }) };
}

interface Question {
  readonly title: string;
  readonly body?: string;
  readonly approvers: readonly string[];
  readonly telling?: Telling;
}

function resolveQuestion(node: ApprovalNode, scope: Scope): Question | { error: Failure } {
  try {
    const approvers = renderTemplate(node.approvers, scope);
    if (!isTextList(approvers))
      return { error: failure('EXPRESSION', `approvers of ${node.id} must be a list of texts, at least one`) };
    const body = node.body === undefined ? undefined : asText(renderTemplate(node.body, scope));
    const telling = resolveTelling(node, approvers, scope);
    return { title: asText(renderTemplate(node.title, scope)), body, approvers, telling };
  } catch (error) {
    return { error: expressionFailure(error) };
  }
}

function isTextList(value: Json): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((each) => typeof each === 'string');
}

function asText(value: Json): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** A message's payload, or the time at which the wait ended, as `{at}`. */
export function runWait(context: RunContext, run: WaitRun<WaitNode>): Promise<NodeResult | undefined> {
  const { wait } = run.node;
  return wait.kind === 'message' ? waitForUser(context, run, wait) : waitForTime(context, run);
}

async function waitForTime(
  context: RunContext,
  { node, scope, ...run }: WaitRun<WaitNode>,
): Promise<NodeResult | undefined> {
  const id = settledId(node);
  const deadline = await resolveDeadline(context, node, scope);
  if (typeof deadline !== 'number') return await settle(context, node, id, { ok: false, error: deadline });
  const done = { at: new Date(deadline).toISOString() };
  const ended = await waitUntil(context, node, {
    deadlineMs: deadline,
    topic: wakeTopic(node.id, epochOf(context.amended, node.id)),
    look: async () => null,
    expire: async () => done,
    ...run,
  });
  return ended && (await settle(context, node, id, { ok: true, value: ended }));
}

// The user's message is stored under its own topic; the wake beside it only ends the wait.
async function waitForUser(
  context: RunContext,
  { node, ...run }: WaitRun<WaitNode>,
  wait: { topic: string; timeoutMs?: number },
): Promise<NodeResult | undefined> {
  const openedAt = await runStep(openId(node), `${node.id} open`, async () => context.clock.now());
  const deadlineMs = wait.timeoutMs === undefined ? Number.POSITIVE_INFINITY : openedAt + wait.timeoutMs;
  const look = async (visit: number): Promise<{ message: Json } | null> => {
    const message = await takeMessage(stepId(visitIds(node, visit), 3), userTopic(wait.topic));
    // Wrapped by the sender, so that a message of null is a message.
    return isJsonObject(message) ? { message: message['value'] ?? null } : null;
  };
  const expire = async () => {
    const error = failure('TIMEOUT', `no message "${wait.topic}" came in time`, { kind: 'timeout' });
    return { ok: false, error } as const;
  };
  const ended = await waitUntil<{ message: Json } | Awaited<ReturnType<typeof expire>>>(context, node, {
    deadlineMs,
    topic: wakeTopic(node.id, epochOf(context.amended, node.id)),
    look,
    lookIsRecorded: true,
    expire,
    ...run,
  });
  if (!ended) return undefined;
  const outcome: Outcome = 'message' in ended ? { ok: true, value: ended.message } : ended;
  return await settle(context, node, settledId(node), outcome);
}

async function resolveDeadline(context: RunContext, node: WaitNode, scope: Scope): Promise<number | Failure> {
  const { wait } = node;
  if (wait.kind === 'for')
    return (await runStep(openId(node), `${node.id} open`, async () => context.clock.now())) + wait.durationMs;
  if (wait.kind !== 'until') throw new TypeError(`${node.id} waits for a message, not for a time`);
  try {
    const at = renderTemplate(wait.at, scope);
    const ms = typeof at === 'string' ? Date.parse(at) : Number.NaN;
    return Number.isNaN(ms)
      ? failure('EXPRESSION', `${node.id} waits until ${JSON.stringify(at)}, which is no ISO 8601 time`)
      : ms;
  } catch (error) {
    return expressionFailure(error);
  }
}

interface Waiting<Fact> extends Omit<WaitRun<never>, 'node' | 'scope'> {
  readonly deadlineMs: number;
  readonly topic: string;
  /** Reads the fact that ends the wait; null when it is not there (a spurious wake). */
  readonly look: (visit: number) => Promise<Fact | null>;
  /** `look` records what it saw by itself. */
  readonly lookIsRecorded?: boolean;
  readonly expire: () => Promise<Fact>;
}

// One visit a wake: wait (in memory), then at once take the wake and look at the fact (both recorded). Whatever committed with a
// wake is there for every look after it was seen; a look that came too early for another wake is followed by that one's visit.
export async function waitUntil<Fact>(
  context: RunContext,
  node: PlanNode,
  waiting: Waiting<Fact>,
): Promise<Fact | undefined> {
  const { deadlineMs, topic, signal, onWaiting, expire } = waiting;
  const now = (): number => context.clock.now();
  for (let visit = 0; ; visit++) {
    if (!context.record.has(takeIdOf(node, visit))) {
      onWaiting();
      const wake = await waitForMessage(context.knex, topic, deadlineMs, { now, signal });
      if (wake === undefined || signal.aborted) return undefined;
      if (wake === 'deadline') return await expire();
    }
    const { fact, isAsked } = await visitOnce(context, node, visit, waiting);
    if (fact !== null) return fact;
    if (isAsked) return undefined;
  }
}

// What operators ask is read meanwhile: the run need not read it again before it acts on the fact.
async function visitOnce<Fact>(
  context: RunContext,
  node: PlanNode,
  visit: number,
  { topic, look, lookIsRecorded, onWoken }: Waiting<Fact>,
): Promise<{ fact: Fact | null; isAsked: boolean }> {
  const lookId = stepId(visitIds(node, visit), 2);
  const [, fact, control] = await allSettled([
    takeMessage(takeIdOf(node, visit), topic),
    lookIsRecorded ? look(visit) : runStep(lookId, `${node.id} look`, async () => await look(visit)),
    context.controls.read(context.facts.id),
    onWoken?.(),
  ]);
  return { fact, isAsked: control?.cancel !== undefined };
}

function takeIdOf(node: PlanNode, visit: number): number {
  return stepId(visitIds(node, visit), 0);
}

// Like Promise.all, but nothing is under way any more when it throws (K4).
async function allSettled<Values extends readonly unknown[] | []>(
  values: Values,
): Promise<{ -readonly [At in keyof Values]: Awaited<Values[At]> }> {
  await Promise.allSettled(values);
  return await Promise.all(values);
}
