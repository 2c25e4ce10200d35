// The contracts of every action of every tool that speaks HTTP to a vendor of its own. Each call goes over real HTTP through the
// wire to the vendor's double. The wire holds requests and answers against what vendors/ says by hand, and against the vendor's own
// description in ../shared/vendor-contracts where that lies beside the project. Then every request meets each of the vendor's
// failures, and each is sent gone wrong: nothing of that may go unnoticed.
import { afterAll, describe, expect, it } from 'vitest';
import { codePrefix } from '../../src/tools/http-failure.ts';
import { toolCatalog } from '../../src/tools/index.ts';
import type { ContractCase, OwnRefusal, VendorContract } from './contract.ts';
import { changes, passesUnseen, vendorFailures, type VendorFailure } from './failures.ts';
import { Figures } from './figures.ts';
import { mutantsOf } from './mutants.ts';
import { buffer } from './vendors/buffer.ts';
import { figma } from './vendors/figma.ts';
import { github } from './vendors/github.ts';
import { grafana } from './vendors/grafana.ts';
import { notion } from './vendors/notion.ts';
import { sendgrid } from './vendors/sendgrid.ts';
import { slack } from './vendors/slack.ts';
import { slm } from './vendors/slm.ts';
import type { Exchange } from './wire.ts';
import { complaints, ENOUGH_MS, openContractWorld, type Attempted, type ContractWorld } from './world.ts';

const contracts: readonly VendorContract[] = [buffer, figma, github, grafana, notion, sendgrid, slack, slm];

/** They speak to addresses of a user's choice, or to our own database, and have tests of their own. */
const WITHOUT_VENDOR = ['http', 'memory', 'playwright'];

const figures = new Figures();
afterAll(() => figures.print());

/** How long an answer is waited for that never comes; doubled while the machine is too slow to get as far as asking. */
const PATIENCE_MS = 300;

it('knows every tool', () => {
  const known = [...contracts.map(({ tool }) => tool.name), ...WITHOUT_VENDOR];
  expect(
    toolCatalog()
      .toolNames()
      .filter((name) => !known.includes(name)),
  ).toEqual([]);
});

describe.concurrent.each(contracts)('$tool.name', (contract) => {
  const { tool, cases, refusals = [] } = contract;

  it('has a contract for every action', () => {
    expect(new Set(cases.map(({ action }) => action))).toEqual(new Set(Object.keys(tool.actions)));
  });

  it.each(cases)('$action keeps its contract: $title', async (each) => {
    await using world = await openContractWorld(contract);

    const done = await (await world.prepare(each)).call();

    expect(complaints(each, world, done, await world.standing())).toEqual([]);
    figures.kept(
      tool.name,
      each.action,
      done.exchanges.map(({ request }) => world.judge.describes(request)),
    );
  });

  describe.each(firstOfEachAction(cases))('$action', (each) => {
    it.each(vendorFailures)('meets $title at each of its requests', async (failure) => {
      await using world = await openContractWorld(contract);
      for (const at of each.sends.keys()) await expectToMeet(contract, world, each, failure, at);
    });

    it.each(refusals)('is refused with $title', async (refusal) => {
      await using world = await openContractWorld(contract);
      await expectToBeRefused(world, each, refusal);
    });
  });

  it.each(Object.keys(tool.actions))('%s goes wrong in no way unnoticed', async (action) => {
    await using world = await openContractWorld(contract);

    const mutants = await tryMutants(
      world,
      cases.filter((each) => each.action === action),
    );

    expect(mutants.size).toBeGreaterThan(0);
    expect([...mutants].filter(([, killed]) => !killed)).toEqual([]);
  });
});

function firstOfEachAction(cases: readonly ContractCase[]): readonly ContractCase[] {
  return cases.filter((each, index) => cases.findIndex(({ action }) => action === each.action) === index);
}

async function expectToMeet(
  contract: VendorContract,
  world: ContractWorld,
  each: ContractCase,
  failure: VendorFailure,
  at: number,
  patience = PATIENCE_MS,
): Promise<void> {
  const where = `${each.sends[at]} met ${failure.title}`;
  const prepared = await world.prepare(each);
  const before = await world.standing();
  const timeoutMs = failure.strike.kind === 'late' ? patience : ENOUGH_MS;

  const { outcome, exchanges } = await prepared.call({ plan: { at, strike: failure.strike }, timeoutMs });

  const struck = exchanges[at];
  if (!struck) {
    expect(timeoutMs, `${where}, but was never sent`).toBeLessThan(ENOUGH_MS);
    return await expectToMeet(contract, world, each, failure, at, 2 * patience);
  }
  expect(outcome, where).toMatchObject(expectedOutcome(contract, world, each, failure, exchanges.slice(0, at), struck));
  if (outcome.ok) return;
  const { retryable, unknown } = outcome.error;
  if (!unknown) expect(await world.standing(), where).toEqual(before);
  if (failure.title === 'a redirect') expect(exchanges.length, where).toBe(at + 1);
  if (retryable) await expectToSucceedAtLast(world, each, prepared.call({ suspect: unknown }), where);
}

function expectedOutcome(
  { tool, statuses = {} }: VendorContract,
  { judge }: ContractWorld,
  each: ContractCase,
  failure: VendorFailure,
  before: readonly Exchange[],
  struck: Exchange,
): object {
  if (passesUnseen(failure, struck, judge.operationOf(struck.request))) return { ok: true, value: each.answers };
  const code = failure.strike.kind === 'status' ? failure.strike.status : 0;
  const gone = code === 404 ? each.gone?.[before.length] : undefined;
  if (gone) return { ok: true, value: gone };
  const changing = ({ request }: Exchange) => changes(request, judge.operationOf(request));
  const inDoubt = failure.doubt === 'always' || (failure.doubt === 'when it changes something' && changing(struck));
  const unknown = tool.actions[each.action]?.effect === true && (inDoubt || before.some(changing));
  return { ok: false, error: { ...failure.error(codePrefix(tool.name)), ...statuses[code], unknown } };
}

/** Under the same key there is in the end exactly what there would have been without the failure. */
async function expectToSucceedAtLast(
  world: ContractWorld,
  each: ContractCase,
  again: Promise<Attempted>,
  where: string,
): Promise<void> {
  const { outcome, exchanges } = await again;
  expect(
    exchanges.flatMap(({ faults }) => faults),
    `${where}, then again`,
  ).toEqual([]);
  expect(outcome, `${where}, then again`).toMatchObject({ ok: true, value: each.repeated ?? each.answers });
  expect(await world.standing(), `${where}, then again`).toMatchObject(each.leaves);
}

async function expectToBeRefused(
  world: ContractWorld,
  each: ContractCase,
  { strike, error }: OwnRefusal,
): Promise<void> {
  for (const at of each.sends.keys()) {
    const { outcome, exchanges } = await (await world.prepare(each)).call({ plan: { at, strike } });
    const operation = exchanges[at] && world.judge.operationOf(exchanges[at].request);
    if (!operation?.answerUnread) expect(outcome, each.sends[at]).toMatchObject({ ok: false, error });
  }
}

/** Each mutant of the requests of one action, and whether a case of the action notices it. */
async function tryMutants(world: ContractWorld, cases: readonly ContractCase[]): Promise<Map<string, boolean>> {
  const killed = new Map<string, boolean>();
  for (const each of cases) {
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
  figures.mutants([...killed.values()]);
  return killed;
}
