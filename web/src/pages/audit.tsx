// The audit: who did what to what, when and why.
import type { JSX } from 'preact';
import { trace, type Trace } from '../api/people-shapes.ts';
import { may } from '../me.ts';
import { detailsOf, reasonOf, subjectPath } from '../model/audit.ts';
import { minute, SPANS } from '../model/run-filter.ts';
import { Empty } from '../parts/notice.tsx';
import { Page } from '../parts/page.tsx';
import { PagedList } from '../parts/paged-list.tsx';
import type { Column } from '../parts/table.tsx';
import { When } from '../parts/when.tsx';
import { location, setQuery } from '../router.ts';

const columns: readonly Column<Trace>[] = [
  { name: 'When', cell: ({ at }) => <When at={at} /> },
  { name: 'Who', kind: 'main', cell: ({ actor }) => actor },
  { name: 'Did', cell: ({ action }) => <code>{action}</code> },
  { name: 'To', cell: (each) => <Subject of={each} /> },
  { name: 'Why', kind: 'wide', cell: (each) => <Why of={each} /> },
];

function Subject({ of: { subject, action } }: { readonly of: Trace }): JSX.Element {
  const path = subjectPath(action, subject);
  const short = subject.length > 24 ? `…${subject.slice(-12)}` : subject;
  return path === undefined ? (
    <code title={subject}>{short}</code>
  ) : (
    <a class="mono" href={path} title={subject}>
      {short}
    </a>
  );
}

function Why({ of: { data } }: { readonly of: Trace }): JSX.Element {
  const details = detailsOf(data);
  return (
    <>
      {reasonOf(data)}
      {details !== undefined && (
        <details>
          <summary>Details</summary>
          <pre>{details}</pre>
        </details>
      )}
    </>
  );
}

export function AuditPage(): JSX.Element {
  const { query } = location.value;
  const textOf = (name: string): string | undefined => query.get(name) ?? undefined;
  const span = SPANS[query.get('since') ?? ''];
  return (
    <Page title="Audit">
      {may('operator') ? (
        <>
          <Filters />
          <PagedList
            path="/v1/audit"
            query={{
              actor: textOf('actor'),
              action: textOf('action'),
              subject: textOf('subject'),
              since: span && minute(Date.now() - span.ms),
            }}
            item={trace}
            caption="What people did, newest first"
            columns={columns}
            keyOf={({ id }) => id}
            follows={['control.', 'approval.', 'breaker.', 'definition.']}
            empty="Nobody did anything that fits."
          />
        </>
      ) : (
        <Empty>The audit is shown to operators.</Empty>
      )}
    </Page>
  );
}

const FIELDS = {
  actor: { words: 'Who', example: 'Who' },
  action: { words: 'Did what: an action, or all that begin so', example: 'run.cancel, or run.' },
  subject: { words: 'To what: an id or a name', example: 'Id or name' },
} as const;

function Filters(): JSX.Element {
  const { query } = location.value;
  const choose = (name: string, value: string): void => setQuery({ [name]: value, cursor: undefined });
  return (
    <section aria-label="Filters" class="filters">
      {Object.entries(FIELDS).map(([name, { words, example }]) => (
        <input
          aria-label={words}
          placeholder={example}
          value={query.get(name) ?? ''}
          onChange={({ currentTarget }) => choose(name, currentTarget.value.trim())}
        />
      ))}
      <select
        aria-label="How far back"
        value={query.get('since') ?? ''}
        onChange={({ currentTarget }) => choose('since', currentTarget.value)}
      >
        <option value="">At any time</option>
        {Object.entries(SPANS).map(([span, { words }]) => (
          <option value={span}>{words}</option>
        ))}
      </select>
    </section>
  );
}
