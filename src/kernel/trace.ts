// Where something stands in a trace, as W3C Trace Context names places. Pure.

export interface SpanPlace {
  /** 32 hex digits. */
  readonly traceId: string;
  /** 16 hex digits. */
  readonly spanId: string;
  /** Absent: the trace begins here. */
  readonly parentSpanId?: string;
  /** Whoever began the trace keeps it. */
  readonly sampled: boolean;
}

const TRACEPARENT = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:$|-)/;

/** The place of whoever asks. Undefined for a text that is none: the standard has it ignored. */
export function parseTraceparent(text: string): SpanPlace | undefined {
  const [, traceId, spanId, flags] = TRACEPARENT.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  if (text.startsWith('00') && text.length !== 55) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** What tells others where they are called from. */
export function traceparentOf({ traceId, spanId, sampled }: SpanPlace): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}

/** A place below another one. */
export function placeBelow({ traceId, spanId: parentSpanId, sampled }: SpanPlace, spanId: string): SpanPlace {
  return { traceId, spanId, parentSpanId, sampled };
}
