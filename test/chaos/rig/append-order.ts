// Looks for a circle in the order of appends: the order inside each run and the order inside each list must fit one history. Pure.
import type { EntryFact } from './facts.ts';

/** The appends of a circle, or undefined. `order` names the nodes of a run in the order in which it appends. */
export function appendOrderCycle(entries: readonly EntryFact[], order: readonly string[]): string[] | undefined {
  const successors = new Map<string, string[]>();
  for (const entry of entries) successors.set(nameOf(entry), []);
  const byRun = [...Map.groupBy(entries, (entry) => entry.run).values()];
  const byList = [...Map.groupBy(entries, (entry) => entry.list).values()];
  const chains = [
    ...byRun.map((same) => same.toSorted((a, b) => order.indexOf(a.node) - order.indexOf(b.node))),
    ...byList.map((same) => same.toSorted((a, b) => a.position - b.position)),
  ];
  for (const chain of chains) {
    for (const [index, entry] of chain.slice(1).entries()) successors.get(nameOf(chain[index]!))?.push(nameOf(entry));
  }
  return remainder(successors);
}

function nameOf({ run, node }: EntryFact): string {
  return `${run}/${node}`;
}

// Takes away what nothing precedes until nothing can be taken; what is left holds a circle.
function remainder(successors: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const incoming = new Map([...successors.keys()].map((name) => [name, 0]));
  for (const next of [...successors.values()].flat()) incoming.set(next, (incoming.get(next) ?? 0) + 1);
  const free = [...incoming].filter(([, count]) => count === 0).map(([name]) => name);
  for (let name = free.pop(); name !== undefined; name = free.pop()) {
    incoming.delete(name);
    for (const next of successors.get(name) ?? []) {
      const count = (incoming.get(next) ?? 0) - 1;
      incoming.set(next, count);
      if (count === 0) free.push(next);
    }
  }
  return incoming.size === 0 ? undefined : walkCircle(successors, incoming);
}

// Everything left over has a predecessor left over: walking on among them must come back.
function walkCircle(successors: ReadonlyMap<string, readonly string[]>, left: ReadonlyMap<string, number>): string[] {
  const predecessors = new Map<string, string>();
  for (const name of left.keys()) {
    for (const next of successors.get(name) ?? []) if (left.has(next)) predecessors.set(next, name);
  }
  const path: string[] = [];
  let name = left.keys().next().value ?? '';
  while (!path.includes(name)) {
    path.push(name);
    name = predecessors.get(name) ?? name;
  }
  return [...path.slice(path.indexOf(name)), name].toReversed();
}
