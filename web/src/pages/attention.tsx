// What waits for an operator: runs that are held, stuck or undone in part, each with its remedy, and effects that stand though taken back.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { leak, type Leak } from '../api/people-shapes.ts';
import { run, type Run } from '../api/shapes.ts';
import { leakText, remedyOf, troubleOf, WAITING_FOR_OPERATORS } from '../model/attention.ts';
import { lookOfRun } from '../model/status.ts';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import { RunLink } from '../parts/run-link.tsx';
import { Status } from '../parts/status.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { location } from '../router.ts';
import { ControlBar } from '../run/control-bar.tsx';

const runColumns: readonly Column<Run>[] = [
  { name: 'Status', cell: ({ status }) => <Status look={lookOfRun(status)} /> },
  {
    name: 'Workflow',
    kind: 'main',
    cell: ({ id, workflow }) => (
      <a class="plain-link" href={`/runs/${id}`}>
        {workflow}
      </a>
    ),
  },
  { name: 'What happened', kind: 'wide', cell: (each) => <Trouble run={each} /> },
  { name: 'Started', cell: ({ startedAt }) => <When at={startedAt} /> },
  { name: 'Run', cell: ({ id }) => <RunLink id={id} /> },
  { name: 'What to do', cell: (each) => <Deeds run={each} /> },
];

const leakColumns: readonly Column<Leak>[] = [
  { name: 'Effect', kind: 'main', cell: (each) => leakText(each) },
  { name: 'Why it stands', kind: 'wide', cell: ({ why }) => why },
  { name: 'Workflow', cell: ({ workflow }) => workflow },
  { name: 'Run ended', cell: ({ runFinishedAt }) => <When at={runFinishedAt} /> },
  { name: 'Run', cell: ({ runId }) => <RunLink id={runId} /> },
];

export function AttentionPage(): JSX.Element {
  const isLeaks = location.value.query.get('view') === 'leaks';
  return (
    <Page title="Attention">
      <nav class="tabs" aria-label="What waits">
        <a href="/attention" aria-current={isLeaks ? undefined : 'page'}>
          Runs
        </a>
        <a href="/attention?view=leaks" aria-current={isLeaks ? 'page' : undefined}>
          Leaks
        </a>
      </nav>
      {isLeaks ? <Leaks /> : <Runs />}
    </Page>
  );
}

function Runs(): JSX.Element {
  return (
    <PagedList
      path="/v1/runs"
      query={{ status: WAITING_FOR_OPERATORS.join(',') }}
      item={run}
      caption="Runs that wait for an operator"
      columns={runColumns}
      keyOf={({ id }) => id}
      follows={['run.', 'control.']}
      empty="Nothing waits for an operator."
    />
  );
}

function Leaks(): JSX.Element {
  return (
    <PagedList
      path="/v1/leaks"
      item={leak}
      caption="Effects that stand although their run was taken back"
      columns={leakColumns}
      keyOf={({ runId, node, item }) => `${runId} ${node} ${item ?? ''}`}
      follows={['run.']}
      empty="Nothing stands that was taken back."
    />
  );
}

function Trouble({ run: each }: { readonly run: Run }): JSX.Element {
  const { where, what } = troubleOf(each);
  return (
    <>
      {where !== undefined && <code>{where} </code>}
      {what}
      <p class="soft">{remedyOf(each)}</p>
    </>
  );
}

function Deeds({ run: each }: { readonly run: Run }): JSX.Element {
  const done = useSignal(false);
  return (
    <span class="row-actions">
      {done.value ? (
        <span class="soft" role="status">
          Asked for
        </span>
      ) : (
        <ControlBar run={each} onDone={() => (done.value = true)} />
      )}
    </span>
  );
}
