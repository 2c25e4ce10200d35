// Moves the wall clock of one process while it runs, through the preloaded shim of test/support. Touches a file of its own.
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { landedFault, type LandedFault } from './landed.ts';

const SHIM = fileURLToPath(new URL('../../support/clock-shim.cjs', import.meta.url));

export class ClockControl {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Set to the true time. */
  static async create(): Promise<ClockControl> {
    return new ClockControl(await mkdtemp(join(tmpdir(), 'breakwater-clock-')));
  }

  /** For the environment of the process: preloads the shim and names its file. */
  get env(): { readonly NODE_OPTIONS: string; readonly CLOCK_SHIM_FILE: string } {
    return { NODE_OPTIONS: `--require ${JSON.stringify(SHIM)}`, CLOCK_SHIM_FILE: this.#file };
  }

  /** From the next few milliseconds on its Date is this far from the true time. Less than before is a step back. */
  async shift(offsetMs: number): Promise<LandedFault> {
    const draft = `${this.#file}.new`;
    await writeFile(draft, String(offsetMs));
    await rename(draft, this.#file);
    return landedFault('clock', `${offsetMs} ms off the true time`);
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  get #file(): string {
    return join(this.#folder, 'offset');
  }
}
