// Sends the requests of an action gone wrong, one mutant at a time, to see whether the checks of its cases notice.
import type { VendorContract } from './contract.ts';
import { mutantsOf } from './mutants.ts';
import { complaints, openContractWorld } from './world.ts';

/** Each mutant of an action's requests, and whether at least one of its cases noticed. */
export async function tryMutants(contract: VendorContract, action: string): Promise<ReadonlyMap<string, boolean>> {
  await using world = await openContractWorld(contract);
  const killed = new Map<string, boolean>();
  for (const each of contract.cases.filter((candidate) => candidate.action === action)) {
    const { exchanges } = await (await world.prepare(each)).call();
    for (const [at, { request }] of exchanges.entries()) {
      for (const { name, alter } of mutantsOf(request, world.judge)) {
        const mutant = `${each.sends[at]} ${name}`;
        if (killed.get(mutant)) continue;
        const done = await (await world.prepare(each)).call({ plan: { at, alter } });
        killed.set(mutant, complaints(each, world, done, await world.standing()).length > 0);
      }
    }
  }
  return killed;
}
