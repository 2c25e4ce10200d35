// All waits of this process for a message: each is told by NOTIFY, and one look now and then for all of them finds what a lost
// notification would have told. A wait that rests has no timer, no query and no loop of its own.
import type { Knex } from 'knex';
import { messageOf, silent } from '../kernel/index.ts';
import type { Emit } from '../kernel/index.ts';
import { createGroup } from './group.ts';
import { onMessage } from './internals.ts';
import { haveMessages } from './message-store.ts';
import type { Address } from './message-store.ts';

/** What a lost notification costs at most. */
const POLL_MS = 5_000;
/** Of the waits that one query looks for. */
const LOOK_TOGETHER = { maxSize: 1_000, maxInFlight: 2 };

/** Why a wait ended. */
export type Wake = 'message' | 'deadline';

export interface Wait extends Address {
  /** In milliseconds of `now`, which is the database's time; may be infinite. */
  readonly deadlineMs: number;
  readonly now: () => number;
  /** Told once. */
  readonly wake: (why: Wake) => void;
  /** The first look failed: nobody knows whether the message is there already. */
  readonly fail: (error: unknown) => void;
}

export interface Waits {
  /** Listens, then looks for what came before. Returns the end of it, after which nothing is told. */
  begin(wait: Wait): () => void;
}

let tell: Emit = silent;

/** Where looks that fail are told: what waits goes on waiting through an outage. */
export function tellOfWaits(emit: Emit): void {
  tell = emit;
}

const byDatabase = new WeakMap<Knex, Waits>();

export function waitsOn(knex: Knex): Waits {
  const known = byDatabase.get(knex);
  if (known) return known;
  const find: Find = async (addresses) => await haveMessages(knex, addresses);
  const waits = openWaits({ find, listen: onMessage, pollMs: POLL_MS });
  byDatabase.set(knex, waits);
  return waits;
}

/** For each address, whether a message is there. */
type Find = (addresses: readonly Address[]) => Promise<boolean[]>;

export interface WaitsOptions {
  readonly find: Find;
  /** Calls back for what is told from now on; returns the end of it. */
  readonly listen: typeof onMessage;
  readonly pollMs: number;
}

export function openWaits({ find, listen, pollMs }: WaitsOptions): Waits {
  const waiting = new Map<Wait, Resting>();
  const looks = createGroup<Address, boolean>({
    ...LOOK_TOGETHER,
    keyOf: ({ runId, topic }) => `${runId} ${topic}`,
    twins: 'share',
    send: find,
  });
  let nextPoll: NodeJS.Timeout | undefined;

  const end = (wait: Wait): void => {
    const resting = waiting.get(wait);
    waiting.delete(wait);
    resting?.unsubscribe();
    clearTimeout(resting?.timer);
  };
  const wake = (wait: Wait, why: Wake): void => {
    if (!waiting.has(wait)) return;
    end(wait);
    wait.wake(why);
  };
  // A deadline before the next but one look for all gets a timer of its own.
  const arm = (wait: Wait): void => {
    const resting = waiting.get(wait);
    const inMs = wait.deadlineMs - wait.now();
    if (!resting || inMs > 2 * pollMs) return;
    if (inMs <= 0) return wake(wait, 'deadline');
    clearTimeout(resting.timer);
    // A timer may come up to a millisecond early, and would only look for nothing.
    resting.timer = setTimeout(() => void look(wait).catch(tellFailure), Math.ceil(inMs) + 1);
  };
  const heed = (wait: Wait, isThere: boolean | undefined): void => (isThere ? wake(wait, 'message') : arm(wait));
  const look = async (wait: Wait): Promise<void> => heed(wait, await looks.add(wait));
  const lookForAll = async (): Promise<void> => {
    const waits = [...waiting.keys()];
    for (let from = 0; from < waits.length; from += LOOK_TOGETHER.maxSize) {
      const some = waits.slice(from, from + LOOK_TOGETHER.maxSize);
      const found = await find(some);
      some.forEach((wait, at) => heed(wait, found[at]));
    }
  };
  const poll = async (): Promise<void> => {
    await lookForAll().catch(tellFailure);
    nextPoll = waiting.size > 0 ? pollLater() : undefined;
  };
  const pollLater = (): NodeJS.Timeout => setTimeout(() => void poll(), pollMs).unref();

  return {
    begin(wait) {
      waiting.set(wait, { unsubscribe: listen(wait.runId, wait.topic, () => wake(wait, 'message')) });
      nextPoll ??= pollLater();
      look(wait).catch((error: unknown) => {
        if (!waiting.has(wait)) return;
        end(wait);
        wait.fail(error);
      });
      return () => end(wait);
    },
  };
}

interface Resting {
  readonly unsubscribe: () => void;
  timer?: NodeJS.Timeout;
}

function tellFailure(error: unknown): void {
  tell({ level: 'warn', name: 'waits.look_failed', fields: { error: messageOf(error) } });
}
