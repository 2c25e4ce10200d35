// Where the nodes of a graph are drawn: by dagre while there are few, and by their depth where there are many. Pure.
import { Graph, layout as arrange } from '@dagrejs/dagre';
import type { EdgeLabel, GraphLabel, NodeLabel } from '@dagrejs/dagre';
import type { GraphNode } from '../api/run-shapes.ts';

export interface Placed {
  readonly id: string;
  readonly x: number;
  readonly y: number;
}

export interface Edge {
  readonly from: string;
  readonly to: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Layout {
  /** `cards` are read, `cells` are seen as a whole. */
  readonly kind: 'cards' | 'cells';
  readonly width: number;
  readonly height: number;
  /** Of each node; x and y are its upper left corner. */
  readonly nodeWidth: number;
  readonly nodeHeight: number;
  readonly nodes: readonly Placed[];
  readonly edges: readonly Edge[];
}

/** More than these nobody reads one by one, and dagre takes seconds. */
export const MOST_CARDS = 150;
const CARD = { width: 176, height: 42 };
const MARGIN = 6;

type Drawn = Pick<GraphNode, 'id' | 'dependsOn' | 'wave'>;

export function layOut(nodes: readonly Drawn[]): Layout {
  return nodes.length <= MOST_CARDS ? layOutCards(nodes) : layOutCells(nodes);
}

function layOutCards(nodes: readonly Drawn[]): Layout {
  const graph = new Graph<GraphLabel, NodeLabel, EdgeLabel>();
  graph.setGraph({ rankdir: directionOf(nodes), nodesep: 10, ranksep: 26, marginx: MARGIN, marginy: MARGIN });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const { id } of nodes) graph.setNode(id, { ...CARD });
  const needed = withoutDetours(nodes);
  for (const [to, from] of needed) graph.setEdge(from, to);
  arrange(graph);
  const { width = 0, height = 0 } = graph.graph();
  return {
    kind: 'cards',
    width,
    height,
    nodeWidth: CARD.width,
    nodeHeight: CARD.height,
    nodes: nodes.map(({ id }) => {
      const { x = 0, y = 0 } = graph.node(id);
      return { id, x: x - CARD.width / 2, y: y - CARD.height / 2 };
    }),
    edges: needed.map(([to, from]) => ({ from, to, points: graph.edge(from, to).points ?? [] })),
  };
}

/** A chain runs down, as text does; what is broad runs to the right, so that neither is wider than the screen. */
function directionOf(nodes: readonly Drawn[]): 'TB' | 'LR' {
  const waves = [...Map.groupBy(nodes, ({ wave }) => wave).values()];
  const broadest = Math.max(0, ...waves.map(({ length }) => length));
  return broadest > 6 ? 'LR' : 'TB';
}

/** Who depends on what, less what follows from the rest: an edge that a longer way goes round says nothing. */
function withoutDetours(nodes: readonly Drawn[]): [to: string, from: string][] {
  const ancestors = new Map<string, Set<string>>();
  const needed: [string, string][] = [];
  for (const { id, dependsOn } of nodes.toSorted((a, b) => a.wave - b.wave)) {
    const beyond = new Set(dependsOn.flatMap((each) => [...(ancestors.get(each) ?? [])]));
    needed.push(...dependsOn.filter((each) => !beyond.has(each)).map((each): [string, string] => [id, each]));
    ancestors.set(id, new Set([...beyond, ...dependsOn]));
  }
  return needed;
}

const CELL = { size: 14, gap: 3, between: 10, perColumn: 40 };

/** Each wave a block, left to right: in columns of forty, so that a wide wave stays on the screen. */
function layOutCells(nodes: readonly Drawn[]): Layout {
  const step = CELL.size + CELL.gap;
  const placed: Placed[] = [];
  let left = MARGIN;
  let tallest = 0;
  const waves = [...Map.groupBy(nodes, ({ wave }) => wave)].toSorted(([a], [b]) => a - b);
  for (const [, members] of waves) {
    for (const [at, { id }] of members.entries()) {
      const column = Math.floor(at / CELL.perColumn);
      placed.push({ id, x: left + column * step, y: MARGIN + (at % CELL.perColumn) * step });
    }
    left += Math.ceil(members.length / CELL.perColumn) * step + CELL.between;
    tallest = Math.max(tallest, Math.min(members.length, CELL.perColumn));
  }
  return {
    kind: 'cells',
    width: left - CELL.between + MARGIN,
    height: tallest * step + 2 * MARGIN,
    nodeWidth: CELL.size,
    nodeHeight: CELL.size,
    nodes: placed,
    edges: [],
  };
}
