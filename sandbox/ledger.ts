// The record of every object ever created at a vendor: the truth that effects are counted by. In memory.
import type { Clock, JsonObject } from '../src/kernel/index.ts';

export interface LedgerEntry {
  readonly seq: number;
  readonly vendor: string;
  /** What the vendor calls it (`pull`, `campaign` …), or `fixture` for what the double came with. */
  readonly kind: string;
  readonly id: string;
  /** The idempotency key the vendor received and honours; null where it has no such mechanism or none was sent. */
  readonly key: string | null;
  readonly createdAt: string;
  readonly updatedAt?: string;
  /** When it was undone the vendor's way: closed, unscheduled, archived, deleted. */
  readonly deletedAt?: string;
  readonly data: JsonObject;
}

/** A double's hold on one entry. `data` replaces what the entry showed before. */
export interface EntryHold {
  updated(data: JsonObject): void;
  removed(data?: JsonObject): void;
  /** Undone no longer: a pull request reopened, a campaign scheduled again. */
  restored(data?: JsonObject): void;
}

export interface VendorLedger {
  fixture(id: string, data: JsonObject): EntryHold;
  created(kind: string, id: string, data: JsonObject, key?: string | null): EntryHold;
}

export interface Ledger {
  of(vendor: string): VendorLedger;
  /** In order of creation. */
  entries(): readonly LedgerEntry[];
}

export function createLedger(clock: Clock): Ledger {
  const entries: LedgerEntry[] = [];
  const now = () => new Date(clock.now()).toISOString();

  const add = (entry: Pick<LedgerEntry, 'vendor' | 'kind' | 'id' | 'key' | 'data'>): EntryHold => {
    const { vendor, kind, id, key, data } = entry;
    const index = entries.push({ seq: entries.length + 1, vendor, kind, id, key, createdAt: now(), data }) - 1;
    return holdOn(entries, index, now);
  };

  return {
    of: (vendor) => ({
      fixture: (id, data) => add({ vendor, kind: 'fixture', id, key: null, data }),
      created: (kind, id, data, key = null) => add({ vendor, kind, id, key, data }),
    }),
    entries: () => [...entries],
  };
}

function holdOn(entries: LedgerEntry[], index: number, now: () => string): EntryHold {
  const change = (changes: Partial<LedgerEntry>) => {
    const entry = entries[index];
    if (entry) entries[index] = { ...entry, ...changes, data: changes.data ?? entry.data };
  };
  return {
    updated: (data) => change({ data, updatedAt: now() }),
    removed: (data) => change({ data, deletedAt: entries[index]?.deletedAt ?? now() }),
    restored: (data) => change({ data, updatedAt: now(), deletedAt: undefined }),
  };
}
