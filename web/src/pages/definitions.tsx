// Definitions that may be run.
import type { JSX } from 'preact';
import { definition, type Definition } from '../api/people-shapes.ts';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const columns: readonly Column<Definition>[] = [
  {
    name: 'Name',
    kind: 'main',
    cell: ({ name, version }) => (
      <a href={`/definitions/${encodeURIComponent(name)}?version=${encodeURIComponent(version)}`}>{name}</a>
    ),
  },
  { name: 'Title', kind: 'wide', cell: ({ title }) => title },
  { name: 'Version', cell: ({ version }) => version },
  { name: 'Written in', cell: ({ kind }) => (kind === 'coded' ? 'TypeScript' : 'YAML') },
  { name: 'Published', cell: ({ createdAt }) => <When at={createdAt} /> },
];

export function DefinitionsPage(): JSX.Element {
  return (
    <Page title="Definitions">
      <PagedList
        path="/v1/definitions"
        item={definition}
        caption="Definitions"
        columns={columns}
        keyOf={({ name, version }) => `${name} ${version}`}
        follows={['definition.']}
        empty="Nothing is published yet."
      />
    </Page>
  );
}
