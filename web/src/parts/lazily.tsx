// A page that is loaded when it is first wanted: what only it needs stays out of the first load.
import type { ComponentType, JSX } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { Failure } from './notice.tsx';

export function lazily<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  let known: ComponentType<Props> | undefined;
  return function Lazy(props: Props): JSX.Element {
    const [state, setState] = useState<{ page?: ComponentType<Props>; error?: unknown }>({ page: known });
    useEffect(() => {
      if (known) return;
      load()
        .then((page) => setState({ page: (known = page) }))
        .catch((error: unknown) => setState({ error }));
    }, []);
    const { page: Wanted, error } = state;
    if (error !== undefined) return <Failure error={error} />;
    return Wanted ? <Wanted {...props} /> : <p class="empty">Loading …</p>;
  };
}
