// Where the time of a run went: the chain of nodes that made it as long as it was, and how much later each other node could have ended. Pure.
import type { Plan } from '../../definitions/index.ts';

export interface NodeTime {
  readonly id: string;
  readonly startedAtMs: number;
  /** Absent while it is not settled. */
  readonly finishedAtMs?: number;
}

export interface TimelineNode {
  readonly id: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  /** How much later it could have ended without making the run longer. Absent while it is not settled. */
  readonly slackMs?: number;
  /** It is on the critical path. */
  readonly critical: boolean;
}

export interface Timeline {
  /** In the order in which they began. */
  readonly nodes: readonly TimelineNode[];
  /** From the start to the node that ended last, each waited for by the next. */
  readonly criticalPath: readonly string[];
  /** From the start of the run to the end of the last node. */
  readonly wallMs: number;
  /** Of it what the nodes of the critical path took, without what passed between one and the next. */
  readonly criticalMs: number;
}

export function timelineOf(plan: Pick<Plan, 'nodes'>, times: readonly NodeTime[], startedAtMs: number): Timeline {
  const byId = new Map(times.map((time) => [time.id, time]));
  const dependencies = new Map(
    plan.nodes.map(({ id, dependencies: ids }) => [id, ids.filter((each) => byId.has(each))]),
  );
  const criticalPath = pathTo(lastOf(settledOf(times)), byId, dependencies);
  const onPath = new Set(criticalPath);
  const latest = latestEnds(plan, byId, dependencies);
  const nodes = times
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs)
    .map((time) => nodeOf(time, latest.get(time.id), onPath.has(time.id)));
  const path = criticalPath.flatMap((id) => byId.get(id) ?? []);
  return {
    nodes,
    criticalPath,
    wallMs: Math.max(0, (lastOf(settledOf(times))?.finishedAtMs ?? startedAtMs) - startedAtMs),
    criticalMs: path.reduce((sum, { startedAtMs: from, finishedAtMs: to = from }) => sum + to - from, 0),
  };
}

type Settled = NodeTime & { readonly finishedAtMs: number };

function settledOf(times: readonly NodeTime[]): Settled[] {
  return times.flatMap(({ finishedAtMs, ...time }) => (finishedAtMs === undefined ? [] : [{ ...time, finishedAtMs }]));
}

function lastOf(times: readonly Settled[]): Settled | undefined {
  return times.reduce<Settled | undefined>(
    (last, each) => (last && last.finishedAtMs >= each.finishedAtMs ? last : each),
    undefined,
  );
}

type Dependencies = ReadonlyMap<string, readonly string[]>;

// Back from the end: of what a node waited for, what ended last.
function pathTo(end: Settled | undefined, byId: ReadonlyMap<string, NodeTime>, dependencies: Dependencies): string[] {
  const path: string[] = [];
  for (let node = end; node;) {
    path.unshift(node.id);
    node = lastOf(settledOf((dependencies.get(node.id) ?? []).flatMap((id) => byId.get(id) ?? [])));
  }
  return path;
}

// Dependents come after what they depend on, so that one pass from the last wave to the first knows each.
function latestEnds(
  { nodes }: Pick<Plan, 'nodes'>,
  byId: ReadonlyMap<string, NodeTime>,
  dependencies: Dependencies,
): Map<string, number> {
  const end = lastOf(settledOf([...byId.values()]))?.finishedAtMs ?? 0;
  const latest = new Map<string, number>();
  for (const { id } of nodes.toSorted((a, b) => b.wave - a.wave)) {
    const [time] = settledOf([byId.get(id) ?? { id, startedAtMs: 0 }]);
    if (!time) continue;
    const own = latest.get(id) ?? end;
    latest.set(id, own);
    const needs = dependencies.get(id) ?? [];
    const readyAtMs = Math.max(
      ...settledOf(needs.flatMap((each) => byId.get(each) ?? [])).map((each) => each.finishedAtMs),
    );
    for (const need of needs)
      latest.set(need, Math.min(latest.get(need) ?? end, own - (time.finishedAtMs - readyAtMs)));
  }
  return latest;
}

function nodeOf(
  { id, startedAtMs, finishedAtMs }: NodeTime,
  latestEndMs: number | undefined,
  critical: boolean,
): TimelineNode {
  return {
    id,
    startedAt: new Date(startedAtMs).toISOString(),
    ...(finishedAtMs !== undefined && { finishedAt: new Date(finishedAtMs).toISOString() }),
    ...(finishedAtMs !== undefined &&
      latestEndMs !== undefined && { slackMs: Math.max(0, latestEndMs - finishedAtMs) }),
    critical,
  };
}
