// What a page asked of the API: kept while it is asked for again, so that nothing flickers, and given up when something else is wanted.
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';

export interface Loaded<T> {
  readonly data?: T;
  /** Of the last try, whatever there is from an earlier one. */
  readonly error?: unknown;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

interface State<T> {
  readonly data?: T;
  readonly error?: unknown;
  readonly isLoading: boolean;
}

/** Asks again whenever `what` changes: it says what is loaded. */
export function useLoaded<T>(what: string, load: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<State<T>>({ isLoading: true });
  const latest = useRef(load);
  latest.current = load;
  const running = useRef<AbortController>(undefined);
  const reload = useCallback(() => {
    running.current?.abort();
    const own = new AbortController();
    running.current = own;
    setState((before) => ({ ...before, isLoading: true }));
    const settle = (settled: (before: State<T>) => State<T>): void => {
      if (!own.signal.aborted) setState(settled);
    };
    latest
      .current(own.signal)
      .then((data) => settle(() => ({ data, isLoading: false })))
      .catch((error: unknown) => settle(({ data }) => ({ data, error, isLoading: false })));
  }, []);
  useEffect(() => {
    reload();
    return () => running.current?.abort();
  }, [what, reload]);
  return { ...state, reload };
}
