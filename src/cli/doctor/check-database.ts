// Can runs live in this database? Asks it and changes nothing; an embedded cluster that was set up is started for as long as that takes.
import type { Knex } from 'knex';
import type { Config } from '../../config.ts';
import { refusesLinksOfOthers } from '../../approvals/index.ts';
import { ENGINE_PROTOCOL, listExecutors, listUnserved } from '../../durable/index.ts';
import { BreakwaterError } from '../../kernel/index.ts';
import {
  SESSIONS_PER_PROCESS,
  describeConnectFailure,
  hasEmbeddedCluster,
  inspectServer,
  openEmbeddedCluster,
  pendingMigrations,
  unknownMigrations,
} from '../../postgres/index.ts';
import { withKnex } from '../database.ts';
import { problem, type CheckResult, type Finding } from './finding.ts';
import {
  freeSessions,
  judgeClocks,
  judgeConnections,
  judgeMigrations,
  judgeSession,
  judgeUnserved,
} from './judge-database.ts';
import {
  keepsItsSession,
  loadNewestPlans,
  loadSessionFacts,
  maySetAppRole,
  type SessionFacts,
} from './server-facts-store.ts';
import { usedDefinition, type UsedDefinition } from './used-definition.ts';

/** A run that was started a moment ago is nobody's yet. */
const UNSERVED_GRACE_MS = 10_000;

export interface DatabaseExamination {
  readonly results: readonly CheckResult[];
  /** The definitions that were published; none when it cannot be asked. */
  readonly used: readonly UsedDefinition[];
}

export async function checkDatabase(config: Config): Promise<DatabaseExamination> {
  if (config.databaseUrl !== undefined) return await examineUrl(config, config.databaseUrl);
  if (!(await hasEmbeddedCluster(config.dataDir))) {
    const looked = `none yet: the first start sets one up in ${config.dataDir}`;
    return { results: [{ check: 'database', looked, findings: [] }], used: [] };
  }
  const cluster = await openEmbeddedCluster(config.dataDir);
  try {
    return await examineUrl(config, cluster.url);
  } finally {
    await cluster.stop();
  }
}

async function examineUrl(config: Config, url: string): Promise<DatabaseExamination> {
  try {
    return await withKnex(url, async (knex) => await examine(config, knex));
  } catch (error) {
    if (!(error instanceof BreakwaterError) || error.code !== 'DATABASE') throw error;
    const { fault, remedy = 'see what the database says in its log' } = describeConnectFailure(url, error.cause);
    return {
      results: [{ check: 'database', looked: 'it cannot be asked', findings: [problem(fault, remedy)] }],
      used: [],
    };
  }
}

async function examine(config: Config, knex: Knex): Promise<DatabaseExamination> {
  const server = await serverFindings(config, knex);
  const facts = await loadSessionFacts(knex);
  const pending = await pendingMigrations(knex);
  const looked = `Postgres ${facts.version} as ${facts.login}`;
  const results: CheckResult[] = [
    { check: 'database', looked, findings: [...server, ...judgeSession(facts), ...(await poolerFindings(knex))] },
    {
      check: 'schema',
      looked: pending.length === 0 ? 'every migration of this version has run' : 'not up to date',
      findings: judgeMigrations(pending, await unknownMigrations(knex)),
    },
  ];
  if (pending.length > 0) return { results: [...results, connectionsResult(facts, 1)], used: [] };
  return {
    results: [...results, ...(await examineTables(config, knex, facts))],
    used: await publishedDefinitions(knex),
  };
}

async function serverFindings({ allowUnsafeDurability }: Config, knex: Knex): Promise<Finding[]> {
  const faults = await inspectServer(knex);
  return faults.map(({ of, fault, remedy }) => ({
    level: allowUnsafeDurability && DURABILITY.has(of) ? 'warning' : 'problem',
    fault,
    remedy,
  }));
}

async function poolerFindings(knex: Knex): Promise<Finding[]> {
  if (await keepsItsSession(knex)) return [];
  const fault = 'A session does not keep what it was told: a pooler in transaction mode stands before Postgres';
  return [problem(fault, 'use its session mode, or connect to Postgres itself')];
}

/** What BREAKWATER_ALLOW_UNSAFE_DURABILITY lets pass. */
const DURABILITY: ReadonlySet<string> = new Set(['fsync', 'full_page_writes', 'synchronous_commit']);

async function examineTables(config: Config, knex: Knex, facts: SessionFacts): Promise<CheckResult[]> {
  const executors = await listExecutors(knex);
  // An api process holds no lease.
  const processes = Math.max(1, executors.length, facts.processes);
  const unserved = await listUnserved(knex, UNSERVED_GRACE_MS);
  return [
    {
      check: 'rights',
      looked: 'the role of requests, breakwater_app',
      findings: await roleFindings(knex, facts.login),
    },
    connectionsResult(facts, processes),
    {
      check: 'executors',
      looked: `${executors.length} alive`,
      findings: [...judgeUnserved(unserved, ENGINE_PROTOCOL), ...judgeClocks(executors)],
    },
    {
      check: 'link key',
      looked: 'that of the executor that started last',
      findings: await linkKeyFindings(config, knex),
    },
  ];
}

function connectionsResult(facts: SessionFacts, processes: number): CheckResult {
  const looked = `${processes * SESSIONS_PER_PROCESS} at most for ${processes} of ours, ${freeSessions(facts)} free`;
  return { check: 'connections', looked, findings: judgeConnections(facts, processes) };
}

async function roleFindings(knex: Knex, login: string): Promise<Finding[]> {
  if (await maySetAppRole(knex)) return [];
  const fault = `The login ${login} may not become breakwater_app, so every request fails`;
  const remedy = `grant breakwater_app to ${login}; where a restore left that role out, restore it again after "create role breakwater_app nologin"`;
  return [problem(fault, remedy)];
}

async function linkKeyFindings({ linkKey, previousLinkKey }: Config, knex: Knex): Promise<Finding[]> {
  if (!(await refusesLinksOfOthers(knex, { current: linkKey, previous: previousLinkKey }))) return [];
  return [
    problem(
      'Another executor signs approval links with a key that this set-up does not have: each would refuse the links of the other',
      'give all of them the same BREAKWATER_LINK_KEY, and the one before as BREAKWATER_LINK_KEY_PREVIOUS; or set it for none',
    ),
  ];
}

async function publishedDefinitions(knex: Knex): Promise<UsedDefinition[]> {
  return (await loadNewestPlans(knex)).map(usedDefinition);
}
