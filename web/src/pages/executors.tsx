// Executors: the processes that run runs.
import type { JSX } from 'preact';
import * as z from 'zod/mini';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const executor = z.object({
  id: z.string(),
  role: z.string(),
  startedAt: z.string(),
  running: z.number(),
  slots: z.object({ used: z.number(), queued: z.number(), capacity: z.number() }),
});

const columns: readonly Column<z.infer<typeof executor>>[] = [
  { name: 'Executor', kind: 'main', cell: ({ id }) => <code>{id}</code> },
  { name: 'Role', cell: ({ role }) => role },
  { name: 'Started', cell: ({ startedAt }) => <When at={startedAt} /> },
  { name: 'Runs', kind: 'number', cell: ({ running }) => running },
  { name: 'Slots', kind: 'number', cell: ({ slots }) => `${slots.used} of ${slots.capacity}, ${slots.queued} wait` },
];

export function ExecutorsPage(): JSX.Element {
  return (
    <Page title="Executors">
      <PagedList
        path="/v1/executors"
        item={executor}
        caption="Executors that hold a lease"
        columns={columns}
        keyOf={({ id }) => id}
        empty="No executor holds a lease: nothing runs."
      />
    </Page>
  );
}
