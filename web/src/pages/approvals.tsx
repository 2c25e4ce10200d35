// Questions that wait for people.
import type { JSX } from 'preact';
import * as z from 'zod/mini';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import { RunLink } from '../parts/run-link.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const approval = z.object({
  id: z.string(),
  runId: z.string(),
  node: z.string(),
  title: z.string(),
  approvers: z.array(z.string()),
  deadline: z.string(),
});

const columns: readonly Column<z.infer<typeof approval>>[] = [
  { name: 'Question', kind: 'main', cell: ({ title }) => title },
  { name: 'Asked', cell: ({ approvers }) => approvers.join(', ') },
  { name: 'Deadline', cell: ({ deadline }) => <When at={deadline} /> },
  { name: 'Node', cell: ({ node }) => <code>{node}</code> },
  { name: 'Run', cell: ({ runId }) => <RunLink id={runId} /> },
];

export function ApprovalsPage(): JSX.Element {
  return (
    <Page title="Approvals">
      <PagedList
        path="/v1/approvals"
        query={{ status: 'pending' }}
        item={approval}
        caption="Open questions"
        columns={columns}
        keyOf={({ id }) => id}
        empty="Nobody is asked anything."
      />
    </Page>
  );
}
