// A table whose rows become cards on a narrow screen: each cell says then what it is.
import type { ComponentChildren, JSX } from 'preact';

export interface Column<Row> {
  readonly name: string;
  readonly cell: (row: Row) => ComponentChildren;
  /** `wide` takes the room that is left, `number` is set flush right, `main` heads a card. */
  readonly kind?: 'wide' | 'number' | 'main';
}

interface TableProps<Row> {
  /** Read to those who do not see it. */
  readonly caption: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly isMarked?: (row: Row) => boolean;
}

export function Table<Row>({ caption, columns, rows, keyOf, isMarked }: TableProps<Row>): JSX.Element {
  return (
    <table class="table">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          {columns.map(({ name, kind }) => (
            <th scope="col" class={kind}>
              {name === '' ? <span class="unseen">Choose</span> : name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} class={isMarked?.(row) ? 'marked' : undefined}>
            {columns.map(({ name, kind, cell }) => (
              <td class={kind} data-name={name}>
                {cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
