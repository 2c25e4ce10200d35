// The vendors' doubles of one lane: made fresh for each run, and read when it has ended.
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';
import type { WorldObject } from './end-state.ts';
import { askJson } from './json-http.ts';
import type { Scenario } from './scenario.ts';

const ledgerEntry = z
  .object({
    vendor: z.string(),
    kind: z.string(),
    id: z.string(),
    key: z.string().nullable(),
    deletedAt: z.string().nullish(),
  })
  .transform(({ deletedAt, ...entry }) => ({ ...entry, undone: Boolean(deletedAt) }));

export class World {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  /** Fixtures only, and the scenario's faults planted. */
  async prepare({ faults }: Pick<Scenario, 'faults'>): Promise<void> {
    await this.#ask('POST', '/_reset');
    for (const fault of faults) await this.#ask('POST', '/_faults', fault);
  }

  /** What was created since, undone things included. */
  async objects(): Promise<readonly WorldObject[]> {
    const entries = z.array(ledgerEntry).parse(await this.#ask('GET', '/_ledger'));
    return entries.filter(({ kind }) => kind !== 'fixture');
  }

  async #ask(method: string, path: string, body?: Json): Promise<unknown> {
    const answer = await askJson(method, `${this.url}${path}`, { body });
    if (answer.status >= 300) throw new Error(`${method} ${path} of the sandbox: ${JSON.stringify(answer.body)}`);
    return answer.body;
  }
}
