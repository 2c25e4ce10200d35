// From times to places on a line: to scale where something is done, and short where a run only waits. Pure.

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface Gap extends Span {
  /** Where it is drawn, as parts of the whole line. */
  readonly from: number;
  readonly to: number;
}

export interface TimeScale {
  /** 0 is the start of the run, 1 its end. */
  readonly at: (ms: number) => number;
  /** What is drawn shorter than it was. */
  readonly gaps: readonly Gap[];
}

/** A pause is drawn short when it is longer than this part of all that was done. */
const LONG_PART = 0.6;
/** And takes this part of the line then. */
const SHORT_PART = 0.05;

/** `busy`: when something was done, in any order. */
export function timeScale({ fromMs, toMs }: Span, busy: readonly Span[]): TimeScale {
  const total = Math.max(toMs - fromMs, 1);
  const quiet = pausesBetween({ fromMs, toMs }, busy);
  const busyMs = total - quiet.reduce((sum, each) => sum + each.toMs - each.fromMs, 0);
  const long = quiet.filter((each) => each.toMs - each.fromMs > Math.max(busyMs * LONG_PART, 1_000));
  const longMs = long.reduce((sum, each) => sum + each.toMs - each.fromMs, 0);
  const isAllQuiet = longMs >= total;
  if (long.length === 0 || isAllQuiet) return { at: (ms) => clamp((ms - fromMs) / total), gaps: [] };
  const short = Math.min(SHORT_PART, 0.4 / long.length);
  const perMs = (1 - short * long.length) / (total - longMs);
  const at = (ms: number): number => {
    let place = (ms - fromMs) * perMs;
    for (const pause of long) {
      const passed = Math.min(Math.max(ms - pause.fromMs, 0), pause.toMs - pause.fromMs);
      place += passed * (short / (pause.toMs - pause.fromMs) - perMs);
    }
    return clamp(place);
  };
  return { at, gaps: long.map((pause) => ({ ...pause, from: at(pause.fromMs), to: at(pause.toMs) })) };
}

function clamp(part: number): number {
  return Math.min(Math.max(part, 0), 1);
}

/** What of the whole no span covers. */
function pausesBetween({ fromMs, toMs }: Span, busy: readonly Span[]): Span[] {
  const pauses: Span[] = [];
  let endMs = fromMs;
  for (const span of busy.toSorted((a, b) => a.fromMs - b.fromMs)) {
    if (span.fromMs > endMs) pauses.push({ fromMs: endMs, toMs: Math.min(span.fromMs, toMs) });
    endMs = Math.max(endMs, span.toMs);
  }
  if (endMs < toMs) pauses.push({ fromMs: endMs, toMs });
  return pauses;
}
