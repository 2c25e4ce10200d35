// Collects the facts for the checker: what the rig knows, what the app's database says, what the ledger holds.
import { loadApprovals, loadAttempts, loadExecutors, loadRuns } from './app-store.ts';
import type { Facts, InstanceFact } from './facts.ts';
import { loadCalls, loadEffects, loadEntries } from './ledger-store.ts';
import type { InstanceExit } from './replica.ts';
import type { World } from './world.ts';

export async function collectFacts(world: World): Promise<Facts> {
  const { database, ledger, load, fleet, disturbances } = world;
  const executors = await loadExecutors(database);
  return {
    starts: load.starts,
    decisions: load.decisions,
    oddAnswers: load.oddAnswers,
    runs: await loadRuns(database),
    approvals: await loadApprovals(database),
    calls: await loadCalls(ledger),
    attempts: await loadAttempts(database),
    effects: await loadEffects(ledger),
    entries: await loadEntries(ledger),
    instances: instancesOf(fleet.exits, executors),
    disturbances: [...disturbances, ...fleet.exits],
    liveExecutors: executors.filter(({ live }) => live).map(({ id }) => id),
  };
}

// A lease that was given up left no row: then nobody can tell when it ended, and nobody need.
function instancesOf(
  exits: readonly InstanceExit[],
  executors: readonly { readonly id: string; readonly pid: number; readonly expiresAt: number }[],
): InstanceFact[] {
  const byPid = new Map(executors.map((executor) => [executor.pid, executor]));
  return exits.map(({ instance, pid }) => {
    const lease = byPid.get(pid);
    return { id: instance, executor: lease?.id ?? null, leaseEndedAt: lease?.expiresAt ?? null };
  });
}
