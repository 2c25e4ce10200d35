// How full a pool is: what knex's own pool and pg's say of themselves.
import type { Knex } from 'knex';
import type { Pool } from 'pg';
import { z } from 'zod';

export interface PoolFigures {
  readonly used: number;
  readonly free: number;
  /** Who waits for a session. */
  readonly waiting: number;
}

interface KnexPool {
  numUsed(): number;
  numFree(): number;
  numPendingAcquires(): number;
}

const ofKnex = z.object({
  pool: z.custom<KnexPool>((pool) => z.object({ numUsed: z.function() }).safeParse(pool).success),
});

export function knexPoolFigures(knex: Knex): PoolFigures {
  const { pool } = ofKnex.parse(knex.client);
  return { used: pool.numUsed(), free: pool.numFree(), waiting: pool.numPendingAcquires() };
}

export function pgPoolFigures({ totalCount, idleCount, waitingCount }: Pool): PoolFigures {
  return { used: totalCount - idleCount, free: idleCount, waiting: waitingCount };
}
