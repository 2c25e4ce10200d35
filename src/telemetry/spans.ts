// Spans of what is announced: made once it is over, at the place and the times that the announcement says. Pure.
import { SpanKind, SpanStatusCode, TraceFlags } from '@opentelemetry/api';
import type { Attributes, HrTime, SpanContext } from '@opentelemetry/api';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import type { Facts, ModuleSpan, RoomEvent, SpanPlace } from '../kernel/index.ts';

const SCOPE = { name: 'breakwater' };

interface Described {
  readonly name: string;
  readonly kind?: SpanKind;
  readonly place: SpanPlace;
  readonly startedAtMs: number;
  readonly finishedAtMs: number;
  readonly attributes: Attributes;
  /** Why it failed; absent: it did not. */
  readonly failure?: string;
}

/** None for what is no part of a trace, or of one that nobody keeps. */
export function spansOf(event: RoomEvent, resource: Resource): ReadableSpan[] {
  const { trace } = event;
  if (!event.fact || !trace?.sampled) return [];
  return describe(event, trace).map((span) => spanOf(span, resource));
}

function describe(event: RoomEvent & { readonly fact: true }, place: SpanPlace): Described[] {
  if (event.name === 'run.finished') return [ofRun(event.fields, place)];
  if (event.name === 'run.modules') return event.fields.modules.map((module) => ofModule(event.fields.run, module));
  if (event.name === 'activity.completed') return [ofAttempt(event.fields, place)];
  if (event.name === 'activity.attempt_failed')
    return [{ ...ofAttempt(event.fields, place), failure: event.fields.code }];
  return event.name === 'tools.requested' ? [ofRequest(event.fields, place)] : [];
}

function ofModule(run: string, { id, failed, ...span }: ModuleSpan): Described {
  return {
    name: `module ${id}`,
    ...span,
    attributes: { 'breakwater.run': run, 'breakwater.module': id },
    ...(failed && { failure: 'a node of it failed' }),
  };
}

function ofRun(run: Facts['run.finished'], place: SpanPlace): Described {
  const { workflow, version, status, cause, startedAtMs, finishedAtMs } = run;
  return {
    name: `run ${workflow}`,
    place,
    startedAtMs,
    finishedAtMs,
    attributes: {
      'breakwater.run': run.run,
      'breakwater.tenant': run.tenant,
      'breakwater.workflow': workflow,
      'breakwater.version': version,
      'breakwater.status': status,
      ...(cause !== null && { 'breakwater.cause': cause }),
    },
    ...(status !== 'succeeded' && { failure: status }),
  };
}

function ofAttempt(act: Facts['activity.completed'], place: SpanPlace): Described {
  const { action, undo, node, attempt, startedAtMs, ms } = act;
  return {
    name: undo ? `undo ${action}` : action,
    place,
    startedAtMs,
    finishedAtMs: startedAtMs + ms,
    // Few, since most of what is sent is acts: whose they are is told by their run's span, at the top of the trace.
    attributes: { 'breakwater.node': node, ...(attempt > 1 && { 'breakwater.attempt': attempt }) },
  };
}

// Named as OpenTelemetry's conventions for HTTP have it.
function ofRequest({ method, host, status, startedAtMs, ms, tool }: Facts['tools.requested'], place: SpanPlace) {
  const failed = status === undefined || status >= 400;
  return {
    name: method,
    kind: SpanKind.CLIENT,
    place,
    startedAtMs,
    finishedAtMs: startedAtMs + ms,
    attributes: {
      'breakwater.tool': tool,
      'http.request.method': method,
      'server.address': host,
      ...(status !== undefined && { 'http.response.status_code': status }),
      ...(failed && { 'error.type': status === undefined ? 'no answer' : String(status) }),
    },
    ...(failed && { failure: status === undefined ? 'no answer' : `answered ${status}` }),
  };
}

function spanOf(
  { name, kind = SpanKind.INTERNAL, place, startedAtMs, finishedAtMs, attributes, failure }: Described,
  resource: Resource,
): ReadableSpan {
  const context = contextOf(place);
  return {
    name,
    kind,
    spanContext: () => context,
    ...(place.parentSpanId !== undefined && { parentSpanContext: { ...context, spanId: place.parentSpanId } }),
    startTime: hrTime(startedAtMs),
    endTime: hrTime(Math.max(startedAtMs, finishedAtMs)),
    duration: hrTime(Math.max(0, finishedAtMs - startedAtMs)),
    status: failure === undefined ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: failure },
    attributes,
    links: [],
    events: [],
    ended: true,
    resource,
    instrumentationScope: SCOPE,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

function contextOf({ traceId, spanId }: SpanPlace): SpanContext {
  return { traceId, spanId, traceFlags: TraceFlags.SAMPLED };
}

function hrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
