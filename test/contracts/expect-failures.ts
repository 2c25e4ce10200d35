// One failure at one request of a call: what the adapter must make of it, what may have happened, and that a repeat comes right.
import { expect } from 'vitest';
import { codePrefix } from '../../src/tools/http-failure.ts';
import type { ContractCase, OwnRefusal, VendorContract } from './contract.ts';
import { changes, passesUnseen, type VendorFailure } from './failures.ts';
import type { Judge } from './judge.ts';
import type { Exchange } from './traffic.ts';
import { ENOUGH_MS, openContractWorld, type Attempted, type ContractWorld } from './world.ts';

export interface Encounter {
  readonly each: ContractCase;
  /** The place of the request that it happens to. */
  readonly at: number;
  readonly failure: VendorFailure;
}

/** How long an answer is waited for that never comes; doubled while the machine is too slow to get as far as asking. */
const PATIENCE_MS = 300;

export async function expectToMeet(
  contract: VendorContract,
  encounter: Encounter,
  patience = PATIENCE_MS,
): Promise<void> {
  const { each, at, failure } = encounter;
  const where = `${each.sends[at]} met ${failure.title}`;
  const timeoutMs = failure.strike.kind === 'late' ? patience : ENOUGH_MS;
  await using world = await openContractWorld(contract);
  const prepared = await world.prepare(each);
  const before = await world.standing();

  const { outcome, exchanges } = await prepared.call({ plan: { at, strike: failure.strike }, timeoutMs });

  const struck = exchanges[at];
  if (!struck) {
    expect(timeoutMs, `${where}, but was never sent`).toBeLessThan(ENOUGH_MS);
    return await expectToMeet(contract, encounter, 2 * patience);
  }
  expect(
    exchanges.flatMap(({ faults }) => faults),
    where,
  ).toEqual([]);
  expect(outcome, where).toMatchObject(
    expectedOutcome(contract, world.judge, encounter, exchanges.slice(0, at), struck),
  );
  if (outcome.ok) return;
  const { retryable, unknown } = outcome.error;
  if (!unknown) expect(await world.standing(), where).toEqual(before);
  if (failure.title === 'a redirect') expect(exchanges.length, where).toBe(at + 1);
  if (retryable)
    await expectToComeRight(world, each, await prepared.call({ suspect: unknown }), `${where}, then again`);
}

function expectedOutcome(
  { tool, statuses = {} }: VendorContract,
  judge: Judge,
  { each, at, failure }: Encounter,
  past: readonly Exchange[],
  struck: Exchange,
): object {
  if (passesUnseen(failure, struck, judge.operationOf(struck.request))) return { ok: true, value: each.answers };
  const status = failure.strike.kind === 'status' ? failure.strike.status : 0;
  const gone = status === 404 ? each.gone?.[at] : undefined;
  if (gone) return { ok: true, value: gone };
  const changing = ({ request }: Exchange) => changes(request, judge.operationOf(request));
  const inDoubt = failure.doubt === 'always' || (failure.doubt === 'when it changes something' && changing(struck));
  const unknown = tool.actions[each.action]?.effect === true && (inDoubt || past.some(changing));
  return { ok: false, error: { ...failure.error(codePrefix(tool.name)), ...statuses[status], unknown } };
}

/** Under the same key there is in the end exactly what there would have been without the failure. */
async function expectToComeRight(
  world: ContractWorld,
  each: ContractCase,
  { outcome, exchanges }: Attempted,
  where: string,
): Promise<void> {
  expect(
    exchanges.flatMap(({ faults }) => faults),
    where,
  ).toEqual([]);
  expect(outcome, where).toMatchObject({ ok: true, value: each.repeated ?? each.answers });
  expect(await world.standing(), where).toMatchObject(each.leaves);
}

export async function expectToBeRefused(
  contract: VendorContract,
  each: ContractCase,
  { strike, error }: OwnRefusal,
): Promise<void> {
  await using world = await openContractWorld(contract);
  for (const at of each.sends.keys()) {
    const { outcome, exchanges } = await (await world.prepare(each)).call({ plan: { at, strike } });
    const operation = exchanges[at] && world.judge.operationOf(exchanges[at].request);
    if (!operation?.answerUnread) expect(outcome, each.sends[at]).toMatchObject({ ok: false, error });
  }
}
