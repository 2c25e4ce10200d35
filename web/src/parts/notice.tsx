// What a page says when it has nothing to show: still loading, nothing there, or why it cannot.
import type { ComponentChildren, JSX } from 'preact';
import { ApiProblem, wordsOf } from '../api/problem.ts';
import type { Loaded } from './use-loaded.ts';

export function Failure({ error }: { readonly error: unknown }): JSX.Element {
  const errors = error instanceof ApiProblem ? error.errors : [];
  return (
    <div class="notice tone-bad" role="alert">
      <p>{wordsOf(error)}</p>
      {errors.length > 0 && (
        <ul>
          {errors.map(({ path, message }) => (
            <li>{path === '' ? message : `${path}: ${message}`}</li>
          ))}
        </ul>
      )}
    </div>
  );
}

export function Empty({ children }: { readonly children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

interface WhenLoadedProps<T> {
  readonly loaded: Loaded<T>;
  readonly children: (data: T) => ComponentChildren;
}

/** What there is, under what went wrong with the last look for it. */
export function WhenLoaded<T>({ loaded, children }: WhenLoadedProps<T>): JSX.Element {
  const { data, error } = loaded;
  return (
    <>
      {error !== undefined && <Failure error={error} />}
      {data !== undefined && children(data)}
      {data === undefined && error === undefined && (
        <p class="empty" role="status">
          Loading …
        </p>
      )}
    </>
  );
}
