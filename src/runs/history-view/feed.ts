// Who follows which run in this process: one look a second for all of them, and none while nobody does.
import { messageOf } from '../../kernel/index.ts';
import type { Emit } from '../../kernel/index.ts';

const LOOK_MS = 1_000;

/** For each of these runs of a tenant something that differs whenever it has more to tell; a run that is gone is left out. */
export type Look = (tenant: string, runIds: readonly string[]) => Promise<ReadonlyMap<string, string>>;

export interface Watch {
  /** Resolves when the run may have more to tell than at the last time, or the watch has ended. */
  changed(): Promise<void>;
  end(): void;
}

export interface Feed {
  watch(tenant: string, runId: string): Watch;
  /** Nothing is looked at any more. */
  close(): void;
}

interface Watched {
  readonly tenant: string;
  readonly runId: string;
  /** What the last look found. Null: gone. Undefined: not looked at yet. */
  seen: string | null | undefined;
  news: PromiseWithResolvers<void>;
}

export function openFeed({ look, emit }: { readonly look: Look; readonly emit: Emit }): Feed {
  const watched = new Set<Watched>();
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;

  const lookForAll = async (): Promise<void> => {
    for (const [tenant, ofTenant] of Map.groupBy(watched, (each) => each.tenant)) {
      const versions = await look(tenant, [...new Set(ofTenant.map(({ runId }) => runId))]);
      for (const each of ofTenant) note(each, versions.get(each.runId) ?? null);
    }
  };
  const tellFailure = (error: unknown): void =>
    emit({ level: 'warn', name: 'feed.look_failed', fields: { error: messageOf(error) } });
  const tick = async (): Promise<void> => {
    await lookForAll().catch(tellFailure);
    timer = undefined;
    arm();
  };
  const arm = (): void => {
    if (isClosed || watched.size === 0) return;
    timer ??= setTimeout(() => void tick(), LOOK_MS).unref();
  };
  return {
    watch(tenant, runId) {
      const own: Watched = { tenant, runId, seen: undefined, news: Promise.withResolvers() };
      watched.add(own);
      arm();
      return {
        async changed() {
          await own.news.promise;
          if (watched.has(own)) own.news = Promise.withResolvers();
        },
        end() {
          watched.delete(own);
          own.news.resolve();
        },
      };
    },
    close() {
      isClosed = true;
      clearTimeout(timer);
    },
  };
}

// The first look tells too: the run may have changed between its reader's own look and this one.
function note(watched: Watched, version: string | null): void {
  if (watched.seen === version) return;
  watched.seen = version;
  watched.news.resolve();
}
