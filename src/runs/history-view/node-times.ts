// When each node of a run began and was settled, read from its facts. Pure.
import type { Fact } from './fact.ts';
import type { NodeTime } from './timeline.ts';

const BEGINS = /^(?:activity|wait|child)\.started$|^approval\.opened$/;
const ENDS = /^(?:activity|approval|wait|child)\.(?:completed|failed|unknown)$/;

/** A list begins with its first item, and ends when it is settled itself. What was skipped took no time. */
export function nodeTimes(facts: readonly Fact[]): NodeTime[] {
  const times = new Map<string, { startedAtMs?: number; finishedAtMs?: number }>();
  for (const { kind, node, item, at, data } of facts) {
    if (node === undefined || data?.['inherited'] === true) continue;
    const time = times.get(node) ?? {};
    times.set(node, time);
    if (BEGINS.test(kind)) time.startedAtMs ??= Date.parse(at);
    else if (ENDS.test(kind) && item === undefined) time.finishedAtMs = Date.parse(at);
  }
  return [...times].flatMap(([id, { startedAtMs, finishedAtMs }]) => {
    const began = startedAtMs ?? finishedAtMs;
    return began === undefined ? [] : [{ id, startedAtMs: began, ...(finishedAtMs !== undefined && { finishedAtMs }) }];
  });
}
