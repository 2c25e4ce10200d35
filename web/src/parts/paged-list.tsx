// A list of the API in pages, as a table that looks again by itself.
import type { ComponentChildren, JSX } from 'preact';
import * as z from 'zod/mini';
import { get, withQuery } from '../api/client.ts';
import { pageOf } from '../api/shapes.ts';
import { useRepeatedly } from '../live.ts';
import { useNews } from '../news.ts';
import { location } from '../router.ts';
import { Empty, WhenLoaded } from './notice.tsx';
import { Pager } from './pager.tsx';
import { Table, type Column } from './table.tsx';
import { useLoaded } from './use-loaded.ts';

interface PagedListProps<Item extends z.ZodMiniType> {
  readonly path: string;
  /** Beside the cursor, which the page's address holds. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly item: Item;
  readonly caption: string;
  readonly columns: readonly Column<z.output<Item>>[];
  readonly keyOf: (row: z.output<Item>) => string;
  /** Kinds of what happens that the list is of, such as `approval.`: it looks again when it hears of one. */
  readonly follows?: readonly string[];
  /** What is said when there is nothing. */
  readonly empty: ComponentChildren;
}

const LOOK_EVERY_MS = 5_000;
/** Of what is heard of. */
const LOOK_SELDOM_MS = 30_000;

export function PagedList<Item extends z.ZodMiniType>(props: PagedListProps<Item>): JSX.Element {
  const { path, query = {}, item, empty, follows = [], ...table } = props;
  const cursor = location.value.query.get('cursor') ?? undefined;
  const address = withQuery(path, { ...query, cursor });
  const loaded = useLoaded(address, async (signal) => await get(address, pageOf(item), signal));
  useNews(loaded.reload, follows);
  useRepeatedly(loaded.reload, follows.length > 0 ? LOOK_SELDOM_MS : LOOK_EVERY_MS);
  return (
    <WhenLoaded loaded={loaded}>
      {({ items, nextCursor }) => (
        <>
          {items.length === 0 ? <Empty>{empty}</Empty> : <Table {...table} rows={items} />}
          <Pager nextCursor={nextCursor} />
        </>
      )}
    </WhenLoaded>
  );
}
