// Everything one sandbox holds: ledger, calls, faults and an open double of each vendor. A reset makes a new world.
import type { Clock } from '../src/kernel/index.ts';
import { type Calls, createCalls } from './calls.ts';
import { createFaults, type Faults } from './faults.ts';
import { createLedger, type LedgerEntry } from './ledger.ts';
import type { Double, Vendor } from './vendor.ts';

export interface World {
  readonly calls: Calls;
  readonly faults: Faults;
  readonly doubles: ReadonlyMap<string, Double>;
  entries(vendor?: string): readonly LedgerEntry[];
  /** Ends the world: what still hangs in it is cut off instead of handled. */
  end(): void;
  readonly ended: boolean;
}

export function createWorld(vendors: readonly Vendor[], clock: Clock, url: string): World {
  const ledger = createLedger(clock);
  const faults = createFaults(vendors.map(({ name }) => name));
  const openDouble = (vendor: Vendor): Double =>
    vendor.open({ ledger: ledger.of(vendor.name), clock, baseUrl: `${url}/${vendor.name}` });
  const doubles = new Map(vendors.map((vendor) => [vendor.name, openDouble(vendor)]));
  let ended = false;
  return {
    calls: createCalls(clock),
    faults,
    doubles,
    entries(vendor) {
      for (const double of doubles.values()) double.settle?.();
      return ledger.entries().filter((entry) => vendor === undefined || entry.vendor === vendor);
    },
    end() {
      ended = true;
      faults.clear();
    },
    get ended() {
      return ended;
    },
  };
}
