// Who follows the news of which tenant in this process: one look a second for all readers of a tenant, and none while there is nobody.
import { setTimeout as pause } from 'node:timers/promises';
import { messageOf } from '../../kernel/index.ts';
import type { Emit } from '../../kernel/index.ts';
import type { NewsItem, NewsLook, NewsPosition } from './news.ts';

const LOOK_MS = 1_000;
/** A look that takes long is made so much less often: looks cost a twentieth of one session at most. */
const REST_PER_LOOK = 20;
/** What a slow reader may leave lying; then it is told to read its lists again. */
const MAX_LEFT = 2_000;

export type ReadNews = (tenant: string, from: NewsPosition | undefined) => Promise<NewsLook>;

export interface NewsReader {
  /** What is new since the last time, as soon as something is. Undefined: it was ended. */
  next(): Promise<NewsLook | undefined>;
  end(): void;
}

export interface NewsFeed {
  /** `from`: where it stopped before. What was new between may be told twice. */
  open(tenant: string, from: NewsPosition | undefined): Promise<NewsReader>;
  close(): void;
}

export function openNewsFeed({ read, emit }: { readonly read: ReadNews; readonly emit: Emit }): NewsFeed {
  const rooms = new Map<string, ReadingRoom>();
  const closing = new AbortController();
  const roomOf = (tenant: string): ReadingRoom => {
    const room = rooms.get(tenant) ?? new ReadingRoom();
    rooms.set(tenant, room);
    return room;
  };
  const lookAgain = async (tenant: string, room: ReadingRoom): Promise<void> => {
    while (!closing.signal.aborted && room.readers.size > 0) {
      const began = performance.now();
      await lookOnce(tenant, room);
      const tookMs = performance.now() - began;
      await pause(Math.max(LOOK_MS, tookMs * REST_PER_LOOK), undefined, { ref: false });
    }
    room.isWatched = false;
    if (room.readers.size === 0 && rooms.get(tenant) === room) rooms.delete(tenant);
  };
  const lookOnce = async (tenant: string, room: ReadingRoom): Promise<void> => {
    try {
      room.tell(await read(tenant, room.position));
    } catch (error) {
      emit({ level: 'warn', name: 'news.look_failed', fields: { error: messageOf(error) } });
    }
  };
  return {
    async open(tenant, from) {
      const room = roomOf(tenant);
      const reader = room.admit();
      try {
        // After it was admitted, so that nothing falls between this look and those for all.
        const first = await read(tenant, from);
        room.position ??= first.position;
        reader.begin(first);
      } catch (error) {
        reader.end();
        throw error;
      }
      if (!room.isWatched) {
        room.isWatched = true;
        void lookAgain(tenant, room);
      }
      return reader;
    },
    close() {
      closing.abort();
      for (const room of rooms.values()) for (const reader of room.readers) reader.end();
    },
  };
}

/** The readers of one tenant, and what all of them were told up to. */
class ReadingRoom {
  readonly readers = new Set<Reader>();
  position: NewsPosition | undefined;
  isWatched = false;

  admit(): Reader {
    const reader = new Reader((gone) => {
      this.readers.delete(gone);
      // Whoever comes next has not missed what nobody read.
      if (this.readers.size === 0) this.position = undefined;
    });
    this.readers.add(reader);
    return reader;
  }

  tell(look: NewsLook): void {
    this.position = look.position;
    if (look.items.length === 0 && !look.isTooMuch) return;
    for (const reader of this.readers) reader.put(look);
  }
}

class Reader implements NewsReader {
  readonly #leave: (reader: Reader) => void;
  #left: NewsLook | undefined;
  #news = Promise.withResolvers<void>();
  #isEnded = false;

  constructor(leave: (reader: Reader) => void) {
    this.#leave = leave;
  }

  /** What it is told first, also when that is nothing. */
  begin(first: NewsLook): void {
    const meanwhile = this.#left;
    this.#left = meanwhile ? joined(first, meanwhile) : first;
    this.#news.resolve();
  }

  put(look: NewsLook): void {
    this.#left = this.#left ? joined(this.#left, look) : look;
    this.#news.resolve();
  }

  async next(): Promise<NewsLook | undefined> {
    await this.#news.promise;
    if (this.#isEnded) return undefined;
    this.#news = Promise.withResolvers();
    const look = this.#left;
    this.#left = undefined;
    return look;
  }

  end(): void {
    this.#isEnded = true;
    this.#leave(this);
    this.#news.resolve();
  }
}

function joined(earlier: NewsLook, later: NewsLook): NewsLook {
  const items: readonly NewsItem[] = [...earlier.items, ...later.items];
  const isTooMuch = earlier.isTooMuch || later.isTooMuch || items.length > MAX_LEFT;
  return { position: later.position, items: isTooMuch ? [] : items, isTooMuch };
}
