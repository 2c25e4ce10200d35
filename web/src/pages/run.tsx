// One run: how it stands, its graph and timeline as they go on, all of its facts, what it changed, and what may be asked of it.
import type { JSX } from 'preact';
import { useCallback, useMemo } from 'preact/hooks';
import type { Run } from '../api/shapes.ts';
import { isFinal } from '../model/status.ts';
import { JsonView } from '../parts/json-view.tsx';
import { WhenLoaded } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { location, setQuery } from '../router.ts';
import { ControlBar } from '../run/control-bar.tsx';
import { NodeDrawer } from '../run/node-drawer.tsx';
import { RunEffects } from '../run/run-effects.tsx';
import { RunGraphView } from '../run/run-graph.tsx';
import { RunHead } from '../run/run-head.tsx';
import { RunHistory } from '../run/run-history.tsx';
import { RunTimeline } from '../run/run-timeline.tsx';
import { useRun, type FollowedRun } from '../run/use-run.ts';
import type { PageProps } from './index.ts';

export function RunPage({ params }: PageProps): JSX.Element {
  const id = params['id'] ?? '';
  const followed = useRun(id);
  const { run, graph, lookAgain } = followed;
  const selected = location.value.query.get('node') ?? undefined;
  const title = run.data === undefined ? 'Run' : run.data.workflow;
  const actions = run.data && <ControlBar run={run.data} graph={graph} selected={selected} onDone={lookAgain} />;
  return (
    <Page title={title} actions={actions}>
      <p class="run-id">
        <code>{id}</code>
      </p>
      <WhenLoaded loaded={run}>{(data) => <Body run={data} followed={followed} selected={selected} />}</WhenLoaded>
    </Page>
  );
}

const VIEWS = { overview: 'Overview', history: 'History', effects: 'Effects', data: 'Input and output' } as const;
type View = keyof typeof VIEWS;

interface BodyProps {
  readonly run: Run;
  readonly followed: FollowedRun;
  readonly selected?: string;
}

function Body({ run, followed, selected }: BodyProps): JSX.Element {
  const { log, graph } = followed;
  const view = viewIn(location.value.query.get('view'));
  const select = useCallback((node: string | undefined) => setQuery({ node }, { replace: true }), []);
  const close = (): void => {
    select(undefined);
    document.getElementById('main')?.focus({ preventScroll: true });
  };
  return (
    <>
      <RunHead run={run} />
      <Views view={view} isConnected={followed.isConnected || isFinal(run.status)} />
      {view === 'overview' && <Overview run={run} followed={followed} selected={selected} onSelect={select} />}
      {view === 'history' && <RunHistory facts={log.all()} onSelect={select} />}
      {view === 'effects' && <RunEffects id={run.id} />}
      {view === 'data' && <Data run={run} />}
      {selected !== undefined && (
        <NodeDrawer
          id={selected}
          node={graph?.nodes.find(({ id }) => id === selected)}
          state={log.stateOf(selected)}
          facts={log.factsOf(selected)}
          isOver={isFinal(run.status)}
          onClose={close}
        />
      )}
    </>
  );
}

function viewIn(asked: string | null): View {
  return asked === 'history' || asked === 'effects' || asked === 'data' ? asked : 'overview';
}

function Views({ view, isConnected }: { readonly view: View; readonly isConnected: boolean }): JSX.Element {
  return (
    <nav class="tabs" aria-label="Views of the run">
      {Object.entries(VIEWS).map(([name, words]) => (
        <a
          href={name === 'overview' ? location.value.path : `${location.value.path}?view=${name}`}
          aria-current={view === name ? 'page' : undefined}
        >
          {words}
        </a>
      ))}
      {!isConnected && (
        <span class="soft" role="status">
          Connecting …
        </span>
      )}
    </nav>
  );
}

interface OverviewProps extends BodyProps {
  readonly onSelect: (node: string) => void;
}

function Overview({ run, followed, selected, onSelect }: OverviewProps): JSX.Element {
  const { log, graph, timeline, version } = followed;
  const isOver = isFinal(run.status);
  const known = log.nodes.size;
  // Of code only what it did is known, and not what that waited for; of a plan all of it.
  const nodes = useMemo(
    () => (graph === undefined || graph.isCoded ? [...log.nodes.keys()] : graph.nodes.map(({ id }) => id)),
    [graph, log, known],
  );
  const isDrawn = graph !== undefined && graph.nodes.length > 0;
  return (
    <div class={isDrawn ? 'overview' : ''}>
      {isDrawn && (
        <section aria-label="Graph" class="card graph-card">
          <RunGraphView graph={graph} log={log} isOver={isOver} selected={selected} onSelect={onSelect} />
        </section>
      )}
      <RunTimeline
        nodes={nodes}
        log={log}
        version={version}
        timeline={graph?.isCoded === true ? undefined : timeline}
        startedAtMs={Date.parse(run.startedAt)}
        finishedAtMs={run.finishedAt === undefined ? undefined : Date.parse(run.finishedAt)}
        selected={selected}
        onSelect={onSelect}
      />
    </div>
  );
}

function Data({ run }: { readonly run: Run }): JSX.Element {
  return (
    <div class="data">
      <JsonView name="Input" value={run.input} />
      {run.output !== undefined && <JsonView name="Output" value={run.output} />}
    </div>
  );
}
