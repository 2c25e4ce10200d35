// What of a plan a person should know before starting: what it lacks, who would not be told, what is down. Pure.
import type { Plan } from '../api/people-shapes.ts';
import type { Json } from '../api/shapes.ts';

/** In words, the worst first. */
export function gapsOf(plan: Plan): readonly string[] {
  return [
    ...plan.missingCredentials.map((tool) => `${tool} has no credentials: its calls would be refused.`),
    ...plan.missingSecrets.map(({ name, node, why }) => `${node} needs the secret ${name}, which ${why}.`),
    ...plan.breakers.flatMap(({ service, state }) => (state === 'open' ? [`The breaker of ${service} is open.`] : [])),
    ...plan.channels.flatMap(({ tool, state }) =>
      state === 'configured'
        ? []
        : state === 'missing'
          ? [`Nobody is told by ${tool}: it is not configured.`]
          : [`Nobody is told by ${tool}: its double in the sandbox is.`],
    ),
    ...(plan.sandboxed ? ['Tools without credentials talk to the sandbox.'] : []),
  ];
}

/** A value as one line; what only the run will know, by its source. */
export function textOf(value: Json): string {
  if (typeof value === 'string') return value;
  const unresolved = typeof value === 'object' && value !== null && '$unresolved' in value && value['$unresolved'];
  return typeof unresolved === 'string' ? `‹${unresolved}›` : JSON.stringify(value);
}
