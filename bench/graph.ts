// A graph of work with uneven durations, the same at every call: one source, layers whose nodes need two of the layer before, one sink. Pure.

export interface GraphNode {
  readonly index: number;
  readonly durationMs: number;
  /** Indices of the nodes that must be done before. */
  readonly needs: readonly number[];
}

export type Graph = readonly GraphNode[];

const DURATIONS_MS = { from: 5, to: 100 } as const;

export function diamond(size: number, width: number): Graph {
  const random = pseudoRandom(20_260_101);
  const duration = (): number => Math.round(DURATIONS_MS.from + random() * (DURATIONS_MS.to - DURATIONS_MS.from));
  const inner = Array.from({ length: size - 2 }, (_, at) => ({
    index: at + 1,
    durationMs: duration(),
    needs: needsOf(at, width, random),
  }));
  const lastLayer = inner.slice(Math.floor((size - 3) / width) * width).map(({ index }) => index);
  return [
    { index: 0, durationMs: duration(), needs: [] },
    ...inner,
    { index: size - 1, durationMs: duration(), needs: lastLayer },
  ];
}

// The node `at` places after the source: its own place in the layer before, and a random one.
function needsOf(at: number, width: number, random: () => number): number[] {
  if (at < width) return [0];
  const layerBefore = (Math.floor(at / width) - 1) * width + 1;
  return [...new Set([layerBefore + (at % width), layerBefore + Math.floor(random() * width)])];
}

/** What no engine can beat: the longest chain of durations. */
export function criticalPathMs(graph: Graph): number {
  const finished: number[] = [];
  for (const { index, durationMs, needs } of graph) {
    finished[index] = durationMs + Math.max(0, ...needs.map((need) => finished[need] ?? 0));
  }
  return Math.max(0, ...finished);
}

/** The nodes by depth. Each needs only nodes of earlier waves. */
export function wavesOf(graph: Graph): Graph[] {
  const depth: number[] = [];
  const waves: GraphNode[][] = [];
  for (const node of graph) {
    const at = Math.max(-1, ...node.needs.map((need) => depth[need] ?? 0)) + 1;
    depth[node.index] = at;
    (waves[at] ??= []).push(node);
  }
  return waves;
}

// mulberry32: small, and the same everywhere.
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
