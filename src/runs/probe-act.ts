// Asks the vendor whether an act of unknown outcome took effect, with the same patience as an undo, and records the answer.
import type { RetryPolicy } from '../definitions/index.ts';
import { runStep, throwIfQuiescing } from '../durable/index.ts';
import type { BreakerUse, JsonObject, SecretPlace } from '../kernel/index.ts';
import { nextAttempt } from '../resilience/index.ts';
import { probeAction } from '../tools/index.ts';
import type { Probed } from '../tools/index.ts';
import type { RunContext } from './environment.ts';
import { mayWait, untilServed } from './parking.ts';
import { pauseUntil } from './perform-act.ts';

export interface Probe {
  readonly id: number;
  readonly stepName: string;
  readonly act: {
    readonly tool: string;
    readonly action: string;
    readonly args: JsonObject;
    readonly secrets: readonly SecretPlace[];
    readonly key: string;
    readonly timeoutMs: number;
    readonly breaker?: BreakerUse;
  };
  readonly retry: RetryPolicy;
}

/** `no_answer`: the vendor would not say, however patiently asked. */
export type Answer = Exclude<Probed, { found: 'failed' }> | { readonly found: 'no_answer' };

export async function probeAct(context: RunContext, probe: Probe): Promise<Answer> {
  return await runStep<Answer>(probe.id, probe.stepName, async () => {
    const startedAt = context.clock.now();
    for (let attempt = 1; ;) {
      const probed = await probeWhenServed(context, probe);
      if (probed.found !== 'failed') return probed;
      if (mayWait(probe.act.breaker, probed.error)) continue;
      const next = nextAttempt(probe.retry, probed.error, attempt, context.clock.now() - startedAt, context.random);
      if (next.kind === 'stop') return { found: 'no_answer' };
      await pauseUntil(context, context.clock.now() + next.delayMs);
      attempt += 1;
    }
  });
}

async function probeWhenServed(context: RunContext, { stepName, act }: Probe): Promise<Probed> {
  const { facts, registry } = context;
  const leave = await untilServed(context, { stepName, breaker: act.breaker });
  try {
    throwIfQuiescing();
    return await probeAction(registry, { ...act, insistent: true, tenant: facts.tenant, runId: facts.id });
  } finally {
    leave();
  }
}
