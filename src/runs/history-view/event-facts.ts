// What events and breakers tell of a run: what people and processes did to it, which no step of it records. Pure.
import { isJsonObject } from '../../kernel/index.ts';
import type { JsonObject } from '../../kernel/index.ts';
import { PHASE } from './fact.ts';
import type { Draft, Fact } from './fact.ts';
import type { LoggedEvent, LoggedTransition } from './run-log.ts';
import { PART } from './step-facts.ts';

/** `depthOf`: a node's wave; undefined for what is no node of the plan. */
export function factOfEvent(event: LoggedEvent, depthOf: (node: string) => number | undefined): Draft {
  const { id, node, kind, at, data } = event;
  const depth = node === null ? undefined : depthOf(node);
  const { by, error, executor, ...rest } = data;
  return {
    atMs: at.getTime(),
    kind,
    ...placeOf(kind, depth),
    part: PART.told,
    number: id,
    ...(node !== null && { node }),
    ...(typeof by === 'string' && { by }),
    ...(typeof executor === 'string' && { executor }),
    ...errorOf(error),
    ...(Object.keys(rest).length > 0 && { data: rest }),
  };
}

function placeOf(kind: string, depth: number | undefined): Pick<Draft, 'phase' | 'depth'> {
  return depth === undefined ? { phase: PHASE.asked } : { phase: PHASE.node, depth };
}

function errorOf(error: unknown): Pick<Fact, 'error'> {
  if (!isObject(error)) return {};
  const { code, message } = error;
  return typeof code === 'string' && typeof message === 'string' ? { error: { ...error, code, message } } : {};
}

function isObject(value: unknown): value is JsonObject {
  return isJsonObject(value);
}

const TURNED = { open: 'opened', closed: 'closed', half_open: 'half_opened' } as const;

export function factOfTransition({ id, service, from, to, why, by, at }: LoggedTransition): Draft {
  return {
    atMs: at.getTime(),
    kind: `breaker.${TURNED[to]}`,
    phase: PHASE.asked,
    part: PART.ended,
    number: id,
    ...(by !== null && { by }),
    data: { service, from, why },
  };
}
