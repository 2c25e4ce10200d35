// What a reader of a live history is told next: what it has not had yet, however late that became known. Pure.
import { factIdsOf, deriveFacts } from './derive-facts.ts';
import { compareIds } from './fact.ts';
import type { Fact } from './fact.ts';
import { encodePosition } from './position.ts';
import type { FeedPosition } from './position.ts';
import { logAsOf } from './run-log.ts';
import type { RunLog } from './run-log.ts';

export interface ToldFact {
  /** Where to go on after it. */
  readonly position: string;
  readonly fact: Fact;
}

export interface Reader {
  /** What it has not had of this log, which is as of now. */
  tell(log: RunLog): ToldFact[];
}

/** The snapshots that the first log must be read with, so that {@link resumeReader} can tell from it what was told before. */
export function snapshotsOf({ before, during }: FeedPosition): string[] {
  return [before, during].filter((snapshot) => snapshot !== undefined);
}

export function openReader(): Reader {
  return readerOf(new Set(), undefined);
}

/** Begins by finishing what was being told. `log` must be the first one told. */
export function resumeReader(position: FeedPosition, log: RunLog): Reader {
  const { after, before, during } = position;
  if (during === undefined) return skipping(after, log);
  const isTold = new Set(before === undefined ? [] : factIdsOf(logAsOf(log, 0)));
  const being = factIdsOf(logAsOf(log, before === undefined ? 0 : 1)).filter((id) => !isTold.has(id));
  for (const id of being) if (compareIds(id, after) <= 0) isTold.add(id);
  const left = new Set(being.filter((id) => !isTold.has(id)));
  return finishing(left, position, readerOf(new Set([...isTold, ...left]), during));
}

function readerOf(told: Set<string>, before: string | undefined): Reader {
  let earlier = before;
  return {
    tell(log) {
      const fresh = deriveFacts(log).filter(({ id }) => !told.has(id));
      for (const { id } of fresh) told.add(id);
      const facts = fresh.map((fact) => toldOf(fact, earlier, log.snapshot));
      if (fresh.length > 0) earlier = log.snapshot;
      return facts;
    },
  };
}

function skipping(after: string, first: RunLog): Reader {
  return readerOf(new Set(factIdsOf(first).filter((id) => compareIds(id, after) <= 0)), undefined);
}

function finishing(left: Set<string>, { before, during }: FeedPosition, rest: Reader): Reader {
  return {
    tell(log) {
      const cut = left.size === 0 ? [] : deriveFacts(log).filter(({ id }) => left.has(id));
      left.clear();
      return [...cut.map((fact) => toldOf(fact, before, during)), ...rest.tell(log)];
    },
  };
}

function toldOf(fact: Fact, before: string | undefined, during: string | undefined): ToldFact {
  return { fact, position: encodePosition({ after: fact.id, before, during }) };
}
