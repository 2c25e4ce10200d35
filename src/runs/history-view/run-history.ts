// What the outside may ask of what happened: a run's history, live too, its timeline, and failures in groups.
import type { Knex } from 'knex';
import { BreakwaterError } from '../../kernel/index.ts';
import type { Emit, Page, PageRequest } from '../../kernel/index.ts';
import type { Registry } from '../../tools/index.ts';
import { openFeed } from './feed.ts';
import { followRun } from './follow-run.ts';
import type { FollowParts, Following } from './follow-run.ts';
import type { ToldFact } from './follow-facts.ts';
import { failurePage } from './failures.ts';
import type { FailureGroup } from './failures.ts';
import { groupFailures } from './failures-store.ts';
import type { FailureFilter } from './failures-store.ts';
import { deriveFacts } from './derive-facts.ts';
import type { Fact } from './fact.ts';
import { historyPage } from './history-page.ts';
import type { HistoryFilter } from './history-page.ts';
import { readLog, readPlan, readVersions } from './history-store.ts';
import { nodeTimes } from './node-times.ts';
import { graphOf } from './run-graph.ts';
import type { RunGraph } from './run-graph.ts';
import type { RunLog } from './run-log.ts';
import { servicesIn } from './services.ts';
import { timelineOf } from './timeline.ts';
import type { Timeline } from './timeline.ts';

export interface RunHistory {
  /** Unknown run: BreakwaterError NOT_FOUND. */
  history(tenant: string, runId: string, filter: HistoryFilter): Promise<Page<Fact>>;
  /** What it executes, to draw. */
  graph(tenant: string, runId: string): Promise<RunGraph>;
  /** What there is at once, then what becomes known, until the run is over and all of it is told. */
  follow(following: Following): AsyncGenerator<readonly ToldFact[], void, void>;
  /** Of a run of code, of which nobody knows what a call depends on, without slack. */
  timeline(tenant: string, runId: string): Promise<Timeline>;
  /** Runs that failed, or are held or stuck, in groups; the largest first. */
  failures(tenant: string, filter: FailureFilter & PageRequest): Promise<Page<FailureGroup>>;
  /** Ends the looks for those who follow. */
  close(): void;
}

export interface HistoryOptions {
  /** Of requests: every query is behind the wall of its tenant. */
  readonly knex: Knex;
  readonly registry: Registry;
  readonly emit: Emit;
}

export function createRunHistory({ knex, registry, emit }: HistoryOptions): RunHistory {
  const services = servicesIn(registry);
  const feed = openFeed({ look: async (tenant, runIds) => await readVersions(knex, tenant, runIds), emit });
  const read: FollowParts['read'] = async (tenant, runId, snapshots) =>
    await readLog(knex, { tenant, runId, snapshots, services });
  const logOf = async (tenant: string, runId: string): Promise<RunLog> => foundOf(runId, await read(tenant, runId, []));
  return {
    history: async (tenant, runId, filter) => historyPage(deriveFacts(await logOf(tenant, runId)), filter),
    graph: async (tenant, runId) => graphOf(foundOf(runId, await readPlan(knex, tenant, runId))),
    follow: (following) => followRun({ feed, read }, following),
    failures: async (tenant, filter) => failurePage(await groupFailures(knex, tenant, filter), filter),
    close: () => feed.close(),
    async timeline(tenant, runId) {
      const log = await logOf(tenant, runId);
      return timelineOf(log.plan ?? { nodes: [] }, nodeTimes(deriveFacts(log)), log.run.started_at.getTime());
    },
  };
}

function foundOf<T>(runId: string, found: T | undefined): T {
  if (found === undefined) throw new BreakwaterError('NOT_FOUND', `No run "${runId}".`);
  return found;
}
