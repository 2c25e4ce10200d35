// The contracts of every action of every tool that speaks HTTP to a vendor of its own. Each call goes over real HTTP through the
// wire to the vendor's double. The wire holds requests and answers against what vendors/ says by hand, and against the vendor's own
// description in ../shared/vendor-contracts where that lies beside the project. Then every request meets each of the vendor's
// failures, and each is sent gone wrong: nothing of that may go unnoticed.
import { afterAll, describe, expect, it } from 'vitest';
import { toolCatalog } from '../../src/tools/index.ts';
import type { ContractCase, VendorContract } from './contract.ts';
import { expectToBeRefused, expectToMeet } from './expect-failures.ts';
import { vendorFailures } from './failures.ts';
import { Figures } from './figures.ts';
import { tryMutants } from './try-mutants.ts';
import { buffer } from './vendors/buffer.ts';
import { figma } from './vendors/figma.ts';
import { github } from './vendors/github.ts';
import { grafana } from './vendors/grafana.ts';
import { notion } from './vendors/notion.ts';
import { sendgrid } from './vendors/sendgrid.ts';
import { slack } from './vendors/slack.ts';
import { slm } from './vendors/slm.ts';
import { complaints, openContractWorld } from './world.ts';

const contracts: readonly VendorContract[] = [buffer, figma, github, grafana, notion, sendgrid, slack, slm];

/** They speak to addresses of a user's choice, or to our own database, and have tests of their own. */
const WITHOUT_VENDOR = ['http', 'memory', 'playwright'];

const figures = new Figures();
afterAll(() => figures.print());

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
    it('answers a repeat under its key as it answered the act', async () => {
      await using world = await openContractWorld(contract);
      const prepared = await world.prepare(each);
      const first = await prepared.call();

      const again = await prepared.call({ suspect: true });

      if (each.repeated) expect(again.outcome).toMatchObject({ ok: true, value: each.repeated });
      else expect(again.outcome).toEqual(first.outcome);
    });

    it.each(vendorFailures)('meets $title at each of its requests', async (failure) => {
      for (const at of each.sends.keys()) await expectToMeet(contract, { each, at, failure });
    });

    it.each(refusals)('is refused with $title', async (refusal) => {
      await expectToBeRefused(contract, each, refusal);
    });
  });

  it.each(Object.keys(tool.actions))('%s goes wrong in no way unnoticed', async (action) => {
    const trials = await tryMutants(contract, action);

    figures.tried(trials);
    expect(trials.length).toBeGreaterThan(0);
    expect(trials.filter(({ asItShould }) => !asItShould)).toEqual([]);
  });
});

function firstOfEachAction(cases: readonly ContractCase[]): readonly ContractCase[] {
  return cases.filter((each, index) => cases.findIndex(({ action }) => action === each.action) === index);
}
