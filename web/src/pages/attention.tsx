// Runs that wait for an operator: held, stuck, or with compensations that failed.
import type { JSX } from 'preact';
import { run } from '../api/shapes.ts';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import { runColumns } from '../parts/run-columns.tsx';

export function AttentionPage(): JSX.Element {
  return (
    <Page title="Attention">
      <PagedList
        path="/v1/runs"
        query={{ status: 'held,stuck,compensation_failed' }}
        item={run}
        caption="Runs that wait for an operator"
        columns={runColumns}
        keyOf={({ id }) => id}
        empty="Nothing waits for an operator."
      />
    </Page>
  );
}
