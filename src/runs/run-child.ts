// Runs a child node: begins its run, waits for its end without holding anything, and answers what that run answered.
import { renderTemplate } from '../definitions/index.ts';
import type { ChildNode } from '../definitions/index.ts';
import { wakeTopic } from '../durable/index.ts';
import { failure } from '../kernel/index.ts';
import type { Failure, Json, Outcome } from '../kernel/index.ts';
import { epochOf } from './amendments.ts';
import { askToEnd } from './end-children.ts';
import { findChild } from './child-store.ts';
import type { ChildRow } from './child-store.ts';
import type { RunContext } from './environment.ts';
import type { NodeResult } from './node-result.ts';
import { pauseUntil } from './perform-act.ts';
import { expressionFailure, settle } from './run-activity.ts';
import { waitUntil } from './run-wait.ts';
import type { WaitRun } from './run-wait.ts';
import { isFinal } from './runs.ts';
import { startChild } from './start-child.ts';
import { settledId } from './step-layout.ts';

/** The child's output, its failure, or undefined when the run turned round meanwhile: then its end comes with the undo. */
export async function runChild(
  context: RunContext,
  { node, scope, ...run }: WaitRun<ChildNode>,
): Promise<NodeResult | undefined> {
  const input = inputOf(node, scope);
  if ('error' in input) return await fail(context, node, input.error);
  return await followChild(context, { node, input: input.value, ...run });
}

/** A child whose input is data already. */
export interface Following extends Omit<WaitRun<ChildNode>, 'scope'> {
  readonly input: Json;
  /** From its start. Absent: no limit but its module's. */
  readonly timeoutMs?: number;
}

/** As {@link runChild}. A run that takes longer than `timeoutMs` is asked to end. */
export async function followChild(
  context: RunContext,
  { node, input, timeoutMs = Number.POSITIVE_INFINITY, ...run }: Following,
): Promise<NodeResult | undefined> {
  const begun = await startChild(context, node, input);
  if ('error' in begun) return await fail(context, node, begun.error);
  if ('withdrawn' in begun) return await untilCut(context, run.signal);
  const { runId } = begun;
  const ended = await waitUntil<Outcome>(context, node, {
    deadlineMs: timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : (await startedAtMs(context, runId)) + timeoutMs,
    topic: wakeTopic(node.id, epochOf(context.amended, node.id)),
    look: async () => outcomeOf(await findChild(context.knex, runId), runId),
    expire: async () => await expire(context, runId, timeoutMs),
    ...run,
  });
  if (ended) return await settle(context, node, settledId(node), ended);
  return run.signal.reason === 'module timeout' ? await outOfTime(context, node, runId) : undefined;
}

// One that is gone is found to be so by the first look.
async function startedAtMs({ knex, clock }: RunContext, runId: string): Promise<number> {
  const child = await findChild(knex, runId);
  return child?.started_at.getTime() ?? clock.now();
}

async function expire(context: RunContext, runId: string, timeoutMs: number): Promise<Outcome> {
  const message = `run ${runId} took longer than ${timeoutMs} ms`;
  await askToEnd(context, runId, { compensate: true, reason: message });
  return { ok: false, error: failure('TIMEOUT', message, { kind: 'timeout' }) };
}

// That its run is cancelled is known here before the run has heard of it.
async function untilCut(context: RunContext, signal: AbortSignal): Promise<undefined> {
  await pauseUntil(context, Number.POSITIVE_INFINITY, signal);
}

function inputOf(
  node: ChildNode,
  scope: WaitRun<ChildNode>['scope'],
): { readonly value: Json } | { readonly error: Failure } {
  try {
    return { value: renderTemplate(node.input, scope) };
  } catch (error) {
    return { error: expressionFailure(error) };
  }
}

async function fail(context: RunContext, node: ChildNode, error: Failure): Promise<NodeResult> {
  return await settle(context, node, settledId(node), { ok: false, error });
}

// Null while it has not ended.
function outcomeOf(child: ChildRow | undefined, runId: string): Outcome | null {
  if (!child) return { ok: false, error: failure('CHILD_GONE', `run ${runId} is no more`) };
  if (!isFinal(child.status)) return null;
  if (child.status === 'succeeded') return { ok: true, value: child.output };
  const why = child.error ? `: ${child.error.code} ${child.error.message}` : '';
  return {
    ok: false,
    error: failure('CHILD_FAILED', `run ${runId} of "${child.workflow}" ended ${child.status}${why}`),
  };
}

async function outOfTime(context: RunContext, node: ChildNode, runId: string): Promise<NodeResult> {
  const message = `module "${node.module}" took longer than its timeout`;
  await askToEnd(context, runId, { compensate: true, reason: message });
  return await fail(context, node, failure('MODULE_TIMEOUT', message, { kind: 'timeout' }));
}
