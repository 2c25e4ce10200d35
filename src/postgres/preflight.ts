// Whether a server may hold durable runs: decided from its settings before anything is written to it.
import type { Knex } from 'knex';
import { BreakwaterError, formatDuration, type Problem } from '../kernel/index.ts';
import { explainConnectFailure } from './connect-failure.ts';
import { DatabaseClock, type LocalClocks } from './database-clock.ts';
import { loadServerSettings, type ServerSettings } from './server-store.ts';
import { connectionUrlOf } from './knex.ts';

const OLDEST_VERSION = 14;

/** A machine whose clock is further off the database's is not fit to start. */
export const MAX_SKEW_MS = 2_000;

export interface PreflightOptions {
  /** Accept a server that may lose acknowledged commits. For tests only. */
  readonly allowUnsafeDurability?: boolean;
  /** Default {@link MAX_SKEW_MS}. */
  readonly maxSkewMs?: number;
  readonly clocks?: LocalClocks;
}

/** What makes a server unfit, and what mends it. */
export interface ServerFault {
  /** The setting, function or thing that shows it. */
  readonly of: string;
  readonly fault: string;
  readonly remedy: string;
}

/** Throws one `DATABASE` error that names every fault with its remedy. */
export async function checkServer(knex: Knex, options: PreflightOptions = {}): Promise<void> {
  const problems = (await inspectServer(knex, options)).map(problemOf);
  if (problems.length === 0) return;
  throw new BreakwaterError(
    'DATABASE',
    `The database is not fit for durable runs: ${problems.map((problem) => problem.message).join(' ')}`,
    {
      problems,
    },
  );
}

/** Throws only when the server cannot be asked. */
export async function inspectServer(knex: Knex, options: PreflightOptions = {}): Promise<ServerFault[]> {
  const { settings, skewMs } = await askServer(knex, options.clocks);
  return findServerFaults(settings, skewMs, options);
}

/** Pure: what is wrong with such a server, as problems. */
export function findServerProblems(settings: ServerSettings, skewMs: number, options: PreflightOptions): Problem[] {
  return findServerFaults(settings, skewMs, options).map(problemOf);
}

function findServerFaults(
  settings: ServerSettings,
  skewMs: number,
  { allowUnsafeDurability = false, maxSkewMs = MAX_SKEW_MS }: PreflightOptions,
): ServerFault[] {
  return [
    ...versionFaults(settings),
    ...standbyFaults(settings),
    ...(allowUnsafeDurability ? [] : durabilityFaults(settings)),
    ...skewFaults(skewMs, maxSkewMs),
  ];
}

function problemOf({ of, fault, remedy }: ServerFault): Problem {
  return { path: of, message: `${fault}; ${remedy}.` };
}

async function askServer(knex: Knex, clocks?: LocalClocks): Promise<{ settings: ServerSettings; skewMs: number }> {
  try {
    const settings = await loadServerSettings(knex);
    const clock = new DatabaseClock(knex, clocks);
    await clock.measure();
    return { settings, skewMs: clock.skewMs };
  } catch (error) {
    throw explainConnectFailure(connectionUrlOf(knex), error);
  }
}

function versionFaults({ version }: ServerSettings): ServerFault[] {
  const major = Math.floor(version / 10_000);
  if (major >= OLDEST_VERSION) return [];
  return [{ of: 'server_version', fault: `It is Postgres ${major}`, remedy: `use ${OLDEST_VERSION} or later` }];
}

function standbyFaults({ standby }: ServerSettings): ServerFault[] {
  if (!standby) return [];
  return [{ of: 'pg_is_in_recovery', fault: 'It is a read-only standby', remedy: 'connect to the primary' }];
}

function durabilityFaults(settings: ServerSettings): ServerFault[] {
  const names = ['fsync', 'synchronous_commit', 'full_page_writes'] as const;
  return names
    .filter((name) => settings[name] === 'off')
    .map((name) => ({
      of: name,
      fault: `${name} is off, so a crash of the server can lose acknowledged steps`,
      remedy: 'turn it on',
    }));
}

function skewFaults(skewMs: number, maxSkewMs: number): ServerFault[] {
  if (Math.abs(skewMs) <= maxSkewMs) return [];
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  const fault = `This machine's clock is ${formatDuration(Math.abs(skewMs))} ${direction} the database's`;
  return [{ of: 'clock', fault, remedy: 'synchronise both (NTP)' }];
}
