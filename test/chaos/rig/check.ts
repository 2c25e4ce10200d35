// The checker: reads everything a chaos run left behind and names each broken promise. Pure; the same after every fault.
import { appendOrderCycle } from './append-order.ts';
import type { CallFact, Disturbance, EffectFact, Facts, RunFact, Violation } from './facts.ts';
import { FLOWS } from './flow-shapes.ts';

const FINAL = new Set(['succeeded', 'failed', 'compensated', 'rejected', 'cancelled', 'compensation_failed']);
const TURNED_ROUND = new Set(['compensated', 'rejected', 'cancelled', 'compensation_failed']);

/** A call's row carries the ledger's time, a lease's end the app database's: both read one clock, but not at one instant. */
const CLOCK_SLACK_MS = 20;

export function check(facts: Facts): Violation[] {
  const runs = new Map(facts.runs.map((run) => [run.id, run]));
  return [
    ...checkStarts(facts, runs),
    ...checkSuccesses(facts),
    ...checkRepeats(facts),
    ...checkCompensations(facts, runs),
    ...checkRest(facts),
    ...checkAppends(facts),
    ...checkDecisions(facts, runs),
    ...facts.oddAnswers.map((what) => ({ rule: 'http' as const, what })),
  ];
}

/** (a) Every acknowledged start is one run, and ended as the rig's own doing allows. */
function checkStarts({ starts, runs: all }: Facts, runs: ReadonlyMap<string, RunFact>): Violation[] {
  const byKey = Map.groupBy(all, (run) => run.idempotencyKey ?? '');
  return starts.flatMap(({ key, runIds, allowed }) => {
    const ids = [...new Set([...runIds, ...(byKey.get(key) ?? []).map((run) => run.id)])];
    if (ids.length !== 1)
      return [{ rule: 'a' as const, what: `key ${key} gave ${ids.length} runs: ${ids.join(', ')}` }];
    const [id = ''] = ids;
    const run = runs.get(id);
    if (!run) return [{ rule: 'a' as const, run: id, what: 'was acknowledged and is not there' }];
    if (allowed.includes(run.status)) return [];
    return [{ rule: 'a' as const, run: id, what: `${run.workflow} is ${run.status}, allowed: ${allowed.join(', ')}` }];
  });
}

/** (b) A succeeded run has all of its effects, standing. */
function checkSuccesses({ runs, effects }: Facts): Violation[] {
  const standing = Map.groupBy(
    effects.filter((effect) => effect.undoneAt === null),
    (effect) => effect.run,
  );
  return runs
    .filter((run) => run.status === 'succeeded')
    .flatMap((run) => {
      const there = new Set(standing.get(run.id)?.map((effect) => effect.node));
      const missing = shapeOf(run).effects.filter((node) => !there.has(node));
      return missing.length === 0
        ? []
        : [{ rule: 'b' as const, run: run.id, what: `succeeded without ${missing.join(', ')}` }];
    });
}

/** (c) Each keyed effect once, one key a node, and a body repeated only on the record or when a fault touched it. */
function checkRepeats({ effects, calls, attempts, disturbances }: Facts): Violation[] {
  const applied = Map.groupBy(effects, (effect) => effect.key);
  const called = Map.groupBy(
    calls.filter((call) => call.kind === 'act' || call.kind === 'turned_away'),
    (call) => call.key,
  );
  const onRecord = new Map(attempts.map((each) => [each.key, each.attempts]));
  const keys = Map.groupBy(effects, (effect) => `${effect.run} ${effect.node}`);
  return [
    ...[...applied.values()].flatMap((same) => duplicated(same)),
    ...[...keys.values()].flatMap((same) => severalKeys(same)),
    ...[...called].flatMap(([key, same]) => needlesslyRepeated(same, onRecord.get(key) ?? 1, disturbances)),
  ];
}

function duplicated([first, ...more]: readonly EffectFact[]): Violation[] {
  if (!first || more.length === 0) return [];
  return [{ rule: 'c', run: first.run, what: `${first.node} was applied ${more.length + 1} times under one key` }];
}

function severalKeys(effects: readonly EffectFact[]): Violation[] {
  const [first] = effects;
  const count = new Set(effects.map((effect) => effect.key)).size;
  return first && count > 1 ? [{ rule: 'c', run: first.run, what: `${first.node} had ${count} keys` }] : [];
}

// What is on record is an attempt that failed or the last; what is not was cut off by a fault.
function needlesslyRepeated(
  calls: readonly CallFact[],
  onRecord: number,
  disturbances: readonly Disturbance[],
): Violation[] {
  const [first, last] = [calls[0], calls.at(-1)];
  if (!first || !last || calls.length <= onRecord) return [];
  const instances = new Set(calls.map((call) => call.instance));
  const touched = disturbances.filter(
    ({ instance, from, until }) =>
      (instance === undefined || instances.has(instance)) && until >= first.beganAt && from <= last.beganAt,
  );
  if (calls.length <= onRecord + touched.length) return [];
  const what = `${first.node} ran ${calls.length} times, ${onRecord} of them on record, although ${touched.length} faults touched it`;
  return [{ rule: 'c', run: first.run, what }];
}

