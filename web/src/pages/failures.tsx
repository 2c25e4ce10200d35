// Failed runs in groups: what fails where, how often, since when; each leads to its runs.
import type { JSX } from 'preact';
import { withQuery } from '../api/client.ts';
import { failureGroup, type FailureGroup } from '../api/shapes.ts';
import { minute, SPANS } from '../model/run-filter.ts';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { location, setQuery } from '../router.ts';

const columns: readonly Column<FailureGroup>[] = [
  {
    name: 'Runs',
    kind: 'number',
    cell: (group) => <a href={runsOf(group)}>{group.count}</a>,
  },
  { name: 'Workflow', kind: 'main', cell: ({ workflow }) => workflow },
  { name: 'Where', cell: ({ node }) => (node === undefined ? 'as a whole' : <code>{node}</code>) },
  { name: 'Error', cell: ({ code }) => <code>{code}</code> },
  { name: 'Message', kind: 'wide', cell: ({ message }) => <span class="clamp">{message}</span> },
  { name: 'First', cell: ({ firstAt }) => <When at={firstAt} /> },
  { name: 'Last', cell: ({ lastAt }) => <When at={lastAt} /> },
];

export function FailuresPage(): JSX.Element {
  const { query } = location.value;
  const span = query.get('since') ?? '24h';
  const { ms, words } = SPANS[span] ?? { ms: 86_400_000, words: 'Last 24 hours' };
  return (
    <Page title="Failures" actions={<Span value={span} />}>
      <PagedList
        path="/v1/failures"
        query={{ since: minute(Date.now() - ms) }}
        item={failureGroup}
        caption="Failures, the largest group first"
        columns={columns}
        keyOf={({ workflow, node, code }) => `${workflow} ${node} ${code}`}
        follows={['run.']}
        empty={`Nothing failed: ${words.toLowerCase()}.`}
      />
    </Page>
  );
}

function Span({ value }: { readonly value: string }): JSX.Element {
  return (
    <select
      aria-label="How far back"
      value={value}
      onChange={({ currentTarget }) => setQuery({ since: currentTarget.value, cursor: undefined })}
    >
      {Object.entries(SPANS).map(([span, { words }]) => (
        <option value={span}>{words}</option>
      ))}
    </select>
  );
}

function runsOf({ workflow, node, code }: FailureGroup): string {
  return withQuery('/runs', { workflow, node, errorCode: code });
}
