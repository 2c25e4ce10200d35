// The audit: who did what to what.
import type { JSX } from 'preact';
import * as z from 'zod/mini';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const entry = z.object({ id: z.string(), at: z.string(), actor: z.string(), action: z.string(), subject: z.string() });

const columns: readonly Column<z.infer<typeof entry>>[] = [
  { name: 'When', cell: ({ at }) => <When at={at} /> },
  { name: 'Who', kind: 'main', cell: ({ actor }) => actor },
  { name: 'Did', cell: ({ action }) => action },
  { name: 'To', cell: ({ subject }) => <code>{subject}</code> },
];

export function AuditPage(): JSX.Element {
  return (
    <Page title="Audit">
      <PagedList
        path="/v1/audit"
        item={entry}
        caption="What people did, newest first"
        columns={columns}
        keyOf={({ id }) => id}
        empty="Nobody did anything yet."
      />
    </Page>
  );
}