/** (d) Undone only by decision, whole, in reverse, and never by an instance without a lease. */
function checkCompensations(facts: Facts, runs: ReadonlyMap<string, RunFact>): Violation[] {
  const byRun = Map.groupBy(facts.effects, (effect) => effect.run);
  return [
    ...undecided(facts, runs),
    ...fenced(facts),
    ...facts.runs
      .filter((run) => TURNED_ROUND.has(run.status))
      .flatMap((run) => [...leftBehind(run, byRun.get(run.id) ?? []), ...outOfOrder(run, byRun.get(run.id) ?? [])]),
  ];
}

function undecided({ calls }: Facts, runs: ReadonlyMap<string, RunFact>): Violation[] {
  const undone = new Set(calls.filter((call) => call.kind === 'undo').map((call) => call.run));
  return [...undone]
    .filter((id) => !hasTurned(runs.get(id)))
    .map((id) => ({ rule: 'd', run: id, what: `was undone although it is ${runs.get(id)?.status ?? 'not there'}` }));
}

function hasTurned(run: RunFact | undefined): boolean {
  return run !== undefined && run.cause !== null && TURNED_ROUND.has(run.status);
}

function fenced({ calls, instances }: Facts): Violation[] {
  const ended = new Map(instances.map(({ id, leaseEndedAt }) => [id, leaseEndedAt]));
  return calls.flatMap((call) => {
    const endedAt = ended.get(call.instance);
    if (call.kind !== 'undo' || endedAt === undefined || endedAt === null) return [];
    const lateMs = Math.round(call.beganAt - endedAt);
    if (lateMs <= CLOCK_SLACK_MS) return [];
    const what = `${call.node} was undone by ${call.instance} ${lateMs} ms after its lease had ended`;
    return [{ rule: 'd' as const, run: call.run, what }];
  });
}

function leftBehind(run: RunFact, effects: readonly EffectFact[]): Violation[] {
  const left = effects.filter((effect) => effect.undoneAt === null).map((effect) => effect.node);
  return left.length === 0
    ? []
    : [{ rule: 'd', run: run.id, what: `${run.status} and left ${left.join(', ')} behind` }];
}

function outOfOrder(run: RunFact, effects: readonly EffectFact[]): Violation[] {
  const undoneAt = new Map(effects.map((effect) => [effect.node, effect.undoneAt]));
  return shapeOf(run)
    .builtOn.filter(([earlier, later]) => {
      const [first, second] = [undoneAt.get(later), undoneAt.get(earlier)];
      return typeof first === 'number' && typeof second === 'number' && second < first;
    })
    .map(([earlier, later]) => ({ rule: 'd', run: run.id, what: `${earlier} was undone before ${later}` }));
}

/** (e) At the end nothing is under way, nothing is stuck but poison, and nothing belongs to the dead. */
function checkRest({ runs, starts, liveExecutors }: Facts): Violation[] {
  const poison = new Set(starts.filter((start) => start.allowed.includes('stuck')).flatMap((start) => start.runIds));
  const live = new Set(liveExecutors);
  return runs.flatMap((run) => {
    if (FINAL.has(run.status) && run.state === 'SUCCESS') return [];
    if (run.status === 'stuck' && poison.has(run.id)) return [];
    const owner = run.executor !== null && live.has(run.executor) ? 'a live owner' : 'no live owner';
    const what = `${run.workflow} is left ${run.status} (${run.state}, ${run.queue ?? 'no queue'}, ${owner})`;
    return [{ rule: 'e' as const, run: run.id, what }];
  });
}

/** (f) Each run's appends in order and each list's entries in order agree with one history. */
function checkAppends({ entries }: Facts): Violation[] {
  const cycle = appendOrderCycle(entries, FLOWS['lists']?.effects ?? []);
  return cycle ? [{ rule: 'f', what: `the appends run in a circle: ${cycle.join(' -> ')}` }] : [];
}

/** One decision an approval, the one that was acknowledged, and the run went by it. */
function checkDecisions({ approvals, decisions }: Facts, runs: ReadonlyMap<string, RunFact>): Violation[] {
  const acknowledged = Map.groupBy(decisions, (each) => each.approval);
  return approvals.flatMap((approval) => {
    const answers = acknowledged.get(approval.id) ?? [];
    const problems = [
      ...(approval.decisions > 1 ? [`has ${approval.decisions} decisions`] : []),
      ...(answers.length > 1 ? [`was decided ${answers.length} times with 200`] : []),
      ...answers
        .filter(({ decision }) => approval.status !== (decision === 'approve' ? 'approved' : 'rejected'))
        .map(({ decision }) => `is ${approval.status} although ${decision} was acknowledged`),
      ...disobeyed(approval.status, runs.get(approval.run)),
    ];
    return problems.map((what) => ({ rule: 'a' as const, run: approval.run, what: `approval ${approval.id} ${what}` }));
  });
}

function disobeyed(decided: string, run: RunFact | undefined): string[] {
  const wanted: Readonly<Record<string, string>> = { approved: 'succeeded', rejected: 'rejected', expired: 'rejected' };
  const expected = wanted[decided];
  if (!run || expected === undefined || run.status === expected || run.status === 'cancelled') return [];
  return [`is ${decided} but its run is ${run.status}`];
}

function shapeOf(run: RunFact): { effects: readonly string[]; builtOn: readonly (readonly [string, string])[] } {
  return FLOWS[run.workflow] ?? { effects: [], builtOn: [] };
}
