// What stands before every act of a run: closed, attempts in flight go on and none follows. In memory; whoever closes it knows why.

export interface PauseGate {
  readonly isClosed: boolean;
  /** Nothing that passed is under way. */
  readonly isAtRest: boolean;
  close(): void;
  open(): void;
  /** Resolves once it is open or `signal` is aborted. */
  opened(signal: AbortSignal): Promise<void>;
  /** Counts `act` as under way until it settles. */
  pass<T>(act: () => Promise<T>): Promise<T>;
  /** Called whenever the last act under way has settled while the gate is closed. Returns the end of it. */
  onRest(listener: () => void): () => void;
}

export function createPauseGate(): PauseGate {
  const waiting = new Set<() => void>();
  let closed = false;
  let underWay = 0;
  let told: () => void = () => undefined;
  return {
    get isClosed() {
      return closed;
    },
    get isAtRest() {
      return underWay === 0;
    },
    close() {
      closed = true;
    },
    open() {
      closed = false;
      for (const go of waiting) go();
    },
    async opened(signal) {
      if (!closed || signal.aborted) return;
      const { promise, resolve } = Promise.withResolvers<void>();
      const go = (): void => resolve();
      waiting.add(go);
      signal.addEventListener('abort', go, { once: true });
      await promise;
      waiting.delete(go);
      signal.removeEventListener('abort', go);
    },
    async pass(act) {
      underWay += 1;
      try {
        return await act();
      } finally {
        underWay -= 1;
        if (closed && underWay === 0) told();
      }
    },
    onRest(listener) {
      told = listener;
      return () => {
        told = () => undefined;
      };
    },
  };
}
