// Forward by the API's cursor, which the address keeps; back by the browser, or to the first page.
import type { JSX } from 'preact';
import { location, setQuery } from '../router.ts';
import { Sign } from './sign.tsx';

export function Pager({ nextCursor }: { readonly nextCursor?: string }): JSX.Element | null {
  const isFirst = !location.value.query.has('cursor');
  if (isFirst && nextCursor === undefined) return null;
  const goTo = (cursor?: string): void => {
    setQuery({ cursor });
    document.getElementById('main')?.focus();
    window.scrollTo(0, 0);
  };
  return (
    <nav class="pager" aria-label="More of the list">
      <button class="button" disabled={isFirst} onClick={() => goTo()}>
        First page
      </button>
      <button class="button" disabled={nextCursor === undefined} onClick={() => goTo(nextCursor)}>
        Next page <Sign name="next" />
      </button>
    </nav>
  );
}
