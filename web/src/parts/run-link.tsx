// A run's id as a link to it: its end is what tells runs apart, so a narrow place shows that.
import type { JSX } from 'preact';

export function RunLink({ id }: { readonly id: string }): JSX.Element {
  return (
    <a class="mono" href={`/runs/${id}`} title={id}>
      …{id.slice(-12)}
    </a>
  );
}
