// Runs the nodes that wait: for people, for a message, for a time. They hold nothing while they wait; what wakes them never decides (K9).
import { expireApproval, openApproval, readSettlement } from '../approvals/index.ts';
import type { EditSchemas, Settlement } from '../approvals/index.ts';
import { renderTemplate } from '../definitions/index.ts';
import type { ApprovalNode, Scope, WaitNode } from '../definitions/index.ts';
import {
  runStep,
  runTransaction,
  stepId,
  takeMessage,
  userTopic,
  waitForMessage,
  wakeTopic,
} from '../durable/index.ts';
import type { Wake } from '../durable/index.ts';
import { failure, isJsonObject } from '../kernel/index.ts';
import type { Failure, Json, Outcome } from '../kernel/index.ts';
import type { RunContext } from './environment.ts';
import type { NodeResult } from './node-result.ts';
import { expressionFailure, settle } from './run-activity.ts';
import { expireId, openId, settledId, visitIds } from './step-layout.ts';

export interface WaitRun<Node> {
  readonly node: Node;
  readonly scope: Scope;
  /** Aborted when the run turns round; the wait then ends without a result. */
  readonly signal: AbortSignal;
  /** Called once the question is asked and nothing is left but to wait. */
  readonly onWaiting: () => void;
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
        epoch: 0,
        requester: context.requester,
        allowRequester: node.allowRequester,
        onTimeout: node.onTimeout,
        editable: node.editable,
        form: node.form,
        editSchemas,
        topic: wakeTopic(node.id, 0),
        timeoutMs: node.timeoutMs,
      }),
  );
  const look = async (): Promise<Settlement | null> => (await readSettlement(context.knex, approval.id)) ?? null;
  const expire = async (): Promise<Settlement> =>
    await runTransaction(expireId(node), `${node.id} expire`, async (trx) => await expireApproval(trx, approval.id));
  const settlement = await waitUntil(context, node, {
    deadlineMs: approval.deadlineMs,
    topic: wakeTopic(node.id, 0),
    signal,
    onWaiting,
    look,
    expire,
  });
  if (!settlement) return undefined;
  return await settle(context, node, settledId(node), { ok: true, value: decisionOf(settlement) });
}

function decisionOf(settlement: Settlement): Json {
  const { decision, by, at, reason, edits, form, status } = settlement;
  return { decision, by, at, reason, edits, form, ...(status === 'expired' && { expired: true }) };
}

interface Question {
  readonly title: string;
  readonly body?: string;
  readonly approvers: readonly string[];
}

function resolveQuestion(node: ApprovalNode, scope: Scope): Question | { error: Failure } {
  try {
    const approvers = renderTemplate(node.approvers, scope);
    if (!isTextList(approvers))
      return { error: failure('EXPRESSION', `approvers of ${node.id} must be a list of texts, at least one`) };
    const body = node.body === undefined ? undefined : asText(renderTemplate(node.body, scope));
    return { title: asText(renderTemplate(node.title, scope)), body, approvers };
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
export async function runWait(
  context: RunContext,
  { node, scope, signal, onWaiting }: WaitRun<WaitNode>,
): Promise<NodeResult | undefined> {
  const { wait } = node;
  if (wait.kind === 'message') return await waitForUser(context, { node, scope, signal, onWaiting }, wait);
  const id = settledId(node);
  const deadline = await resolveDeadline(context, node, scope);
  if (typeof deadline !== 'number') return await settle(context, node, id, { ok: false, error: deadline });
  const topic = wakeTopic(node.id, 0);
  const done = { at: new Date(deadline).toISOString() };
  const ended = await waitUntil(context, node, {
    deadlineMs: deadline,
    topic,
    signal,
    onWaiting,
    look: async () => null,
    expire: async () => done,
  });
  return ended && (await settle(context, node, id, { ok: true, value: ended }));
}

// The user's message is stored under its own topic; the wake beside it only ends the wait.
async function waitForUser(
  context: RunContext,
  { node, signal, onWaiting }: WaitRun<WaitNode>,
  wait: { topic: string; timeoutMs?: number },
): Promise<NodeResult | undefined> {
  const openedAt = await runStep(openId(node), `${node.id} open`, async () => context.clock.now());
  const deadlineMs = wait.timeoutMs === undefined ? Number.POSITIVE_INFINITY : openedAt + wait.timeoutMs;
  const look = async (visit: number): Promise<{ message: Json } | null> => {
    const message = await takeMessage(stepId(visitIds(node, visit), 3), userTopic(wait.topic));
    // Wrapped by the sender, so that a message of null is a message.
    return isJsonObject(message) ? { message: message['value'] ?? null } : null;
  };
  const expired = {
    ok: false,
    error: failure('TIMEOUT', `no message "${wait.topic}" came in time`, { kind: 'timeout' }),
  } as const;
  const ended = await waitUntil<{ message: Json } | typeof expired>(context, node, {
    deadlineMs,
    topic: wakeTopic(node.id, 0),
    signal,
    onWaiting,
    look,
    lookIsRecorded: true,
    expire: async () => expired,
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

interface Waiting<Fact> {
  readonly deadlineMs: number;
  readonly topic: string;
  readonly signal: AbortSignal;
  readonly onWaiting: () => void;
  /** Reads the fact that ends the wait; null when it is not there (a spurious wake). */
  readonly look: (visit: number) => Promise<Fact | null>;
  /** `look` records what it saw by itself. */
  readonly lookIsRecorded?: boolean;
  readonly expire: () => Promise<Fact>;
}

// One visit a wake: wait (in memory), take the wake (recorded), look at the fact (recorded).
async function waitUntil<Fact>(
  context: RunContext,
  node: ApprovalNode | WaitNode,
  waiting: Waiting<Fact>,
): Promise<Fact | undefined> {
  const { look, lookIsRecorded, expire, signal } = waiting;
  for (let visit = 0; ; visit++) {
    const ids = visitIds(node, visit);
    const takeId = stepId(ids, 0);
    if (!context.record.has(takeId)) {
      waiting.onWaiting();
      const wake = await awaitWake(context, waiting);
      if (wake === undefined || signal.aborted) return undefined;
      if (wake === 'deadline') return await expire();
    }
    await takeMessage(takeId, waiting.topic);
    const fact = lookIsRecorded
      ? await look(visit)
      : await runStep(stepId(ids, 2), `${node.id} look`, async () => await look(visit));
    if (fact !== null) return fact;
    if (await isCancelled(context)) return undefined;
  }
}

async function awaitWake(
  context: RunContext,
  { topic, deadlineMs, signal }: Waiting<unknown>,
): Promise<Wake | undefined> {
  return await waitForMessage(context.knex, topic, deadlineMs, { now: () => context.clock.now(), signal });
}

async function isCancelled(context: RunContext): Promise<boolean> {
  return (await context.controls.read(context.facts.id)) !== undefined;
}
