// The columns of a list of runs: what each is, how it stands, and why it does not move.
import type { ComponentChildren } from 'preact';
import type { Run } from '../api/shapes.ts';
import { isFinal, lookOfRun } from '../model/status.ts';
import { RunLink } from './run-link.tsx';
import { Status } from './status.tsx';
import type { Column } from './table.tsx';
import { Lasting, When } from './when.tsx';

export const runColumns: readonly Column<Run>[] = [
  { name: 'Status', cell: ({ status }) => <Status look={lookOfRun(status)} /> },
  {
    name: 'Workflow',
    kind: 'main',
    cell: ({ id, workflow, version }) => (
      <a class="plain-link" href={`/runs/${id}`}>
        {workflow} <span class="soft light">{version}</span>
      </a>
    ),
  },
  { name: 'What it does', kind: 'wide', cell: (run) => <Doing run={run} /> },
  { name: 'Done', kind: 'number', cell: ({ progress }) => `${Math.round(progress)} %` },
  { name: 'Started', cell: ({ startedAt }) => <When at={startedAt} /> },
  {
    name: 'Duration',
    kind: 'number',
    cell: ({ startedAt, finishedAt }) => <Lasting from={startedAt} to={finishedAt} />,
  },
  { name: 'Run', cell: ({ id }) => <RunLink id={id} /> },
];

function Doing({ run }: { readonly run: Run }): ComponentChildren {
  const { status, error, waiting, phase, labels } = run;
  const text = error && isFinal(status) ? `${error.code}: ${error.message}` : (waiting ?? phase);
  return (
    <>
      {error?.node !== undefined && <span class="mono">{error.node} </span>}
      <span class="clamp">{text}</span>
      {Object.entries(labels).map(([name, value]) => (
        <>
          {' '}
          <span class="label">
            {name}={value}
          </span>
        </>
      ))}
    </>
  );
}
