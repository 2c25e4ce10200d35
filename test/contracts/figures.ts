// Counts what the contract suite did, and prints it in one line at its end.
import { writeSync } from 'node:fs';
import { contractsPresent } from '../sandbox/vendor-contract.ts';
import type { Trial } from './try-mutants.ts';

export class Figures {
  /** By action: did the vendor's own description see the request that the first case of the action is for, its last? */
  readonly #actions = new Map<string, boolean>();
  #requests = 0;
  #mutants = 0;
  #killed = 0;

  /** A case was kept; for each of its requests, whether a description saw it. */
  kept(tool: string, action: string, described: readonly boolean[]): void {
    this.#requests += described.length;
    const name = `${tool}.${action}`;
    if (!this.#actions.has(name)) this.#actions.set(name, described.at(-1) ?? false);
  }

  /** Mutants that do no harm are none. */
  tried(trials: readonly Trial[]): void {
    const mutants = trials.filter(({ harmless }) => !harmless);
    this.#mutants += mutants.length;
    this.#killed += mutants.filter(({ asItShould }) => asItShould).length;
  }

  print(): void {
    const missing = contractsPresent ? '' : ' (no vendor descriptions in ../shared/vendor-contracts)';
    writeSync(2, `${this.toString()}${missing}\n`);
  }

  toString(): string {
    const described = [...this.#actions.values()].filter(Boolean).length;
    const byHand = this.#actions.size - described;
    return (
      `contracts: ${this.#actions.size} actions (${described} against a vendor's description, ${byHand} by hand), ` +
      `${this.#requests} requests; mutants: ${this.#killed} killed of ${this.#mutants}`
    );
  }
}
