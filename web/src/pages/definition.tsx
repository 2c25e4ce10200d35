// One definition: starting it, its graph, its source, its versions.
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import { get } from '../api/client.ts';
import {
  definitionSource,
  definitionWithVersions,
  type Definition,
  type DefinitionSource,
} from '../api/people-shapes.ts';
import { StartForm } from '../definition/start-form.tsx';
import { may } from '../me.ts';
import { createFactLog } from '../model/fact-log.ts';
import { useNews } from '../news.ts';
import { Empty, WhenLoaded } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { useLoaded } from '../parts/use-loaded.ts';
import { When } from '../parts/when.tsx';
import { location, setQuery } from '../router.ts';
import { RunGraphView } from '../run/run-graph.tsx';
import type { PageProps } from './index.ts';

interface Shown {
  readonly definition: DefinitionSource;
  readonly versions: readonly Definition[];
}

export function DefinitionPage({ params }: PageProps): JSX.Element {
  const name = params['name'] ?? '';
  const version = location.value.query.get('version') ?? undefined;
  const path = `/v1/definitions/${encodeURIComponent(name)}`;
  const loaded = useLoaded(`${path} ${version}`, async (signal): Promise<Shown> => {
    const latest = await get(path, definitionWithVersions, signal);
    if (version === undefined || version === latest.version) return { definition: latest, versions: latest.versions };
    const other = await get(`${path}/versions/${encodeURIComponent(version)}`, definitionSource, signal);
    return { definition: other, versions: latest.versions };
  });
  useNews(loaded.reload, ['definition.']);
  return (
    <Page title={loaded.data?.definition.title ?? name} actions={loaded.data && <VersionChoice {...loaded.data} />}>
      <WhenLoaded loaded={loaded}>{(shown) => <Body {...shown} />}</WhenLoaded>
    </Page>
  );
}

function VersionChoice({ definition, versions }: Shown): JSX.Element {
  return (
    <select
      aria-label="Version"
      value={definition.version}
      onChange={({ currentTarget }) => setQuery({ version: currentTarget.value })}
    >
      {versions.map(({ version }) => (
        <option value={version}>{version}</option>
      ))}
    </select>
  );
}

const VIEWS = { start: 'Start', graph: 'Graph', source: 'Source', versions: 'Versions' } as const;
type View = keyof typeof VIEWS;

function Body({ definition, versions }: Shown): JSX.Element {
  const asked = location.value.query.get('view');
  const first: View = may('starter') ? 'start' : 'graph';
  const view: View =
    asked === 'graph' || asked === 'source' || asked === 'versions' || asked === 'start' ? asked : first;
  const { name, version, hash } = definition;
  return (
    <>
      <p class="run-id">
        <code>{name}</code> {version} <code title={hash}>{hash.slice(0, 12)}</code>{' '}
        <a href={`/runs?workflow=${encodeURIComponent(name)}`}>Its runs</a>
      </p>
      <Views view={view} version={location.value.query.get('version')} />
      {view === 'start' &&
        (may('starter') ? (
          <StartForm key={hash} definition={definition} />
        ) : (
          <Empty>Your key may not start runs: that needs the role starter.</Empty>
        ))}
      {view === 'graph' && <Graph definition={definition} />}
      {view === 'source' && <Source source={definition.source} />}
      {view === 'versions' && <Versions name={name} versions={versions} />}
    </>
  );
}

function Views({ view, version }: { readonly view: View; readonly version: string | null }): JSX.Element {
  const kept = version === null ? '' : `&version=${encodeURIComponent(version)}`;
  return (
    <nav class="tabs" aria-label="Views of the definition">
      {Object.entries(VIEWS).map(([name, words]) => (
        <a href={`${location.value.path}?view=${name}${kept}`} aria-current={view === name ? 'page' : undefined}>
          {words}
        </a>
      ))}
    </nav>
  );
}

function Graph({ definition: { graph } }: { readonly definition: DefinitionSource }): JSX.Element {
  const untouched = useMemo(createFactLog, []);
  const selected = location.value.query.get('node') ?? undefined;
  const node = graph.nodes.find(({ id }) => id === selected);
  if (graph.isCoded) return <Empty>Code decides what it does: look at the graph of one of its runs.</Empty>;
  return (
    <section class="card graph-card" aria-label="Graph">
      <RunGraphView
        graph={graph}
        log={untouched}
        isOver={false}
        selected={selected}
        onSelect={(id) => setQuery({ node: id === selected ? undefined : id }, { replace: true })}
      />
      {node && (
        <dl class="facts wide-facts graph-note">
          <Fact name="Node" value={node.id} />
          <Fact name="Does" value={node.does ?? node.kind} />
          <Fact name="After" value={node.dependsOn.join(', ') || 'nothing'} />
          {node.kind === 'activity' && <Fact name="Taken back by" value={node.takenBackBy ?? 'nothing'} />}
        </dl>
      )}
    </section>
  );
}

function Fact({ name, value }: { readonly name: string; readonly value: string }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function Source({ source }: { readonly source: string | null }): JSX.Element {
  if (source === null) return <Empty>It is written in TypeScript.</Empty>;
  return (
    <pre class="card source" tabIndex={0} aria-label="Source">
      {source}
    </pre>
  );
}

function Versions({
  name,
  versions,
}: {
  readonly name: string;
  readonly versions: readonly Definition[];
}): JSX.Element {
  const columns: readonly Column<Definition>[] = [
    {
      name: 'Version',
      kind: 'main',
      cell: ({ version }) => (
        <a href={`/definitions/${encodeURIComponent(name)}?version=${encodeURIComponent(version)}`}>{version}</a>
      ),
    },
    { name: 'Title', kind: 'wide', cell: ({ title }) => title },
    { name: 'Hash', cell: ({ hash }) => <code>{hash.slice(0, 12)}</code> },
    { name: 'Published', cell: ({ createdAt }) => <When at={createdAt} /> },
  ];
  return <Table caption="Versions, highest first" columns={columns} rows={versions} keyOf={({ version }) => version} />;
}
