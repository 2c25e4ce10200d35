// Which app processes use a cluster, as files named for them: the last one out stops it. A dead process's file counts for nothing.
import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { isAlive, processIdentity } from './process-identity.ts';

const STOPPING = '.stopping';
const POLL_MS = 20;

let opened = 0;

/**
 * Coming and going cannot cross: who comes attaches, then looks for someone stopping; who goes says that it is stopping, then
 * looks for someone attached. At least one of the two sees the other, and the one who goes gives way.
 */
export class Attachment {
  readonly #folder: string;
  readonly #name: string;
  #left = false;

  private constructor(folder: string, name: string) {
    this.#folder = folder;
    this.#name = name;
  }

  static async create(folder: string): Promise<Attachment> {
    await mkdir(folder, { recursive: true });
    // A process may open the same cluster more than once.
    const attachment = new Attachment(folder, `${processIdentity(process.pid)}.${++opened}`);
    await writeFile(join(folder, attachment.#name), '');
    await attachment.#untilNobodyStops();
    return attachment;
  }

  /** Leaves; when nobody else is attached, runs `stop` while newcomers wait. True when it did; a second time does nothing. */
  async leave(stop: () => Promise<void>): Promise<boolean> {
    if (this.#left) return false;
    this.#left = true;
    const stopping = join(this.#folder, this.#name + STOPPING);
    await this.remove();
    await writeFile(stopping, '');
    try {
      const others = await this.#others();
      if (others.some((name) => !name.endsWith(STOPPING))) return false;
      await stop();
      return true;
    } finally {
      await rm(stopping, { force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(join(this.#folder, this.#name), { force: true });
  }

  async #untilNobodyStops(): Promise<void> {
    while ((await this.#others()).some((name) => name.endsWith(STOPPING))) await delay(POLL_MS);
  }

  // Of the living; what the dead left behind is swept away.
  async #others(): Promise<string[]> {
    const alive: string[] = [];
    for (const name of await readdir(this.#folder)) {
      if (name === this.#name || name === this.#name + STOPPING) continue;
      if (isAlive(name.slice(0, name.indexOf('.')))) alive.push(name);
      else await rm(join(this.#folder, name), { force: true });
    }
    return alive;
  }
}
