// What a run changed outside, and whether it still stands.
import type { JSX } from 'preact';
import { effect, type Effect } from '../api/run-shapes.ts';
import type { Look } from '../model/status.ts';
import { PagedList } from '../parts/paged-list.tsx';
import { Status } from '../parts/status.tsx';
import type { Column } from '../parts/table.tsx';

const LOOKS: Readonly<Record<Effect['state'], Look>> = {
  intended: { word: 'under way', tone: 'busy', sign: 'play' },
  done: { word: 'done', tone: 'good', sign: 'check' },
  failed: { word: 'not there', tone: 'plain', sign: 'slash' },
  unknown: { word: 'unknown', tone: 'warn', sign: 'ask' },
  compensated: { word: 'taken back', tone: 'undo', sign: 'back' },
  compensation_failed: { word: 'not taken back', tone: 'bad', sign: 'alert' },
};

const columns: readonly Column<Effect>[] = [
  { name: 'State', cell: ({ state }) => <Status look={LOOKS[state]} /> },
  { name: 'Act', kind: 'main', cell: ({ tool, action }) => <code>{nameOf(tool, action)}</code> },
  { name: 'Node', cell: ({ node, item }) => (item === undefined ? node : `${node}[${item}]`) },
  { name: "The vendor's id", kind: 'wide', cell: ({ externalId }) => externalId },
  { name: 'Stands', cell: ({ stands }) => (stands ? 'yes' : 'no') },
  { name: 'Taken back by', cell: ({ takenBackBy }) => takenBackBy ?? 'nothing' },
];

export function RunEffects({ id }: { readonly id: string }): JSX.Element {
  return (
    <PagedList
      path={`/v1/runs/${encodeURIComponent(id)}/effects`}
      item={effect}
      caption="What the run changed outside"
      columns={columns}
      keyOf={({ node, item, key }) => `${node} ${item} ${key}`}
      empty="The run changed nothing outside."
    />
  );
}

function nameOf(tool: string | undefined, action: string | undefined): string {
  return tool === undefined ? 'an act of code' : `${tool}.${action ?? ''}`;
}
