// Whether what is shown follows what happens, and when to look again. A hidden page looks at nothing.
import { effect, signal } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';

/** False: the user holds the page still, to read it. */
export const isLive = signal(true);

/** Calls `look` every so often while the page is seen and live, and at once when it becomes so again. */
export function useRepeatedly(look: () => void, everyMs: number): void {
  const latest = useRef(look);
  latest.current = look;
  useEffect(() => {
    const maybe = (): void => {
      if (isLive.peek() && document.visibilityState === 'visible') latest.current();
    };
    const timer = setInterval(maybe, everyMs);
    document.addEventListener('visibilitychange', maybe);
    let isFirst = true;
    const stop = effect(() => {
      if (isLive.value && !isFirst) latest.current();
      isFirst = false;
    });
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', maybe);
      stop();
    };
  }, [everyMs]);
}
