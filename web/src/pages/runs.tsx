// All runs, newest first, as the filters say that the address holds.
import type { JSX, TargetedKeyboardEvent } from 'preact';
import { BulkBar } from '../bulk/bulk-bar.tsx';
import { RUN_STATUSES, run } from '../api/shapes.ts';
import { apiQuery, filterIn, isFiltered, labelIn, SPANS, toggled, type RunFilter } from '../model/run-filter.ts';
import { lookOfRun } from '../model/status.ts';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import { runColumns } from '../parts/run-columns.tsx';
import { Sign } from '../parts/sign.tsx';
import { location, navigate, setQuery } from '../router.ts';

export function RunsPage(): JSX.Element {
  const { query } = location.value;
  const filter = filterIn(query);
  return (
    <Page title="Runs">
      <Filters filter={filter} />
      <BulkBar filter={filter} />
      <PagedList
        path="/v1/runs"
        query={apiQuery(filter, Date.now())}
        item={run}
        caption="Runs, newest first"
        columns={runColumns}
        keyOf={({ id }) => id}
        follows={['run.']}
        empty={<NoRuns isFiltered={isFiltered(filter)} />}
      />
    </Page>
  );
}

function NoRuns(props: { readonly isFiltered: boolean }): JSX.Element {
  return props.isFiltered ? (
    <>
      No run fits. <a href="/runs">Show all</a>
    </>
  ) : (
    <>
      Nothing has run yet. A run is started from its <a href="/definitions">definition</a>, or with{' '}
      <code>POST /v1/runs</code>.
    </>
  );
}

// Whoever changes a filter is on the first page again.
function choose(changes: Readonly<Record<string, string | undefined>>, replace = false): void {
  setQuery({ ...changes, cursor: undefined }, { replace });
}

function Filters({ filter }: { readonly filter: RunFilter }): JSX.Element {
  return (
    <section aria-label="Filters">
      <div class="filters">
        <input
          class="search"
          type="search"
          aria-label="Search runs"
          placeholder="Search: id, workflow, label, error"
          value={filter.q ?? ''}
          onInput={({ currentTarget }) => choose({ q: currentTarget.value }, true)}
        />
        <input
          aria-label="Workflow"
          placeholder="Workflow"
          value={filter.workflow ?? ''}
          onChange={({ currentTarget }) => choose({ workflow: currentTarget.value })}
        />
        <input aria-label="Label, as name=value" placeholder="Label: name=value" onKeyDown={addLabel} />
        <select
          aria-label="Started"
          value={filter.since ?? ''}
          onChange={({ currentTarget }) => choose({ since: currentTarget.value })}
        >
          <option value="">At any time</option>
          {Object.entries(SPANS).map(([span, { words }]) => (
            <option value={span}>{words}</option>
          ))}
        </select>
      </div>
      <StatusChips filter={filter} />
      <Chosen filter={filter} />
    </section>
  );
}

function addLabel(event: TargetedKeyboardEvent<HTMLInputElement>): void {
  if (event.key !== 'Enter') return;
  const label = labelIn(event.currentTarget.value);
  if (!label) return;
  event.currentTarget.value = '';
  choose({ [`label.${label[0]}`]: label[1] });
}

function StatusChips({ filter }: { readonly filter: RunFilter }): JSX.Element {
  return (
    <div class="chips" role="group" aria-label="Status">
      {RUN_STATUSES.map((status) => {
        const { word, tone, sign } = lookOfRun(status);
        return (
          <button
            class={`chip tone-${tone}`}
            aria-pressed={filter.status.includes(status)}
            onClick={() => choose({ status: toggled(filter.status, status).join(',') })}
          >
            <Sign name={sign} />
            {word}
          </button>
        );
      })}
    </div>
  );
}

/** What no field above shows, each to be taken out again. */
function Chosen({ filter }: { readonly filter: RunFilter }): JSX.Element | null {
  const { errorCode, node, labels } = filter;
  const chosen = Object.entries({
    ...(errorCode !== undefined && { errorCode }),
    ...(node !== undefined && { node }),
    ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [`label.${name}`, value])),
  });
  if (!isFiltered(filter)) return null;
  return (
    <div class="chips chosen">
      {chosen.map(([name, value]) => (
        <button class="chip" aria-pressed="true" onClick={() => choose({ [name]: undefined })}>
          {name.replace('errorCode', 'error')} = {value} <Sign name="close" />
          <span class="unseen">Take out</span>
        </button>
      ))}
      <button class="chip" onClick={() => navigate('/runs')}>
        Clear filters
      </button>
    </div>
  );
}
