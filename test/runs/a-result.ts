// What nodes came to, in short.
import { failure } from '../../src/kernel/index.ts';
import type { Failure, Json } from '../../src/kernel/index.ts';
import type { NodeResult } from '../../src/runs/node-result.ts';

export function completed(value: Json = null, finishedAtMs = 0): NodeResult {
  return { status: 'completed', value, finishedAtMs };
}

export function skipped(finishedAtMs = 0): NodeResult {
  return { status: 'skipped', value: null, finishedAtMs };
}

export function failed(over: Partial<Failure> = {}, finishedAtMs = 0): NodeResult {
  const error = { ...failure('GITHUB_422', 'no such branch'), ...over };
  return { status: error.unknown ? 'unknown' : 'failed', value: null, error, finishedAtMs };
}

/** The results of a plan in which only these nodes are settled. */
export function resultsOf(results: Readonly<Record<string, NodeResult>> = {}): Map<string, NodeResult> {
  return new Map(Object.entries(results));
}

/** These nodes completed, at the time their place in the list says. */
export function completedInOrder(...ids: string[]): Map<string, NodeResult> {
  return new Map(ids.map((id, position) => [id, completed(null, position + 1)]));
}
