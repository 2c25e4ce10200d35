// Sends the requests of an action altered, one mutant at a time, to see whether the checks of its cases notice.
import type { ContractCase, VendorContract } from './contract.ts';
import { mutantsOf, type Mutant } from './mutants.ts';
import { complaints, openContractWorld, type ContractWorld } from './world.ts';

export interface Trial {
  /** The request, and what was done to it. */
  readonly name: string;
  /** Noticed by at least one case; or, where it is said to be harmless, let through by at least one. */
  readonly asItShould: boolean;
  readonly harmless: boolean;
}

/** Every mutant of every request of an action, each tried until a case of the action did as it should. */
export async function tryMutants(contract: VendorContract, action: string): Promise<readonly Trial[]> {
  await using world = await openContractWorld(contract);
  const trials = new Map<string, Trial>();
  for (const each of contract.cases.filter((candidate) => candidate.action === action)) {
    const { exchanges } = await (await world.prepare(each)).call();
    for (const [at, { request }] of exchanges.entries()) {
      for (const mutant of mutantsOf(request, world.judge)) {
        const name = `${each.sends[at]} ${mutant.name}`;
        if (trials.get(name)?.asItShould) continue;
        trials.set(name, { name, ...(await tryMutant(world, each, at, mutant)) });
      }
    }
  }
  return [...trials.values()];
}

async function tryMutant(
  world: ContractWorld,
  each: ContractCase,
  at: number,
  { alter, harmless = false }: Mutant,
): Promise<Omit<Trial, 'name'>> {
  const done = await (await world.prepare(each)).call({ plan: { at, alter } });
  const noticed = complaints(each, world, done, await world.standing()).length > 0;
  return { harmless, asItShould: noticed !== harmless };
}
