// How many sessions with Postgres one process of ours may hold at once: what max_connections is reckoned by.

export const POOL_SIZES = { dbos: 10, engine: 10, api: 10, lease: 2 } as const;

/** Sessions of their own that listen: for claims, for breakers, for notices. */
const LISTENERS = 3;

export const SESSIONS_PER_PROCESS = Object.values(POOL_SIZES).reduce((sum, size) => sum + size, LISTENERS);
