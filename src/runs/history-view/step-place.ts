// Which act, undo or wait of a run a recorded step is part of: by the plan's ranges, or by its name in a run of code. Pure.
import type { LoggedStep } from '../../durable/index.ts';
import type { Plan, PlanNode } from '../../definitions/index.ts';
import { ENGINE_RANGE } from '../../durable/index.ts';
import { ITEM_SIZE, ITEM_UNDO, FOR_EACH_SETTLED, NODE_UNDO } from '../step-layout.ts';

export type Subject = 'activity' | 'approval' | 'wait' | 'child';

export interface StepPlace {
  readonly node: string;
  readonly subject: Subject;
  readonly item?: number;
  readonly side: 'act' | 'undo';
  /** From the first id of its side: 0 settled, 1 to 20 attempts. */
  readonly offset: number;
  /** Its wave; of code, how many calls have ids before it. */
  readonly depth: number;
  /** Absent in a run of code, of which there is no plan. */
  readonly planned?: PlanNode;
}

const CODED_NODE_SIZE = 4_096;

/** Undefined for the engine's own steps, and for what no node has. */
export type Placing = (step: LoggedStep) => StepPlace | undefined;

export function placingOf(plan: Plan | null, steps: readonly LoggedStep[]): Placing {
  return plan ? placedByPlan(plan) : placedByName(steps);
}

function placedByPlan(plan: Plan): Placing {
  const nodes = plan.nodes.toSorted((a, b) => a.range.base - b.range.base);
  return ({ id }) => {
    const node = lastWhere(nodes, ({ range }) => range.base <= id);
    if (!node || id >= node.range.base + node.range.size) return undefined;
    const own = { node: node.id, subject: subjectOf(node), depth: node.wave, planned: node };
    const offset = id - node.range.base;
    return { ...own, ...(node.kind === 'activity' && node.forEach ? inList(offset) : inNode(offset)) };
  };
}

function subjectOf({ kind }: PlanNode): Subject {
  return kind === 'workflow' ? 'child' : kind;
}

type Within = Pick<StepPlace, 'side' | 'offset' | 'item'>;

function inNode(offset: number): Within {
  return offset < NODE_UNDO ? { side: 'act', offset } : { side: 'undo', offset: offset - NODE_UNDO };
}

// The list itself settles at an id of its first item that no attempt uses.
function inList(offset: number): Within {
  if (offset === FOR_EACH_SETTLED) return { side: 'act', offset: 0 };
  const item = Math.floor(offset / ITEM_SIZE);
  const own = offset % ITEM_SIZE;
  return own < ITEM_UNDO ? { side: 'act', offset: own, item } : { side: 'undo', offset: own - ITEM_UNDO, item };
}

// The first step of a wait is its opening, that of an act its first attempt.
function placedByName(steps: readonly LoggedStep[]): Placing {
  const waits = new Map<number, Subject>();
  for (const { id, name, value } of steps) {
    const place = Math.floor(id / CODED_NODE_SIZE);
    if (id % CODED_NODE_SIZE === 1 && name.endsWith(' open')) waits.set(place, isQuestion(value) ? 'approval' : 'wait');
  }
  return ({ id, name }) => {
    if (id < ENGINE_RANGE.size) return undefined;
    const depth = Math.floor(id / CODED_NODE_SIZE);
    const { side, offset } = inNode(id % CODED_NODE_SIZE);
    const subject = waits.get(depth) ?? 'activity';
    return { node: plainName(name, subject, side), subject, side, offset, depth };
  };
}

function isQuestion(opened: unknown): boolean {
  return typeof opened === 'object' && opened !== null && 'deadlineMs' in opened;
}

function plainName(name: string, subject: Subject, side: StepPlace['side']): string {
  if (side === 'undo') return name.replace(/^undo /, '').replace(/ probe$/, '');
  return subject === 'activity' ? name : name.replace(/ (?:open|look|expire)$/, '');
}

// By halves: the list is in order.
function lastWhere<T>(list: readonly T[], holds: (item: T) => boolean): T | undefined {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (holds(list[middle]!)) low = middle + 1;
    else high = middle;
  }
  return list[low - 1];
}
