// Times and durations as people read them. Pure: `nowMs` is a parameter.

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;

/** `830 ms`, `4.2 s`, `3 m 10 s`, `2 d 4 h`: two units at most. */
export function durationText(ms: number): string {
  const whole = Math.max(0, ms);
  if (whole < 1_000) return `${Math.round(whole)} ms`;
  if (whole < 10_000) return `${(Math.floor(whole / 100) / 10).toFixed(1)} s`;
  const at = UNITS.findIndex(([, size]) => whole >= size);
  const [unit, size] = UNITS[at] ?? UNITS[3];
  const [lesser, lesserSize] = UNITS[at + 1] ?? [];
  const rest = lesserSize === undefined ? 0 : Math.floor((whole % size) / lesserSize);
  const first = `${Math.floor(whole / size)} ${unit}`;
  return rest > 0 && lesser !== undefined ? `${first} ${rest} ${lesser}` : first;
}

/** `just now`, `12 s ago`, `in 3 h`: one unit, as it is looked at now. */
export function relativeText(atMs: number, nowMs: number): string {
  const ms = nowMs - atMs;
  const size = Math.abs(ms);
  if (size < 2_000) return 'just now';
  const [unit, unitMs] = UNITS.find(([, each]) => size >= each) ?? UNITS[3];
  const text = `${Math.floor(size / unitMs)} ${unit}`;
  return ms > 0 ? `${text} ago` : `in ${text}`;
}

/** `2026-11-21 20:25:45` in the zone of the reader, `offsetMinutes` ahead of UTC. */
export function clockText(atMs: number, offsetMinutes = -new Date(atMs).getTimezoneOffset()): string {
  return new Date(atMs + offsetMinutes * 60_000).toISOString().slice(0, 19).replace('T', ' ');
}
