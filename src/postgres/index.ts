// The face of the Postgres room: sessions with it, the embedded cluster, migrations, the database's clock and its checks.
export { createPool, type PoolOptions } from './pool.ts';
export { knexPoolFigures, pgPoolFigures } from './pool-figures.ts';
export type { PoolFigures } from './pool-figures.ts';
export { createKnex, rawClient, withClient, type KnexOptions } from './knex.ts';
export { forTenant, inTenant } from './tenant.ts';
export { isOwnDatabaseError } from './own-database-error.ts';
export { LostConnectionError } from './relabel.ts';
export {
  hasEmbeddedCluster,
  openEmbeddedCluster,
  removeEmbeddedCluster,
  stopEmbeddedCluster,
  type ClusterOptions,
  type EmbeddedCluster,
} from './embedded-cluster.ts';
export { createDatabaseIfMissing } from './ensure-database.ts';
export { describeConnectFailure } from './connect-failure.ts';
export { migrate, pendingMigrations, unknownMigrations } from './migrate.ts';
export { createSkewWatch } from './clock-skew.ts';
export { codeOf } from './error-code.ts';
export { DatabaseClock } from './database-clock.ts';
export { MAX_SKEW_MS, checkServer, inspectServer, type PreflightOptions } from './preflight.ts';
export { listen, type Listener } from './listener.ts';
export { packageRoot } from './package-root.ts';
export { POOL_SIZES, SESSIONS_PER_PROCESS } from './session-budget.ts';
export { selectRow, selectRows } from './rows.ts';
export { timestampText } from './timestamp-text.ts';
