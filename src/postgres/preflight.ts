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

/** Throws one `DATABASE` error that names every fault with its remedy. */
export async function checkServer(knex: Knex, options: PreflightOptions = {}): Promise<void> {
  const { settings, skewMs } = await askServer(knex, options.clocks);
  const problems = findServerProblems(settings, skewMs, options);
  if (problems.length === 0) return;
  throw new BreakwaterError(
    'DATABASE',
    `The database is not fit for durable runs: ${problems.map((problem) => problem.message).join(' ')}`,
    {
      problems,
    },
  );
}

/** Pure: what is wrong with such a server. */
export function findServerProblems(
  settings: ServerSettings,
  skewMs: number,
  { allowUnsafeDurability = false, maxSkewMs = MAX_SKEW_MS }: PreflightOptions,
): Problem[] {
  return [
    ...versionProblems(settings),
    ...standbyProblems(settings),
    ...(allowUnsafeDurability ? [] : durabilityProblems(settings)),
    ...skewProblems(skewMs, maxSkewMs),
  ];
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

function versionProblems({ version }: ServerSettings): Problem[] {
  const major = Math.floor(version / 10_000);
  if (major >= OLDEST_VERSION) return [];
  return [{ path: 'server_version', message: `It is Postgres ${major}; use ${OLDEST_VERSION} or later.` }];
}

function standbyProblems({ standby }: ServerSettings): Problem[] {
  if (!standby) return [];
  return [{ path: 'pg_is_in_recovery', message: 'It is a read-only standby; connect to the primary.' }];
}

function durabilityProblems(settings: ServerSettings): Problem[] {
  const names = ['fsync', 'synchronous_commit', 'full_page_writes'] as const;
  return names
    .filter((name) => settings[name] === 'off')
    .map((name) => ({
      path: name,
      message: `${name} is off, so a crash of the server can lose acknowledged steps; turn it on.`,
    }));
}

function skewProblems(skewMs: number, maxSkewMs: number): Problem[] {
  if (Math.abs(skewMs) <= maxSkewMs) return [];
  const direction = skewMs > 0 ? 'ahead of' : 'behind';
  const message = `This machine's clock is ${formatDuration(Math.abs(skewMs))} ${direction} the database's; synchronise both (NTP).`;
  return [{ path: 'clock', message }];
}
