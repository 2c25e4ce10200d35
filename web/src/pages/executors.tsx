// Executors: the processes that run runs, how busy each is, and until when its lease holds.
import type { JSX } from 'preact';
import { executor, type Executor } from '../api/people-shapes.ts';
import { may } from '../me.ts';
import { Empty } from '../parts/notice.tsx';
import { LoadChart } from '../parts/load-chart.tsx';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const columns: readonly Column<Executor>[] = [
  {
    name: 'Executor',
    kind: 'main',
    cell: ({ id, host, pid }) => (
      <>
        <code title={id}>{id.slice(-12)}</code> <span class="soft light">{`${host}, pid ${pid}`}</span>
      </>
    ),
  },
  { name: 'Role', cell: ({ role }) => role },
  { name: 'Engine', cell: ({ version }) => <code>{version}</code> },
  { name: 'Started', cell: ({ startedAt }) => <When at={startedAt} /> },
  { name: 'Lease until', cell: ({ lease }) => <When at={lease.expiresAt} /> },
  { name: 'Runs', kind: 'number', cell: ({ running }) => running },
  { name: 'Slots', cell: ({ slots }) => <Slots slots={slots} /> },
  { name: 'Clock', kind: 'number', cell: ({ clockSkewMs }) => `${clockSkewMs > 0 ? '+' : ''}${clockSkewMs} ms` },
];

function Slots({ slots: { used, queued, capacity } }: { readonly slots: Executor['slots'] }): JSX.Element {
  return (
    <span class="slots">
      <progress max={capacity} value={used} aria-label="Slots in use" />
      <span>
        {used} of {capacity}
        {queued > 0 && `, ${queued} wait`}
      </span>
    </span>
  );
}

export function ExecutorsPage(): JSX.Element {
  return (
    <Page title="Executors">
      {may('operator') ? (
        <>
          <LoadChart />
          <PagedList
            path="/v1/executors"
            item={executor}
            caption="Executors that hold a lease"
            columns={columns}
            keyOf={({ id }) => id}
            empty="No executor holds a lease: nothing runs."
          />
        </>
      ) : (
        <Empty>Executors are shown to operators.</Empty>
      )}
    </Page>
  );
}
