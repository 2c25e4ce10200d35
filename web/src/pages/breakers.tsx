// Circuit breakers: how each service does.
import type { JSX } from 'preact';
import * as z from 'zod/mini';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const breaker = z.object({
  service: z.string(),
  state: z.enum(['closed', 'open', 'half_open']),
  failures: z.number(),
  nextProbeAt: z.optional(z.string()),
});

const columns: readonly Column<z.infer<typeof breaker>>[] = [
  { name: 'Service', kind: 'main', cell: ({ service }) => service },
  { name: 'State', cell: ({ state }) => state.replace('_', ' ') },
  { name: 'Failures in a row', kind: 'number', cell: ({ failures }) => failures },
  { name: 'Next probe', cell: ({ nextProbeAt }) => nextProbeAt !== undefined && <When at={nextProbeAt} /> },
];

export function BreakersPage(): JSX.Element {
  return (
    <Page title="Breakers">
      <PagedList
        path="/v1/breakers"
        item={breaker}
        caption="Circuit breakers"
        columns={columns}
        keyOf={({ service }) => service}
        empty="No tool calls a service."
      />
    </Page>
  );
}
