// A call of a tool through the breaker of its service: refused while the service is down, and counted once it is made.
import { DEFAULT_BREAKER } from '../kernel/index.ts';
import type { BreakerUse, Failure, Outcome } from '../kernel/index.ts';
import { EVERY_TENANT } from '../resilience/index.ts';
import type { Breakers, Entry, Verdict } from '../resilience/index.ts';
import type { Invocation } from './attempt.ts';
import { verdictOf } from './breaker-verdict.ts';
import type { ConnectedTool, Registry } from './registry.ts';
import type { Tool } from './tool.ts';

export interface GuardedCall {
  readonly call: () => Promise<Outcome>;
  /** The outcome of a call that is not made. */
  readonly refuse: (refused: Failure) => Outcome;
}

export async function throughBreaker(
  registry: Registry,
  connected: ConnectedTool,
  invocation: Invocation,
  { call, refuse }: GuardedCall,
): Promise<Outcome> {
  const { breakers } = registry;
  const gate = breakers && gateOf(registry, connected, invocation);
  if (!gate) return await call();
  const entry = await enter(breakers, gate, invocation);
  if (entry.refused) return refuse(entry.refused);
  let verdict: Verdict = 'none';
  try {
    const outcome = await call();
    const isCut = invocation.signal?.aborted === true;
    if (gate.counts) verdict = verdictOf({ tool: connected.tool.name, outcome, isCut });
    return outcome;
  } finally {
    // What is thrown is no word of the service: our own database, or a defect of ours.
    entry.leave(verdict);
  }
}

interface Gate {
  readonly tenant: string;
  readonly use: BreakerUse;
  /** A tool that goes to any address is no service: a dead address says nothing of the others. It can only be forced. */
  readonly counts: boolean;
}

function gateOf(registry: Registry, { tool }: ConnectedTool, invocation: Invocation): Gate | undefined {
  const { breaker } = invocation;
  const service = serviceOf(tool, breaker);
  if (service === undefined) return undefined;
  return {
    tenant: breakerTenant(registry, service, invocation.tenant),
    use: breaker ?? { service, park: false, settings: DEFAULT_BREAKER },
    counts: breaker !== undefined || tool.vendor !== undefined,
  };
}

/** The service that a call goes to: what works on our own database goes to none. */
export function serviceOf(tool: Tool, breaker: BreakerUse | undefined): string | undefined {
  return breaker?.service ?? (tool.onOwnDatabase ? undefined : tool.name);
}

/** Whose breaker it is: the credentials of tools are the installation's, any other name is its tenant's own. */
export function breakerTenant(registry: Registry, service: string, tenant: string): string {
  return registry.get(service) ? EVERY_TENANT : tenant;
}

const PASS: Entry = { leave: () => undefined };

// What must be taken back is tried at its own pace also while the service is down, unless an operator said no.
function enter(
  breakers: Breakers,
  { tenant, use }: Gate,
  { insistent, timeoutMs }: Invocation,
): Entry | Promise<Entry> {
  if (insistent && !use.park && breakers.isDown(tenant, use.service)) return PASS;
  return breakers.enter(tenant, use, timeoutMs);
}
