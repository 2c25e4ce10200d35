// What happens for the tenant, heard on one stream for all lists of this tab: they look again when it concerns them.
import { useEffect, useRef } from 'preact/hooks';
import { followEvents } from './api/stream.ts';
import { isLive } from './live.ts';
import { key } from './session.ts';

type Heard = (kinds: ReadonlySet<string>) => void;

const listeners = new Set<Heard>();
let leaving: AbortController | undefined;

/** Many changes are one look. */
const SETTLE_MS = 400;
const EVERYTHING: ReadonlySet<string> = new Set(['reset']);

/** Calls `look` soon after something happened whose kind begins with one of `kinds`, such as `approval.`. */
export function useNews(look: () => void, kinds: readonly string[]): void {
  const latest = useRef(look);
  latest.current = look;
  const wanted = kinds.join(' ');
  useEffect(() => {
    if (wanted === '') return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const heard: Heard = (told) => {
      const concerns = [...told].some(
        (kind) => kind === 'reset' || wanted.split(' ').some((own) => kind.startsWith(own)),
      );
      if (!concerns || !isLive.peek() || document.visibilityState !== 'visible') return;
      timer ??= setTimeout(() => {
        timer = undefined;
        latest.current();
      }, SETTLE_MS);
    };
    listeners.add(heard);
    startListening();
    return () => {
      clearTimeout(timer);
      listeners.delete(heard);
      if (listeners.size === 0) stopListening();
    };
  }, [wanted]);
}

function startListening(): void {
  if (leaving) return;
  const own = new AbortController();
  leaving = own;
  followEvents({
    path: '/v1/events',
    signal: own.signal,
    onEvents: (events) => tell(new Set(events.map(({ name }) => name))),
  }).catch(() => {
    // Refused. Lists look again by themselves, though later, and the next one asks anew.
    if (leaving === own) leaving = undefined;
  });
}

// A list that follows another one in a moment keeps the stream.
function stopListening(): void {
  setTimeout(() => {
    if (listeners.size > 0) return;
    leaving?.abort();
    leaving = undefined;
  });
}

function tell(kinds: ReadonlySet<string>): void {
  for (const heard of listeners) heard(kinds.has('reset') ? EVERYTHING : kinds);
}

/** Another key is another tenant's, perhaps. */
export function startNews(): void {
  key.subscribe(() => {
    leaving?.abort();
    leaving = undefined;
    if (key.peek() !== undefined && listeners.size > 0) startListening();
  });
}
