// The news of a tenant, for whoever follows them.
import type { Knex } from 'knex';
import type { Emit } from '../../kernel/index.ts';
import { decodeNewsPosition, encodeNewsPosition } from './news.ts';
import type { NewsItem } from './news.ts';
import { openNewsFeed } from './news-feed.ts';
import { readNews } from './news-store.ts';

export interface ToldNews {
  /** Where to go on after it. */
  readonly position: string;
  readonly items: readonly NewsItem[];
  /** More happened than is told one by one: lists are to be read again. */
  readonly isTooMuch: boolean;
}

export interface News {
  /** What was missed since `from`, at once, also when that is nothing; then what happens, until `signal` is aborted. */
  follow(tenant: string, from: string | undefined, signal: AbortSignal): AsyncGenerator<ToldNews, void, void>;
  close(): void;
}

/** `knex` is that of requests: every look is behind the wall of its tenant. */
export function createNews({ knex, emit }: { readonly knex: Knex; readonly emit: Emit }): News {
  const feed = openNewsFeed({ read: async (tenant, from) => await readNews(knex, tenant, from), emit });
  return {
    async *follow(tenant, from, signal) {
      const reader = await feed.open(tenant, from === undefined ? undefined : decodeNewsPosition(from));
      const leave = (): void => reader.end();
      signal.addEventListener('abort', leave, { once: true });
      try {
        for (let look = await reader.next(); look; look = await reader.next()) {
          yield { ...look, position: encodeNewsPosition(look.position) };
        }
      } finally {
        signal.removeEventListener('abort', leave);
        reader.end();
      }
    },
    close: () => feed.close(),
  };
}
