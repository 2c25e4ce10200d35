// Names that are stored: changing one strands the rows that carry it.

/** DBOS's application name: scopes our workflows in the system database. */
export const APPLICATION = 'breakwater';

/**
 * The engine's protocol (D6), DBOS's `applicationVersion`: bumped on purpose when step ids or checkpoints change shape, or what proves that a
 * step was done; never by a build.
 */
export const ENGINE_PROTOCOL = 'breakwater-3';

/** Where given-back and taken-over runs wait for a claim. No concurrency limit: work is bounded by activity slots (K10). */
export const RUN_QUEUE = 'breakwater_runs';

/** Where a run with a defect is kept; nobody polls it (K3). */
export const STUCK_QUEUE = 'breakwater_stuck';

/** Postgres tells on it that a run can be claimed: a hint, never the only way to know. */
export const CLAIM_CHANNEL = 'breakwater_claim';
