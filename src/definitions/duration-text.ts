// Durations that the document's schema has already accepted.
import { parseDuration } from '../kernel/index.ts';

export function durationMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDuration(text);
}
