// The sandbox's face: start one, and the shape a further vendor has.
export type { Call } from './calls.ts';
export type { Fault } from './faults.ts';
export type { LedgerEntry } from './ledger.ts';
export { createSandbox, type Sandbox, type SandboxOptions } from './server.ts';
export type { Answer, Double, Surroundings, Vendor, VendorRequest } from './vendor.ts';
