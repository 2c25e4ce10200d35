// Questions to people: those that are open, or all; all of them, or one's own.
import type { JSX } from 'preact';
import { approval, type Approval } from '../api/people-shapes.ts';
import { lookOfApproval, SILENCE } from '../model/approval.ts';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import { RunLink } from '../parts/run-link.tsx';
import { Status } from '../parts/status.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { location, setQuery } from '../router.ts';

const columns: readonly Column<Approval>[] = [
  { name: 'Status', cell: ({ status }) => <Status look={lookOfApproval(status)} /> },
  { name: 'Question', kind: 'main', cell: ({ id, title }) => <a href={`/approvals/${id}`}>{title}</a> },
  { name: 'Asked', cell: ({ approvers }) => approvers.join(', ') },
  { name: 'Approvals', kind: 'number', cell: ({ approvals, quorum }) => `${approvals} of ${quorum}` },
  { name: 'Deadline', cell: (asked) => <Deadline asked={asked} /> },
  { name: 'Node', cell: ({ node }) => <code>{node}</code> },
  { name: 'Run', cell: ({ runId }) => <RunLink id={runId} /> },
];

function Deadline({ asked }: { readonly asked: Approval }): JSX.Element {
  if (asked.status !== 'pending') return <span class="soft">over</span>;
  return (
    <span title={SILENCE[asked.onTimeout]}>
      <When at={asked.deadline} />
    </span>
  );
}

export function ApprovalsPage(): JSX.Element {
  const { query } = location.value;
  const status = query.get('status') ?? 'pending';
  const isMine = query.has('mine');
  return (
    <Page title="Approvals" actions={<Filters status={status} isMine={isMine} />}>
      <PagedList
        path="/v1/approvals"
        query={{ status: status === 'all' ? undefined : status, mine: isMine ? 'true' : undefined }}
        item={approval}
        caption="Questions, newest first"
        columns={columns}
        keyOf={({ id }) => id}
        follows={['approval.']}
        empty={
          isMine ? 'You are asked nothing.' : status === 'pending' ? 'Nobody is asked anything.' : 'No question fits.'
        }
      />
    </Page>
  );
}

const STATUSES = ['pending', 'approved', 'rejected', 'expired', 'withdrawn', 'all'] as const;

function Filters({ status, isMine }: { readonly status: string; readonly isMine: boolean }): JSX.Element {
  return (
    <>
      <label class="check">
        <input
          type="checkbox"
          checked={isMine}
          onChange={({ currentTarget }) =>
            setQuery({ mine: currentTarget.checked ? 'true' : undefined, cursor: undefined })
          }
        />
        Mine
      </label>
      <select
        aria-label="Status"
        value={status}
        onChange={({ currentTarget }) =>
          setQuery({ status: currentTarget.value === 'pending' ? undefined : currentTarget.value, cursor: undefined })
        }
      >
        {STATUSES.map((each) => (
          <option value={each}>{each}</option>
        ))}
      </select>
    </>
  );
}
