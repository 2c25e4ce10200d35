// The facts of a run as they come: each once, by node and in order, with how each node stands. Pure but for what it keeps.
import type { Fact } from '../api/run-shapes.ts';
import { stateOf, UNTOUCHED, type NodeState } from './node-state.ts';

export interface FactLog {
  /** Takes them in; facts that were had before are no harm. */
  add(facts: readonly Fact[]): void;
  /** Of nodes that something is known of, in the order in which they were heard of. */
  readonly nodes: ReadonlyMap<string, NodeState>;
  stateOf(node: string): NodeState;
  factsOf(node: string): readonly Fact[];
  /** In order. */
  all(): readonly Fact[];
}

export function createFactLog(): FactLog {
  const known = new Set<string>();
  const byNode = new Map<string, Fact[]>();
  const nodes = new Map<string, NodeState>();
  let all: Fact[] = [];
  return {
    nodes,
    add(facts) {
      const fresh = facts.filter(({ id }) => {
        if (known.has(id)) return false;
        known.add(id);
        return true;
      });
      all = inOrder([...all, ...fresh]);
      for (const [node, own] of Map.groupBy(fresh, ({ node: each }) => each ?? '')) {
        if (node === '') continue;
        const together = inOrder([...(byNode.get(node) ?? []), ...own]);
        byNode.set(node, together);
        nodes.set(node, stateOf(together));
      }
    },
    stateOf: (node) => nodes.get(node) ?? UNTOUCHED,
    factsOf: (node) => byNode.get(node) ?? [],
    all: () => all,
  };
}

/** After these a run's record was changed: what was forgotten is told no more, so that all has to be heard anew. */
export function forgets({ kind }: Fact): boolean {
  return kind === 'control.rewind' || kind === 'control.decide' || kind === 'run.sent_back';
}

/** A fact's id is its place: numbers, the first of which counts most. */
export function inOrder(facts: readonly Fact[]): Fact[] {
  const placed = facts.map((fact) => ({ fact, place: fact.id.split('.').map(Number) }));
  if (placed.every(({ place }, at) => at === 0 || compare(placed[at - 1]?.place ?? [], place) <= 0)) return [...facts];
  return placed.toSorted((a, b) => compare(a.place, b.place)).map(({ fact }) => fact);
}

function compare(left: readonly number[], right: readonly number[]): number {
  const differs = left.findIndex((part, at) => part !== right[at]);
  return differs === -1 ? 0 : (left[differs] ?? 0) - (right[differs] ?? 0);
}
