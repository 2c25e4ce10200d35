// A bounded number of activities at once in this process, the most urgent first, first come first served among equals (D8).

export type SlotPriority = 'low' | 'normal' | 'high' | 'critical';

const URGENCY: readonly SlotPriority[] = ['critical', 'high', 'normal', 'low'];

export interface Slots {
  /** Runs `body` in a slot once one is free. Aborting while it queues rejects with the signal's reason. */
  run<T>(priority: SlotPriority, signal: AbortSignal, body: () => Promise<T>): Promise<T>;
  readonly used: number;
  readonly queued: number;
  readonly capacity: number;
}

export function createSlots(capacity: number): Slots {
  const queues = new Map<SlotPriority, Set<() => void>>(URGENCY.map((priority) => [priority, new Set()]));
  let used = 0;

  const release = (): void => {
    const next = URGENCY.map((priority) => queues.get(priority)!).find((queue) => queue.size > 0);
    if (!next) {
      used--;
      return;
    }
    const [first] = next;
    next.delete(first!);
    // The slot changes hands without becoming free, so a newcomer cannot slip in between.
    first!();
  };

  const acquire = async (priority: SlotPriority, signal: AbortSignal): Promise<void> => {
    signal.throwIfAborted();
    if (used < capacity) {
      used++;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const queue = queues.get(priority)!;
      const granted = (): void => {
        signal.removeEventListener('abort', aborted);
        resolve();
      };
      const aborted = (): void => {
        queue.delete(granted);
        reject(reasonOf(signal));
      };
      queue.add(granted);
      signal.addEventListener('abort', aborted, { once: true });
    });
  };

  return {
    async run(priority, signal, body) {
      await acquire(priority, signal);
      try {
        return await body();
      } finally {
        release();
      }
    },
    get used() {
      return used;
    },
    get queued() {
      return URGENCY.reduce((count, priority) => count + queues.get(priority)!.size, 0);
    },
    capacity,
  };
}

// A signal may be aborted with anything; a promise is rejected with an error, which carries it.
function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason;
  return reason instanceof Error ? reason : new Error('stopped while waiting for a slot', { cause: reason });
}
