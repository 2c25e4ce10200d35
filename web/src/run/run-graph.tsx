// The graph of a run, following it: cards that are read while there are few, cells that are seen as a whole where there are many.
import type { CSSProperties, JSX, TargetedKeyboardEvent, TargetedMouseEvent } from 'preact';
import { useMemo } from 'preact/hooks';
import type { GraphNode, RunGraph } from '../api/run-shapes.ts';
import type { FactLog } from '../model/fact-log.ts';
import { layOut, type Edge, type Layout, type Placed } from '../model/graph-layout.ts';
import { asOfRun, lookOfNode, type NodeStatus } from '../model/node-state.ts';
import { signPath } from '../parts/sign.tsx';

interface RunGraphProps {
  readonly graph: RunGraph;
  readonly log: FactLog;
  readonly isOver: boolean;
  readonly selected?: string;
  readonly onSelect: (node: string) => void;
}

/** Smaller than this part of its size nobody reads a card: the frame scrolls instead. */
const SMALLEST = 0.55;

export function RunGraphView({ graph, log, isOver, selected, onSelect }: RunGraphProps): JSX.Element {
  const layout = useMemo(() => layOut(graph.nodes), [graph]);
  const byId = useMemo(() => new Map(graph.nodes.map((node) => [node.id, node])), [graph]);
  const statusOf = (id: string): NodeStatus => asOfRun(log.stateOf(id).status, isOver);
  const size = { width: `${layout.width}px`, minWidth: `${Math.round(layout.width * SMALLEST)}px` };
  const view = `0 0 ${layout.width} ${layout.height}`;
  const drawn = { layout, byId, statusOf, selected, onSelect };
  return (
    <div class="graph-frame" tabIndex={layout.kind === 'cells' ? 0 : undefined}>
      {layout.kind === 'cards' ? (
        <svg class="graph" viewBox={view} style={size} role="group" aria-label="Graph of the run">
          {layout.edges.map((edge) => (
            <path key={`${edge.from} ${edge.to}`} class={edgeClass(statusOf(edge.from))} d={curve(edge)} />
          ))}
          <Cards {...drawn} />
        </svg>
      ) : (
        <Cells view={view} size={size} {...drawn} />
      )}
    </div>
  );
}

interface DrawnProps {
  readonly layout: Layout;
  readonly byId: ReadonlyMap<string, GraphNode>;
  readonly statusOf: (id: string) => NodeStatus;
  readonly selected?: string;
  readonly onSelect: (node: string) => void;
}

function Cards({ layout, byId, statusOf, selected, onSelect }: DrawnProps): JSX.Element {
  const [first] = layout.nodes;
  const reachable = selected !== undefined && byId.has(selected) ? selected : first?.id;
  return (
    <>
      {layout.nodes.map((placed) => (
        <Card
          key={placed.id}
          placed={placed}
          node={byId.get(placed.id)}
          status={statusOf(placed.id)}
          isSelected={selected === placed.id}
          isReachable={reachable === placed.id}
          size={layout}
          onSelect={onSelect}
        />
      ))}
    </>
  );
}

interface CardProps {
  readonly placed: Placed;
  readonly node?: GraphNode;
  readonly status: NodeStatus;
  readonly isSelected: boolean;
  readonly isReachable: boolean;
  readonly size: Pick<Layout, 'nodeWidth' | 'nodeHeight'>;
  readonly onSelect: (node: string) => void;
}

