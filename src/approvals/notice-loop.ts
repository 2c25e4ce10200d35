// Every executor tells people what is due: one loop a process, woken by NOTIFY, several notices under way at once.
import { repeat, type Loop } from '../durable/index.ts';
import { messageOf, type Emit } from '../kernel/index.ts';
import { listen } from '../postgres/index.ts';
import { deliverNotice, type DeliveryParts } from './notice-delivery.ts';
import { delayNotice, endNotice, nextDueMs, takeDue, NOTICE_CHANNEL } from './notice-store.ts';
import type { Notice } from './notice.ts';

/** Under way in one process, at most. */
const MAX_UNDER_WAY = 16;
/** Between two looks, unless the one before left something: a storm of questions costs a look a second. */
const MIN_PAUSE_MS = 1_000;
/** What a lost notification costs at most, and how soon the notices of a dead process are found. */
const MAX_PAUSE_MS = 5_000;

export interface NoticeOptions extends DeliveryParts {
  readonly databaseUrl: string;
  readonly emit: Emit;
}

export interface Notices {
  /** Takes no more, and waits for what is under way. */
  stop(): Promise<void>;
}

export function startNotices(options: NoticeOptions): Notices {
  const { databaseUrl, emit } = options;
  const sending = new Sending(options, () => loop.wake());
  const loop: Loop = repeat({
    name: 'notices',
    emit,
    work: async () => await sending.look(),
    errorPauseMs: MAX_PAUSE_MS,
  });
  const listener = listen(databaseUrl, {
    channel: NOTICE_CHANNEL,
    name: 'breakwater-notices',
    onNotice: () => loop.wake(),
    emit,
  });
  return {
    async stop() {
      await Promise.all([loop.stop(), listener.stop()]);
      await sending.ended();
    },
  };
}

class Sending {
  readonly #options: NoticeOptions;
  readonly #onEnd: () => void;
  readonly #underWay = new Map<string, Promise<void>>();
  #lookedAt = Number.NEGATIVE_INFINITY;
  #isFull = false;

  /** `onEnd` is called whenever one has ended: it may be due again soon, or have kept others waiting. */
  constructor(options: NoticeOptions, onEnd: () => void) {
    this.#options = options;
    this.#onEnd = onEnd;
  }

  /** Takes what is due, as far as there is room. Answers how long to pause. */
  async look(): Promise<number> {
    const soonestMs = this.#lookedAt + MIN_PAUSE_MS - performance.now();
    if (soonestMs > 0 && !this.#isFull) return soonestMs;
    const room = MAX_UNDER_WAY - this.#underWay.size;
    if (room === 0) return MAX_PAUSE_MS;
    this.#lookedAt = performance.now();
    this.#isFull = false;
    const { knex, holder } = this.#options;
    const sender = { holder, underWay: [...this.#underWay.keys()] };
    const dueInMs = await nextDueMs(knex, sender);
    if (dueInMs === undefined || dueInMs > 0) return Math.min(dueInMs ?? MAX_PAUSE_MS, MAX_PAUSE_MS);
    const taken = await takeDue(knex, sender, room);
    for (const notice of taken) this.#start(notice);
    this.#isFull = taken.length === room;
    return this.#isFull ? 0 : MIN_PAUSE_MS;
  }

  async ended(): Promise<void> {
    await Promise.all(this.#underWay.values());
  }

  #start(notice: Notice): void {
    const name = `${notice.approvalId} ${notice.ordinal}`;
    const done = this.#send(notice).finally(() => {
      this.#underWay.delete(name);
      this.#onEnd();
    });
    this.#underWay.set(name, done);
  }

  // What is thrown is our database's, or a defect of ours: the notice stays taken, and is found again as one in doubt.
  async #send(notice: Notice): Promise<void> {
    const { knex, holder, emit } = this.#options;
    try {
      const end = await deliverNotice(this.#options, notice);
      if (end.state === 'due') await delayNotice(knex, notice, holder, end);
      else await endNotice(knex, notice, holder, end);
      if (end.state === 'failed')
        emit({ level: 'warn', name: 'notices.given_up', fields: fieldsOf(notice, end.error.code) });
    } catch (error) {
      emit({ level: 'warn', name: 'notices.interrupted', fields: fieldsOf(notice, messageOf(error)) });
    }
  }
}

function fieldsOf({ approvalId, kind, tool }: Notice, error: string) {
  return { approval: approvalId, notice: kind, tool, error };
}
