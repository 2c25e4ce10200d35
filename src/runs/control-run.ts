// What people tell a run that is not over: messages and decisions of its approvals. Each is one transaction with its wake.
import type { Knex } from 'knex';
import { amendApproval, decideApproval, editedOutputs, loadApproval, readOutputs } from '../approvals/index.ts';
import type { AnswerVia, Approval } from '../approvals/index.ts';
import { validateValue } from '../definitions/index.ts';
import type { Plan } from '../definitions/index.ts';
import { sendInTransaction, userTopic } from '../durable/index.ts';
import { BreakwaterError, hashJson, isJsonObject, mergePatch, sha256 } from '../kernel/index.ts';
import type { Json, JsonObject, Problem } from '../kernel/index.ts';
import type { Registry } from '../tools/index.ts';
import type { CodedWorkflows } from './coded-workflow.ts';
import { findMessageDigest, insertEvent } from './event-store.ts';
import { REFUSALS } from './control-decision.ts';
import { controlOf } from './control-store.ts';
import { refusal } from './control-verb.ts';
import { checkMessage } from './message-check.ts';
import { cancelInTransaction } from './operate-run.ts';
import { outputSchema } from './output-schema.ts';
import { findRun, lockRun } from './run-store.ts';
import type { RunRow } from './run-store.ts';
import { isFinal } from './runs.ts';
import type { Actor, DecisionRequest } from './runs.ts';
import { planOf, wakeWaitingNodes } from './wake-run.ts';

/** Writes the cancel and wakes whatever of the run waits. The caller holds the run's row and knows that it may be asked. */
export async function askToCancel(
  trx: Knex.Transaction,
  run: RunRow,
  asked: { readonly compensate: boolean; readonly by: string; readonly reason: string | null },
): Promise<void> {
  const { id, tenant } = run;
  const cancel = { ...asked, at: new Date().toISOString() };
  await cancelInTransaction(trx, run, cancel);
  await insertEvent(trx, { tenant, runId: id, kind: 'control.cancel', data: cancel });
}

/** Stores a user's message and wakes the nodes that wait for its topic. The same key twice is one message. */
export async function sendMessage(
  { knex, coded }: { knex: Knex; coded: CodedWorkflows },
  actor: Actor,
  { id, topic, message, key }: { id: string; topic: string; message: Json; key: string },
): Promise<void> {
  await knex.transaction(async (trx) => {
    const run = await lockLiveRun(trx, actor, id);
    const workflow = coded.find({ name: run.workflow, version: run.version });
    checkMessage(id, { plan: await planOf(trx, run), workflow }, { topic, message });
    const digest = hashJson({ topic, message });
    const earlier = await findMessageDigest(trx, id, sha256(key));
    if (earlier === digest) return;
    if (earlier !== undefined) {
      throw new BreakwaterError(
        'CONFLICT',
        'The Idempotency-Key was used for another message; use a new key for a new one.',
      );
    }
    await sendInTransaction(trx, { runId: id, topic: userTopic(topic), value: { value: message }, key });
    await insertEvent(trx, {
      tenant: actor.tenant,
      runId: id,
      kind: 'message.received',
      data: { topic, by: actor.user, key: sha256(key), digest },
    });
    await wakeWaitingNodes(
      trx,
      run,
      (node) => node.kind === 'wait' && node.wait.kind === 'message' && node.wait.topic === topic,
      key,
    );
  });
}

/** Decides an approval; edits must leave outputs that fit what their actions promise, and the form its schema. */
export async function decide(
  knex: Knex,
  registry: Registry,
  actor: Actor,
  approvalId: string,
  request: DecisionRequest,
  via: AnswerVia,
): Promise<void> {
  const checkEdits = await prepareEditCheck(knex, registry, actor, approvalId);
  const edits = request.decision === 'approve' ? request.edits : undefined;
  await decideApproval(knex, { actor, approvalId, via, ...request }, (locked) => [
    ...checkEdits(locked, edits ?? {}),
    ...formProblems(locked.form, request.form),
  ]);
}

/** Edits an open approval's content; the same check as a decision's edits. */
export async function amend(
  knex: Knex,
  registry: Registry,
  actor: Actor,
  approvalId: string,
  edits: Readonly<Record<string, Json>>,
): Promise<void> {
  const checkEdits = await prepareEditCheck(knex, registry, actor, approvalId);
  await amendApproval(knex, { actor, approvalId, edits }, (locked) => checkEdits(locked, edits));
}

async function prepareEditCheck(
  knex: Knex,
  registry: Registry,
  actor: Actor,
  approvalId: string,
): Promise<(locked: Approval, edits: Readonly<Record<string, Json>>) => Problem[]> {
  const approval = await loadApproval(knex, actor.tenant, approvalId);
  const run = await findRun(knex, actor.tenant, approval.runId);
  const plan = run ? await planOf(knex, run) : null;
  const outputs = await readOutputs(knex, approval);
  const schemaOf = (nodeId: string) => approval.editSchemas[nodeId] ?? plannedSchema(plan, registry, nodeId);
  // What others edited meanwhile is known once the question is locked.
  return (locked, edits) => editProblems(schemaOf, editedOutputs(locked, outputs), edits);
}

function plannedSchema(plan: Plan | null, registry: Registry, nodeId: string): JsonObject | undefined {
  const node = plan?.nodes.find((each) => each.id === nodeId);
  if (node?.kind !== 'activity' || node.forEach) return undefined;
  return outputSchema(registry.catalog, { tool: node.tool, action: node.action, args: node.with });
}

function editProblems(
  schemaOf: (nodeId: string) => JsonObject | undefined,
  outputs: ReadonlyMap<string, Json>,
  edits: Readonly<Record<string, Json>>,
): Problem[] {
  return Object.entries(edits).flatMap(([nodeId, patch]) => {
    const schema = outputs.has(nodeId) ? schemaOf(nodeId) : undefined;
    if (!schema) return [];
    const edited = mergePatch(outputs.get(nodeId) ?? null, patch);
    return validateValue(schema, edited).map((problem) => ({ ...problem, path: `/edits/${nodeId}${problem.path}` }));
  });
}

function formProblems(schema: Json, form: Json | undefined): Problem[] {
  if (!isJsonObject(schema) || form === undefined) return [];
  return validateValue(schema, form).map((problem) => ({ ...problem, path: `/form${problem.path}` }));
}

async function lockLiveRun(trx: Knex.Transaction, { tenant }: Actor, id: string): Promise<RunRow> {
  const run = await lockRun(trx, tenant, id);
  if (!run) throw new BreakwaterError('NOT_FOUND', `No run "${id}".`);
  if (isFinal(run.status)) throw new BreakwaterError('CONFLICT', `Run ${id} is ${run.status} already.`);
  if (controlOf(run).cancel) throw refusal(id, REFUSALS.cancelling);
  return run;
}
