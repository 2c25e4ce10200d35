// Definitions that may be run.
import type { JSX } from 'preact';
import * as z from 'zod/mini';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';

const definition = z.object({
  name: z.string(),
  version: z.string(),
  title: z.string(),
  kind: z.string(),
  createdAt: z.string(),
});

const columns: readonly Column<z.infer<typeof definition>>[] = [
  { name: 'Name', kind: 'main', cell: ({ name }) => name },
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
        empty="Nothing is published yet."
      />
    </Page>
  );
}
