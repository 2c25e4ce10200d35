// Tells a coded run's row whether it waits, and for what: said when nothing of it acts, taken back before anything acts.
import type { RunContext } from './environment.ts';
import { tellMovement } from './movement.ts';
import { describeWaiting } from './waiting.ts';

export interface CodedMovement {
  /** Counts at once; what it answers is to be awaited before the act. A run that waits is never blamed for the end of its process. */
  actBegins(): Promise<void>;
  actEnds(node: string): void;
  /** An act counts as waiting while it waits for its `service`. */
  parks(node: string, service: string): void;
  unparks(node: string): Promise<void>;
  waitBegins(node: string): void;
  waitEnds(node: string): void;
  /** Does anything wait? */
  readonly mayWait: boolean;
  /** Says what is true now, if that is news. */
  look(): Promise<void>;
}

export function createCodedMovement({ knex, facts, plan, tookOver }: RunContext): CodedMovement {
  const waiting = new Set<string>();
  const parked = new Map<string, string>();
  let acting = 0;
  /** Undefined when an earlier execution may have said anything. */
  let said: string | null | undefined = tookOver ? undefined : null;
  let telling: Promise<void> = Promise.resolve();
  const tell = async (): Promise<void> => {
    const waitingFor = acting === 0 ? describeWaiting(plan, [...waiting, ...parked.keys()], parked) : null;
    if (waitingFor === said) return;
    await tellMovement(knex, facts.id, { percentage: 0, phase: null, waitingFor });
    said = waitingFor;
  };
  // One after the other, each with what is true when its turn comes.
  const look = (): Promise<void> => {
    telling = telling.then(tell);
    return telling;
  };
  const actBegins = async (): Promise<void> => {
    acting += 1;
    if (said !== null) await look();
  };
  return {
    actBegins,
    parks(node, service) {
      parked.set(node, service);
      acting -= 1;
    },
    async unparks(node) {
      parked.delete(node);
      await actBegins();
    },
    actEnds(node) {
      if (!parked.delete(node)) acting -= 1;
    },
    waitBegins: (node) => void waiting.add(node),
    waitEnds: (node) => void waiting.delete(node),
    get mayWait() {
      return waiting.size + parked.size > 0;
    },
    look,
  };
}