function Card({ placed: { id, x, y }, node, status, isSelected, isReachable, size, onSelect }: CardProps): JSX.Element {
  const { word, tone, sign } = lookOfNode(status);
  const [name, under] = textsOf(id, node);
  const onKeyDown = (event: TargetedKeyboardEvent<SVGGElement>): void => {
    if (event.key === 'Enter' || event.key === ' ') onSelect(id);
    else if (!moveFocus(event.currentTarget, event.key)) return;
    event.preventDefault();
  };
  return (
    <g
      class={`card-node tone-${tone} ${isSelected ? 'selected' : ''} ${status}`}
      transform={`translate(${x} ${y})`}
      role="button"
      tabindex={isReachable ? 0 : -1}
      aria-label={`${name} ${under}, ${id}: ${word}`}
      aria-pressed={isSelected}
      data-node={id}
      onClick={() => onSelect(id)}
      onKeyDown={onKeyDown}
    >
      <rect class="face" width={size.nodeWidth} height={size.nodeHeight} rx="6" />
      <rect class="edge-mark" width="4" height={size.nodeHeight} rx="2" />
      <svg class="sign" x="11" y={size.nodeHeight / 2 - 8} width="16" height="16" viewBox="0 0 16 16">
        <path d={signPath(sign)} />
      </svg>
      <text x="34" y="17" class="name">
        {name}
      </text>{' '}
      <text x="34" y="32" class="under">
        {under}
      </text>
    </g>
  );
}

/** To the card before or after, by the arrows. */
function moveFocus(from: SVGGElement, key: string): boolean {
  const step = key === 'ArrowRight' || key === 'ArrowDown' ? 1 : key === 'ArrowLeft' || key === 'ArrowUp' ? -1 : 0;
  if (step === 0) return false;
  const all = [...(from.parentElement?.querySelectorAll<SVGGElement>('.card-node') ?? [])];
  all[all.indexOf(from) + step]?.focus();
  return true;
}

const MOST_NAME = 16;
const MOST_UNDER = 22;

function textsOf(id: string, node: GraphNode | undefined): [string, string] {
  const name = node && id.startsWith(`${node.module}.`) ? id.slice(node.module.length + 1) : id;
  const kind = node?.kind === 'workflow' ? 'child run' : node?.kind;
  const under = node?.does ?? kind ?? '';
  return [cut(name, MOST_NAME), cut(node?.isList ? `each: ${under}` : under, MOST_UNDER)];
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

function Cells({ layout, statusOf, selected, onSelect, view, size }: DrawnProps & CellsProps): JSX.Element {
  const counts = new Map<string, number>();
  const cells = layout.nodes.map(({ id, x, y }) => {
    const { word, tone } = lookOfNode(statusOf(id));
    counts.set(word, (counts.get(word) ?? 0) + 1);
    return (
      <rect
        key={id}
        data-node={id}
        class={`cell tone-${tone} ${selected === id ? 'selected' : ''}`}
        x={x}
        y={y}
        width={layout.nodeWidth}
        height={layout.nodeHeight}
        rx="2"
      />
    );
  });
  const told = [...counts].map(([word, count]) => `${count} ${word}`).join(', ');
  // One listener for all: thousands would cost more than the drawing.
  const onClick = ({ target }: TargetedMouseEvent<SVGSVGElement>): void => {
    const id = target instanceof SVGElement ? target.dataset['node'] : undefined;
    if (id !== undefined) onSelect(id);
  };
  return (
    <>
      <svg class="graph cells" viewBox={view} style={size} role="img" aria-label={`Nodes: ${told}`} onClick={onClick}>
        {cells}
      </svg>
      <p class="soft">
        {layout.nodes.length.toLocaleString('en')} nodes: {told}. Each square is one, by its depth; the timeline names
        them.
      </p>
    </>
  );
}

interface CellsProps {
  readonly view: string;
  readonly size: CSSProperties;
}

function edgeClass(from: NodeStatus): string {
  return from === 'completed' || from === 'inherited' || from === 'skipped' ? 'edge passed' : 'edge';
}

function curve({ points }: Edge): string {
  const [start, ...rest] = points;
  if (!start) return '';
  const bends = rest.slice(0, -1).map((point, at) => {
    const next = rest[at + 1] ?? point;
    return `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  const end = rest.at(-1) ?? start;
  return `M${start.x} ${start.y} ${bends.join(' ')} L${end.x} ${end.y}`;
}
