// What depends on what: cycles, ancestors, waves and the critical path of any graph given as edges. Pure.
import type { Plan, PlanNode } from './plan.ts';

/** Each node with what it depends on, in document order. Every dependency is itself a key. */
export type Edges = ReadonlyMap<string, readonly string[]>;

/** A cycle as its path, first node repeated at the end; undefined when there is none. */
export function findCycle(edges: Edges): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of edges.keys()) {
    const cycle = cycleFrom(start, edges, done);
    if (cycle) return cycle;
  }
  return undefined;
}

// Depth first, with a stack of our own: a chain may be thousands of nodes long.
function cycleFrom(start: string, edges: Edges, done: Set<string>): readonly string[] | undefined {
  const path: { readonly id: string; next: number }[] = [];
  const onPath = new Set<string>();
  const enter = (id: string): void => {
    path.push({ id, next: 0 });
    onPath.add(id);
  };
  if (!done.has(start)) enter(start);
  for (let top = path.at(-1); top; top = path.at(-1)) {
    const dependency = edges.get(top.id)?.[top.next++];
    if (dependency === undefined) {
      done.add(top.id);
      onPath.delete(top.id);
      path.pop();
    } else if (onPath.has(dependency)) {
      const ids = path.map(({ id }) => id);
      return [...ids.slice(ids.indexOf(dependency)), dependency];
    } else if (!done.has(dependency)) enter(dependency);
  }
  return undefined;
}

/** Nodes by depth: each is one deeper than its deepest dependency. Nodes of a cycle, and behind one, are left out. */
export function wavesOf(edges: Edges): readonly (readonly string[])[] {
  const waiting = new Map([...edges].map(([id, dependencies]) => [id, new Set(dependencies).size]));
  const dependents = dependentsOf(edges);
  const waves: string[][] = [];
  let wave = [...edges.keys()].filter((id) => waiting.get(id) === 0);
  while (wave.length > 0) {
    waves.push(wave);
    const next = new Set<string>();
    for (const id of wave.flatMap((node) => dependents.get(node) ?? [])) {
      const left = (waiting.get(id) ?? 0) - 1;
      waiting.set(id, left);
      if (left === 0) next.add(id);
    }
    wave = [...edges.keys()].filter((id) => next.has(id));
  }
  return waves;
}

export function dependentsOf(edges: Edges): ReadonlyMap<string, readonly string[]> {
  const dependents = new Map<string, string[]>([...edges.keys()].map((id) => [id, []]));
  for (const [id, dependencies] of edges)
    for (const dependency of new Set(dependencies)) dependents.get(dependency)?.push(id);
  return dependents;
}

/** Everything a node depends on, directly or through others, in document order. In a cycle that includes the node itself. */
export function ancestorsOf(edges: Edges): ReadonlyMap<string, readonly string[]> {
  const ids = [...edges.keys()];
  const bits = new Map(ids.map((id, index) => [id, 1n << BigInt(index)]));
  const sets = new Map(ids.map((id) => [id, 0n]));
  const inOrder = [...new Set([...wavesOf(edges).flat(), ...ids])];
  // One pass is enough without cycles; with one, repeat until nothing is added.
  for (let changed = true; changed;) {
    changed = false;
    for (const id of inOrder) {
      const before = sets.get(id) ?? 0n;
      const after = (edges.get(id) ?? []).reduce(
        (set, other) => set | (bits.get(other) ?? 0n) | (sets.get(other) ?? 0n),
        before,
      );
      if (after === before) continue;
      sets.set(id, after);
      changed = true;
    }
  }
  return new Map(ids.map((id) => [id, membersOf(sets.get(id) ?? 0n, ids)]));
}

function membersOf(set: bigint, ids: readonly string[]): readonly string[] {
  const digits = set.toString(2);
  return ids.filter((_, index) => digits[digits.length - 1 - index] === '1');
}

export interface CriticalPath {
  /** From the first node to the last. */
  readonly nodes: readonly string[];
  readonly durationMs: number;
}

/** The chain of dependencies that takes longest; a node counts as long as `durationOf` says, by default its timeout. */
export function criticalPath(
  plan: Pick<Plan, 'nodes'>,
  durationOf: (node: PlanNode) => number = timeoutOf,
): CriticalPath {
  const byId = new Map(plan.nodes.map((node) => [node.id, node]));
  const edges: Edges = new Map(plan.nodes.map((node) => [node.id, node.dependencies]));
  const longest = new Map<string, { readonly durationMs: number; readonly before?: string }>();
  for (const node of wavesOf(edges)
    .flat()
    .flatMap((id) => byId.get(id) ?? [])) {
    const before = maxBy(node.dependencies, (id) => longest.get(id)?.durationMs ?? 0);
    const base = before === undefined ? 0 : (longest.get(before)?.durationMs ?? 0);
    longest.set(node.id, { durationMs: base + durationOf(node), before });
  }
  const last = maxBy([...longest.keys()], (id) => longest.get(id)?.durationMs ?? 0);
  const nodes: string[] = [];
  for (let id = last; id !== undefined; id = longest.get(id)?.before) nodes.unshift(id);
  return { nodes, durationMs: last === undefined ? 0 : (longest.get(last)?.durationMs ?? 0) };
}

// One attempt of an activity, the whole wait of anything that waits; what has no limit, and another run, counts nothing.
function timeoutOf(node: PlanNode): number {
  if (node.kind === 'workflow') return 0;
  if (node.kind !== 'wait') return node.timeoutMs;
  if (node.wait.kind === 'for') return node.wait.durationMs;
  return node.wait.kind === 'message' ? (node.wait.timeoutMs ?? 0) : 0;
}

function maxBy<T>(items: readonly T[], valueOf: (item: T) => number): T | undefined {
  let best: T | undefined;
  for (const item of items) if (best === undefined || valueOf(item) > valueOf(best)) best = item;
  return best;
}
