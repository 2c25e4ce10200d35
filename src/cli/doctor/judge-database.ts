// What is wrong with a database that answers, for processes like ours. Pure.
import { formatDuration } from '../../kernel/index.ts';
import { MAX_SKEW_MS, SESSIONS_PER_PROCESS } from '../../postgres/index.ts';
import { problem, type Finding } from './finding.ts';
import type { SessionFacts } from './server-facts-store.ts';

/** Migrations and the deletion of old runs may take some seconds a statement. */
const LEAST_STATEMENT_TIMEOUT_MS = 60_000;

export function judgeMigrations(pending: readonly string[], unknown: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  if (pending.length > 0)
    findings.push(
      problem(
        `${pending.length} migrations have not run here, from ${pending[0]} on`,
        'run "breakwater migrate"; "breakwater start" does so too',
      ),
    );
  if (unknown.length > 0)
    findings.push(
      problem(
        `The database is newer than this version, which does not know ${unknown.join(', ')}`,
        'use the version that migrated it; while a deployment rolls this is as it should be',
      ),
    );
  return findings;
}

/** `processes`: those that are alive, or the one to come. */
export function judgeConnections(facts: SessionFacts, processes: number): Finding[] {
  const wanted = processes * SESSIONS_PER_PROCESS;
  const free = freeSessions(facts);
  if (wanted <= free) return [];
  const who = processes === 1 ? 'A process' : `${processes} processes`;
  const limits = [
    [facts.login_limit, `the connection limit of the login ${facts.login} (alter role … connection limit)`],
    [facts.database_limit, 'the connection limit of the database (alter database … connection limit)'],
  ] as const;
  const [, limited] = limits.find(([limit]) => limit >= 0 && limit <= free) ?? [];
  const enough = Math.ceil((wanted + facts.others + facts.reserved) / 10) * 10;
  return [
    problem(
      `${who} of ours may hold ${wanted} sessions, and ${free} are free for them`,
      limited === undefined ? `raise max_connections to ${enough}, or run fewer processes` : `raise ${limited}`,
    ),
  ];
}

/** What other programs and Postgres's own reserve leave. */
export function freeSessions({ max_connections, reserved, others, login_limit, database_limit }: SessionFacts): number {
  const limits = [login_limit, database_limit].filter((limit) => limit >= 0);
  return Math.max(0, Math.min(max_connections - reserved - others, ...limits));
}

export function judgeSession({ login, statement_timeout_ms, lock_timeout_ms, read_only }: SessionFacts): Finding[] {
  const findings: Finding[] = [];
  const reset = (name: string) =>
    `alter role ${login} reset ${name}, or where the database or the server sets it; it may also stand in the URL`;
  for (const [name, ms] of [
    ['statement_timeout', statement_timeout_ms],
    ['lock_timeout', lock_timeout_ms],
  ] as const) {
    if (ms === 0 || ms >= LEAST_STATEMENT_TIMEOUT_MS) continue;
    const fault = `${name} is ${formatDuration(ms)} for the login ${login}: statements that take longer are cancelled, and their runs given back again and again`;
    findings.push(problem(fault, reset(name)));
  }
  if (read_only)
    findings.push(problem(`Transactions of the login ${login} are read-only`, reset('default_transaction_read_only')));
  return findings;
}

export interface UnservedRuns {
  readonly protocol: string;
  readonly count: number;
}

export function judgeUnserved(unserved: readonly UnservedRuns[], ownProtocol: string): Finding[] {
  return unserved.map(({ protocol, count }) =>
    problem(
      `${count} ${count === 1 ? 'run is' : 'runs are'} under way and no executor that is alive serves ${protocol === ownProtocol ? 'them' : `their protocol, ${protocol}`}`,
      protocol === ownProtocol
        ? 'start a process with BREAKWATER_ROLE all or worker'
        : 'start a worker of the version that they began under, until they have ended (docs/operations.md)',
    ),
  );
}

export interface ExecutorClock {
  readonly host: string;
  readonly clock_skew_ms: number;
}

export function judgeClocks(executors: readonly ExecutorClock[]): Finding[] {
  return executors
    .filter(({ clock_skew_ms }) => Math.abs(clock_skew_ms) > MAX_SKEW_MS)
    .map(({ host, clock_skew_ms }) =>
      problem(
        `The clock of ${host}, where an executor runs, is ${formatDuration(Math.abs(clock_skew_ms))} off the database's`,
        'synchronise both (NTP): a restart there would be refused',
      ),
    );
}
