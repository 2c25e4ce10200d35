// Where the browser is, as a signal, and how to go elsewhere without loading the page anew.
import { computed, signal } from '@preact/signals';

export interface Location {
  readonly path: string;
  readonly query: URLSearchParams;
}

const href = signal(currentHref());

export const location = computed<Location>(() => {
  const url = new URL(href.value, window.location.origin);
  return { path: url.pathname, query: url.searchParams };
});

/** `replace`: what was there is no place to come back to, such as each letter of a search. */
export function navigate(to: string, { replace = false } = {}): void {
  history[replace ? 'replaceState' : 'pushState'](null, '', to);
  href.value = currentHref();
}

/** The same page with these parameters set, and those that are undefined or empty taken out. */
export function setQuery(changes: Readonly<Record<string, string | undefined>>, options?: { replace?: boolean }): void {
  const query = new URLSearchParams(location.peek().query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === '') query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  navigate(text === '' ? location.peek().path : `${location.peek().path}?${text}`, options);
}

/** Links to our own pages go through here; those with a modifier key, and all others, are the browser's. */
export function startRouter(): void {
  window.addEventListener('popstate', () => (href.value = currentHref()));
  document.addEventListener('click', (event) => {
    if (
      event.defaultPrevented ||
      event.button !== 0 ||
      event.metaKey ||
      event.ctrlKey ||
      event.shiftKey ||
      event.altKey
    )
      return;
    const link = event.target instanceof Element ? event.target.closest('a') : null;
    if (!link || link.origin !== window.location.origin || link.target !== '' || link.hash !== '') return;
    event.preventDefault();
    navigate(link.pathname + link.search);
    window.scrollTo(0, 0);
  });
}

function currentHref(): string {
  return window.location.pathname + window.location.search;
}
