// Every fact of a run in order, of one kind or all, the newest at the end.
import { useSignal } from '@preact/signals';
import type { JSX } from 'preact';
import { useMemo } from 'preact/hooks';
import type { Fact } from '../api/run-shapes.ts';
import { Empty } from '../parts/notice.tsx';
import { Table, type Column } from '../parts/table.tsx';
import { clockText } from '../model/time.ts';
import { FactWords } from './fact-line.tsx';

const AT_ONCE = 200;

const KINDS = ['run', 'activity', 'compensation', 'approval', 'wait', 'child', 'control', 'breaker'] as const;

interface RunHistoryProps {
  readonly facts: readonly Fact[];
  readonly onSelect: (node: string) => void;
}

export function RunHistory({ facts, onSelect }: RunHistoryProps): JSX.Element {
  const kind = useSignal('');
  const most = useSignal(AT_ONCE);
  const wanted = kind.value === '' ? facts : facts.filter((fact) => fact.kind.startsWith(`${kind.value}.`));
  const shown = wanted.slice(0, most.value);
  const columns = useMemo(() => columnsFor(onSelect), [onSelect]);
  return (
    <section aria-label="History">
      <div class="chips" role="group" aria-label="Kind">
        {['', ...KINDS].map((each) => (
          <button class="chip" aria-pressed={kind.value === each} onClick={() => (kind.value = each)}>
            {each === '' ? 'all' : each}
          </button>
        ))}
      </div>
      {shown.length === 0 ? (
        <Empty>Nothing of this kind happened yet.</Empty>
      ) : (
        <Table caption="What happened, in order" columns={columns} rows={shown} keyOf={({ id }) => id} />
      )}
      {wanted.length > shown.length && (
        <p class="pager">
          <button class="button" onClick={() => (most.value += 1_000)}>
            Show more of {wanted.length.toLocaleString('en')}
          </button>
        </p>
      )}
    </section>
  );
}

function columnsFor(onSelect: (node: string) => void): readonly Column<Fact>[] {
  return [
    { name: 'When', cell: ({ at }) => <time dateTime={at}>{timeText(at)}</time> },
    { name: 'What', kind: 'main', cell: ({ kind }) => <code>{kind}</code> },
    {
      name: 'Node',
      cell: ({ node }) =>
        node !== undefined && (
          <button class="link" onClick={() => onSelect(node)}>
            {node}
          </button>
        ),
    },
    { name: 'Besides', kind: 'wide', cell: (fact) => <FactWords fact={fact} /> },
  ];
}

function timeText(at: string): string {
  const ms = Date.parse(at);
  return `${clockText(ms).slice(11)}.${String(ms % 1_000).padStart(3, '0')}`;
}
