// Asks the vendors whether the acts of a failed node took effect of which nobody knows, before an operator has others done in their
// place. Only looks, outside of every transaction: whoever is killed here has changed nothing.
import { readRecord } from '../durable/index.ts';
import type { RunRecord } from '../durable/index.ts';
import type { ActivityNode, Plan } from '../definitions/index.ts';
import { FailureError } from '../kernel/index.ts';
import { probeAction } from '../tools/index.ts';
import type { Probed } from '../tools/index.ts';
import { actsOf } from './act.ts';
import { secretsOf } from './act-secrets.ts';
import { amendmentsOf } from './amendments.ts';
import { lastArrivalMs } from './doubt.ts';
import { foldRecord } from './fold-record.ts';
import type { NodeDecisionRequest } from './node-decision.ts';
import type { Operator } from './reopen-run.ts';
import { failedActs } from './retry-decision.ts';
import type { FailedAct, Sighting } from './retry-decision.ts';
import { actKey, argumentsOf } from './run-activity.ts';
import { scopeOfNode } from './run-scope.ts';
import type { RunFacts } from './run-scope.ts';
import { findRun } from './run-store.ts';
import type { RunRow } from './run-store.ts';
import type { Actor } from './runs.ts';
import { TURN } from './turn.ts';
import type { Turn } from './turn.ts';
import { planOf } from './wake-run.ts';

/** What was seen of a held run, as long as nothing else was decided about it. */
export interface Seen {
  readonly decisions: string;
  readonly acts: ReadonlyMap<string, Sighting>;
}

/** Longer than this nobody waits for an answer. */
const LOOK_TIMEOUT_MS = 15_000;

/** Undefined when there is nothing to look for; whether the decision can be made at all is found under the run's lock. */
export async function lookForActs(
  operator: Operator,
  actor: Actor,
  id: string,
  request: NodeDecisionRequest,
): Promise<Seen | undefined> {
  if (request.decision !== 'retry' || request.with === undefined) return undefined;
  const run = await findRun(operator.knex, actor.tenant, id);
  const plan = run?.status === 'held' ? await planOf(operator.knex, run) : null;
  const node = plan?.nodes.find((each) => each.id === request.node);
  if (!run || !plan || node?.kind !== 'activity') return undefined;
  const look = { operator, run, plan, node, record: await readRecord(operator.knex, id) };
  const acts = new Map<string, Sighting>();
  for (const act of failedActs(look.record, node).filter(({ inDoubt }) => inDoubt))
    acts.set(act.name, await lookFor(look, act));
  return { decisions: JSON.stringify(run.decisions), acts };
}

/** Of the run as it is now, under its lock: undefined of acts that may have moved since. */
export function sightingsOf(seen: Seen | undefined, { decisions }: RunRow): (act: string) => Sighting | undefined {
  const isSame = seen?.decisions === JSON.stringify(decisions);
  return (act) => (isSame ? seen.acts.get(act) : undefined);
}

interface Look {
  readonly operator: Operator;
  readonly run: RunRow;
  readonly plan: Plan;
  readonly node: ActivityNode;
  readonly record: RunRecord;
}

async function lookFor(look: Look, act: FailedAct): Promise<Sighting> {
  const { operator, record, node } = look;
  const nowMs = operator.clock.now();
  const untilMs = lastArrivalMs(node, act.checkpoint, record.read<Turn>(TURN.id)?.atMs ?? nowMs);
  const probed = await probe(look, act);
  if (probed.found === 'effect' || probed.found === 'partly') return { found: 'there' };
  if (probed.found === 'nothing') return nowMs < untilMs ? { found: 'late', untilMs } : { found: 'absent' };
  const why = probed.found === 'failed' ? probed.error.message : `${node.tool}.${node.action} cannot be asked`;
  return { found: 'unclear', why };
}

// Under the key, and with the arguments, that it had.
async function probe({ operator, run, plan, node, record }: Look, { name, item }: FailedAct): Promise<Probed> {
  const known = { amended: amendmentsOf(run), facts: factsOf(run) };
  const scope = scopeOfNode(plan, node, foldRecord(plan, record), known.facts);
  try {
    const own = actsOf(node, scope).find((each) => each.name === name)?.scope ?? scope;
    return await probeAction(operator.registry, {
      tool: node.tool,
      action: node.action,
      args: argumentsOf(known, node, own, item),
      secrets: secretsOf(node),
      key: actKey(known, node, item),
      timeoutMs: Math.min(node.timeoutMs, LOOK_TIMEOUT_MS),
      breaker: node.breaker,
      insistent: true,
      tenant: run.tenant,
      runId: run.id,
    });
  } catch (error) {
    if (error instanceof FailureError) return { found: 'failed', error: error.failure };
    throw error;
  }
}

function factsOf(run: RunRow): RunFacts {
  const { id, workflow: name, version, tenant, input, started_at: startedAt } = run;
  const { changes } = amendmentsOf(run);
  return { id, name, version, tenant, input, startedAt: startedAt.toISOString(), changes };
}
