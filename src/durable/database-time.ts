// The database's clock as DBOS's columns hold it.

/** SQL: now, in milliseconds since 1970, also within a transaction that began earlier. */
export const NOW_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint';
