// Drives `advance` as the scheduler does, in virtual time: every activity lasts as long as it is told, and all that happens is written down.
import type { Expression, Plan } from '../../src/definitions/index.ts';
import { FailureError, failure } from '../../src/kernel/index.ts';
import { advance } from '../../src/runs/advance.ts';
import type { Advance, TurnReason } from '../../src/runs/advance.ts';
import type { NodeResult } from '../../src/runs/node-result.ts';
import { completed, failed, skipped } from './a-result.ts';

/** What a node does once it is started. */
export interface Behaviour {
  readonly tookMs: number;
  readonly ends: 'completed' | 'failed' | 'unknown';
}

export type Behaviours = Readonly<Record<string, Behaviour>>;

export interface Happening {
  readonly kind: 'started' | 'ended' | 'skipped' | 'refused';
  readonly id: string;
  readonly atMs: number;
}

export interface Journal {
  readonly happenings: readonly Happening[];
  readonly results: ReadonlyMap<string, NodeResult>;
  readonly turn?: TurnReason;
  /** Every node is settled; without it and without a turn the run hangs. */
  readonly done: boolean;
}

/** `true` and `false` are what they say; any other expression cannot be evaluated. */
export function evaluateLiteral({ cel }: Expression): boolean {
  if (cel === 'true' || cel === 'false') return cel === 'true';
  throw new FailureError(failure('EXPRESSION', `${cel}: no such variable`));
}

/** Walks until all is settled, or to the turn and until what runs has ended. `recorded`: where an earlier walk was cut off. */
export function walk(
  plan: Plan,
  behaviours: Behaviours,
  recorded: ReadonlyMap<string, NodeResult> = new Map(),
): Journal {
  const world = new World(plan, behaviours, recorded);
  for (;;) {
    const step = world.decide();
    world.begin(step);
    if (step.skip.length + step.fail.length > 0) continue;
    if (step.turn) world.drain();
    if (!world.endNext()) {
      const { happenings, results } = world;
      return { happenings, results, turn: step.turn, done: step.done };
    }
  }
}

/** The last happening of one kind, by node. */
export function timesOf(journal: Journal, kind: Happening['kind']): Map<string, number> {
  return new Map(journal.happenings.filter((each) => each.kind === kind).map(({ id, atMs }) => [id, atMs]));
}

class World {
  readonly happenings: Happening[] = [];
  readonly results: Map<string, NodeResult>;
  readonly #plan: Plan;
  readonly #behaviours: Behaviours;
  readonly #running = new Map<string, number>();
  #nowMs = 0;

  constructor(plan: Plan, behaviours: Behaviours, recorded: ReadonlyMap<string, NodeResult>) {
    this.#plan = plan;
    this.#behaviours = behaviours;
    this.results = new Map(recorded);
  }

  decide(): Advance {
    return advance(this.#plan, {
      results: this.results,
      running: new Set(this.#running.keys()),
      evaluate: evaluateLiteral,
    });
  }

  begin({ skip, fail, start }: Advance): void {
    for (const { id } of skip) this.#settle('skipped', id, skipped(this.#nowMs));
    for (const { node, failure: error } of fail) this.#settle('refused', node.id, failed(error, this.#nowMs));
    for (const { id } of start) this.#start(id);
  }

  /** False when nothing runs any more. */
  endNext(): boolean {
    const [next] = [...this.#running].toSorted(([, a], [, b]) => a - b);
    if (!next) return false;
    const [id, atMs] = next;
    this.#nowMs = atMs;
    this.#running.delete(id);
    const { ends } = this.#behaviours[id]!;
    this.#settle(
      'ended',
      id,
      ends === 'completed' ? completed('value', atMs) : failed({ unknown: ends === 'unknown' }, atMs),
    );
    return true;
  }

  drain(): void {
    while (this.endNext());
  }

  #start(id: string): void {
    this.#note('started', id);
    this.#running.set(id, this.#nowMs + this.#behaviours[id]!.tookMs);
  }

  #settle(kind: Happening['kind'], id: string, result: NodeResult): void {
    this.#note(kind, id);
    this.results.set(id, result);
  }

  #note(kind: Happening['kind'], id: string): void {
    this.happenings.push({ kind, id, atMs: this.#nowMs });
  }
}
