// Which services a run's acts go to: whose breakers are part of its history. Pure.
import type { Plan } from '../../definitions/index.ts';
import type { LoggedStep } from '../../durable/index.ts';
import type { BreakerUse } from '../../kernel/index.ts';
import { serviceOf } from '../../tools/index.ts';
import type { Registry } from '../../tools/index.ts';

/** The service of a call; undefined where none is guarded. */
export type Services = (tool: string, breaker?: BreakerUse) => string | undefined;

export function servicesIn(registry: Registry): Services {
  return (tool, breaker) => {
    const connected = registry.get(tool);
    return connected && serviceOf(connected.tool, breaker);
  };
}

export function servicesOf(
  { plan, steps }: { readonly plan: Plan | null; readonly steps: readonly LoggedStep[] },
  services: Services,
): string[] {
  const calls = plan ? plannedCalls(plan) : steps.flatMap(notedCall);
  return [...new Set(calls.flatMap(({ tool, breaker }) => services(tool, breaker) ?? []))];
}

interface Call {
  readonly tool: string;
  readonly breaker?: BreakerUse;
}

function plannedCalls({ nodes }: Plan): Call[] {
  return nodes.flatMap((node) =>
    node.kind === 'activity' ? [node, ...(node.compensation ? [node.compensation] : [])] : [],
  );
}

// Of code it is known once an act with an effect is recorded.
function notedCall({ value }: LoggedStep): Call[] {
  const effect = memberOf(value, 'effect');
  const tool = memberOf(effect, 'tool');
  return typeof tool === 'string' ? [{ tool }] : [];
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}
