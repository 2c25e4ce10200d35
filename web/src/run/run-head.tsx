// What a run is and how it stands, in a few lines: why it does not move, what went wrong, what may be done about it.
import type { ComponentChildren, JSX } from 'preact';
import type { Run } from '../api/shapes.ts';
import { lookOfRun } from '../model/status.ts';
import { Status } from '../parts/status.tsx';
import { Lasting, When } from '../parts/when.tsx';

export function RunHead({ run }: { readonly run: Run }): JSX.Element {
  const { status, cause, waiting, error, progress } = run;
  return (
    <section class="run-head card" aria-label="The run">
      <div class="run-status">
        <Status look={lookOfRun(status)} />
        {cause !== undefined && <span class="soft">after a {cause}</span>}
        <progress max={100} value={progress} aria-label="Done">
          {progress} %
        </progress>
        <span class="number soft">{Math.round(progress)} %</span>
      </div>
      {waiting !== undefined && <p class="waiting">{waiting}</p>}
      {error && (
        <div class="notice tone-bad">
          <p>
            {error.node !== undefined && <code>{error.node} </code>}
            <strong>{error.code}</strong> {error.message}
          </p>
          {error.remedy !== undefined && <p>{error.remedy}</p>}
        </div>
      )}
      <Undone run={run} />
      <RunFacts run={run} />
    </section>
  );
}

function Undone({ run: { compensation } }: { readonly run: Run }): JSX.Element | null {
  if (!compensation || compensation.total === 0) return null;
  const { total, compensated, failures, standing = [] } = compensation;
  return (
    <div class={`notice ${failures.length > 0 ? 'tone-bad' : 'tone-undo'}`}>
      <p>
        {compensated} of {total} acts were taken back.
      </p>
      {failures.length > 0 && (
        <ul>
          {failures.map(({ node, error }) => (
            <li>
              <code>{node}</code> <strong>{error.code}</strong> {error.message}
            </li>
          ))}
        </ul>
      )}
      {standing.length > 0 && <p>Nothing takes back: {standing.join(', ')}</p>}
    </div>
  );
}

function RunFacts({ run }: { readonly run: Run }): JSX.Element {
  const {
    workflow,
    version,
    requester,
    startedAt,
    finishedAt,
    attempts,
    executor,
    priority,
    parent,
    children,
    traceId,
  } = run;
  return (
    <dl class="facts wide-facts">
      <Entry name="Workflow">
        <a href={`/definitions/${encodeURIComponent(workflow)}`}>{workflow}</a> {version}
      </Entry>
      <Entry name="Started">
        <When at={startedAt} /> by {requester}
      </Entry>
      <Entry name={finishedAt === undefined ? 'Since' : 'Duration'}>
        <Lasting from={startedAt} to={finishedAt} />
      </Entry>
      <Entry name="Attempts">{attempts}</Entry>
      {priority !== 'normal' && <Entry name="Priority">{priority}</Entry>}
      {executor !== undefined && (
        <Entry name="Executor">
          <code>{executor}</code>
        </Entry>
      )}
      {traceId !== undefined && (
        <Entry name="Trace">
          <code>{traceId}</code>
        </Entry>
      )}
      {parent && (
        <Entry name="Begun by">
          <a href={`/runs/${parent.runId}?node=${encodeURIComponent(parent.node)}`}>{parent.node}</a>
        </Entry>
      )}
      {children && children.length > 0 && (
        <Entry name="Began">
          {children.map(({ node, runId }) => (
            <a href={`/runs/${runId}`}>{node} </a>
          ))}
        </Entry>
      )}
      <Labels run={run} />
    </dl>
  );
}

function Labels({ run: { labels, sandboxed } }: { readonly run: Run }): JSX.Element | null {
  const all = Object.entries(labels);
  if (all.length === 0 && !sandboxed) return null;
  return (
    <Entry name="Labels">
      {sandboxed && <span class="label tone-warn">sandboxed</span>}{' '}
      {all.map(([name, value]) => (
        <span class="label">
          {name}={value}
        </span>
      ))}
    </Entry>
  );
}

function Entry({ name, children }: { readonly name: string; readonly children: ComponentChildren }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
