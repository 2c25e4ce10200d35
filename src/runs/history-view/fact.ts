// One fact of a run's history: what happened, when, and its place among all others, which its id alone tells. Pure.
import type { Failure, Json, JsonObject } from '../../kernel/index.ts';

export interface Fact {
  /** Its place: facts are in the order of their ids, and the same fact always has the same. */
  readonly id: string;
  readonly at: string;
  /** `activity.completed`, `approval.opened`, `control.cancel`, … */
  readonly kind: string;
  readonly node?: string;
  /** Of a list. */
  readonly item?: number;
  readonly attempt?: number;
  /** What a repeat is recognised by. */
  readonly key?: string;
  readonly input?: Json;
  readonly output?: Json;
  readonly error?: Partial<Failure> & { readonly code: string; readonly message: string };
  /** Which executor did it. */
  readonly executor?: string;
  /** Who did it, where a person did. */
  readonly by?: string;
  readonly data?: JsonObject;
}

/** What comes first of what happened in the same millisecond. */
export const PHASE = { start: 0, asked: 1, node: 2, turn: 3, undo: 4, finish: 5 } as const;
type Phase = (typeof PHASE)[keyof typeof PHASE];

export interface Place {
  readonly atMs: number;
  readonly phase: Phase;
  /** Forward a node's wave; back, its wave from the end. */
  readonly depth?: number;
  /** Of one node: its parts in their order. */
  readonly part?: number;
  /** Tells apart what is equal otherwise: a step's id, or an event's. */
  readonly number?: number;
}

export type Draft = Place & Omit<Fact, 'id' | 'at'>;

export function factOf({ atMs, phase, depth = 0, part = 0, number = 0, ...said }: Draft): Fact {
  return { id: `${atMs}.${phase}.${depth}.${part}.${number}`, at: new Date(atMs).toISOString(), ...said };
}

const ID = /^\d{1,15}\.\d\.\d{1,9}\.\d{1,3}\.\d{1,18}$/;

export function isFactId(text: string): boolean {
  return ID.test(text);
}

/** Below 0 when `a` comes first. */
export function compareIds(a: string, b: string): number {
  return comparePlaces(placeIn(a), placeIn(b));
}

export function inOrder(facts: readonly Fact[]): Fact[] {
  const placed = facts.map((fact) => ({ fact, place: placeIn(fact.id) }));
  return placed.toSorted((a, b) => comparePlaces(a.place, b.place)).map(({ fact }) => fact);
}

function placeIn(id: string): number[] {
  return id.split('.').map(Number);
}

function comparePlaces(left: readonly number[], right: readonly number[]): number {
  const differs = left.findIndex((part, at) => part !== right[at]);
  return differs === -1 ? 0 : left[differs]! - right[differs]!;
}
