// What the outside may ask of what happened: a run's history, live too, its timeline, and failures in groups.
import type { Knex } from 'knex';
import { BreakwaterError } from '../../kernel/index.ts';
import type { Page } from '../../kernel/index.ts';
import type { Registry } from '../../tools/index.ts';
import { deriveFacts } from './derive-facts.ts';
import type { Fact } from './fact.ts';
import { historyPage } from './history-page.ts';
import type { HistoryFilter } from './history-page.ts';
import { readLog } from './history-store.ts';
import { nodeTimes } from './node-times.ts';
import type { RunLog } from './run-log.ts';
import { servicesIn } from './services.ts';
import { timelineOf } from './timeline.ts';
import type { Timeline } from './timeline.ts';

export interface RunHistory {
  /** Unknown run: BreakwaterError NOT_FOUND. */
  history(tenant: string, runId: string, filter: HistoryFilter): Promise<Page<Fact>>;
  /** Of a run of code, of which nobody knows what a call depends on, without slack. */
  timeline(tenant: string, runId: string): Promise<Timeline>;
}

export interface HistoryOptions {
  /** Of requests: every query is behind the wall of its tenant. */
  readonly knex: Knex;
  readonly registry: Registry;
}

export function createRunHistory({ knex, registry }: HistoryOptions): RunHistory {
  const services = servicesIn(registry);
  const logOf = async (tenant: string, runId: string): Promise<RunLog> => {
    const log = await readLog(knex, { tenant, runId, services });
    if (!log) throw new BreakwaterError('NOT_FOUND', `No run "${runId}".`);
    return log;
  };
  return {
    history: async (tenant, runId, filter) => historyPage(deriveFacts(await logOf(tenant, runId)), filter),
    async timeline(tenant, runId) {
      const log = await logOf(tenant, runId);
      return timelineOf(log.plan ?? { nodes: [] }, nodeTimes(deriveFacts(log)), log.run.started_at.getTime());
    },
  };
}
