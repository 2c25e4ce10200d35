// Durations as people write them: `500ms`, `30s`, `5m`, `24h`, `7d`.

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1_000],
] as const;
const UNIT_MS: ReadonlyMap<string, number> = new Map([...UNITS, ['ms', 1]]);
const DURATION = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;

/** The longest duration accepted, ten years: beyond it timers and timestamps stop making sense. */
export const MAX_DURATION_MS = 3_650 * 86_400_000;

/** Milliseconds, or undefined when the text is no duration. */
export function parseDuration(text: string): number | undefined {
  const [, amount, unit = ''] = DURATION.exec(text.trim()) ?? [];
  const ms = Math.round(Number(amount) * (UNIT_MS.get(unit) ?? Number.NaN));
  return ms <= MAX_DURATION_MS ? ms : undefined;
}

/** The largest two units that matter: `1h 30m`, `2.5s`, `340ms`. */
export function formatDuration(ms: number): string {
  if (Math.round(ms) < 1_000) return `${Math.round(ms)}ms`;
  // From 59.95 s on, one decimal would say 60 s.
  if (ms < 59_950) return `${trimZero((ms / 1_000).toFixed(1))}s`;
  const parts: string[] = [];
  let rest = Math.round(ms / 1_000) * 1_000;
  for (const [unit, size] of UNITS) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count > 0 || parts.length > 0) parts.push(count > 0 ? `${count}${unit}` : '');
    if (parts.length === 2) break;
  }
  return parts.filter(Boolean).join(' ');
}

function trimZero(text: string): string {
  return text.endsWith('.0') ? text.slice(0, -2) : text;
}
