// The waits of a coded workflow: the same durable waits as YAML's nodes; a message is waited for by its own topic, as nobody outside knows the call.
import type { Scope, WaitNode } from '../definitions/index.ts';
import { runStep, stepId, takeMessage, userTopic, waitForMessage } from '../durable/index.ts';
import { failure, isJsonObject } from '../kernel/index.ts';
import type { Json, Outcome } from '../kernel/index.ts';
import type { RunContext } from './environment.ts';
import type { NodeResult } from './node-result.ts';
import { settle } from './run-activity.ts';
import { runWait } from './run-wait.ts';
import type { WaitRun } from './run-wait.ts';
import { openId, settledId, visitIds } from './step-layout.ts';

/** What code gives a node is data already: there is nothing to look up. */
export function emptyScope({ facts }: RunContext): Scope {
  const { input, ...run } = facts;
  return { input, outputs: {}, status: {}, run: { ...run, changes: [] } };
}

/** The message's body, or the time at which the wait ended as `{at}`; undefined when the run turned round meanwhile. */
export async function runCodedWait(context: RunContext, wait: WaitRun<WaitNode>): Promise<NodeResult | undefined> {
  const { node } = wait;
  const openedAt = await runStep(openId(node), `${node.id} open`, async () => context.clock.now());
  if (node.wait.kind !== 'message') return await runWait(context, wait);
  const { topic, timeoutMs = Number.POSITIVE_INFINITY } = node.wait;
  const outcome = await awaitMessage(context, wait, { topic, deadlineMs: openedAt + timeoutMs });
  return outcome && (await settle(context, node, settledId(node), outcome));
}

// Another wait for the same topic may take the message that woke this one: then it waits on.
async function awaitMessage(
  context: RunContext,
  { node, signal, onWaiting }: WaitRun<WaitNode>,
  { topic, deadlineMs }: { topic: string; deadlineMs: number },
): Promise<Outcome | undefined> {
  for (let visit = 0; ; visit++) {
    const takeId = stepId(visitIds(node, visit), 0);
    if (!context.record.has(takeId)) {
      onWaiting();
      const now = (): number => context.clock.now();
      const wake = await waitForMessage(context.knex, userTopic(topic), deadlineMs, { now, signal });
      if (wake === undefined || signal.aborted) return undefined;
      if (wake === 'deadline') return expired(topic);
    }
    const message: Json = await takeMessage(takeId, userTopic(topic));
    // Wrapped by the sender, so that a message of null is a message.
    if (isJsonObject(message)) return { ok: true, value: message['value'] ?? null };
  }
}

function expired(topic: string): Outcome {
  return { ok: false, error: failure('TIMEOUT', `no message "${topic}" came in time`, { kind: 'timeout' }) };
}
