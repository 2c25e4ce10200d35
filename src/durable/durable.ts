// Launch and stop of the durable engine in this process: lease first, then DBOS, then the loops; backwards on the way out.
import { DBOS } from '@dbos-inc/dbos-sdk';
import type { Knex } from 'knex';
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from 'pg';
import type { Emit } from '../kernel/index.ts';
import { startAudit } from './audit.ts';
import { listenAtBoundaries } from './boundary.ts';
import type { BoundaryListener } from './boundary.ts';
import { startClaiming } from './claim.ts';
import { dbosLogger } from './dbos-log.ts';
import { allowExecutions, executionCount, executionsEnded, quiesceAll } from './execution.ts';
import {
  createDbosSchema,
  keepDelaysToTheDatabase,
  stopClaiming,
  tuneParkedPolling,
  tuneRetries,
} from './internals.ts';
import { installGroupCheckpoints } from './group-checkpoints.ts';
import { raiseFence } from './fence.ts';
import { takeLease } from './lease.ts';
import type { Lease } from './lease.ts';
import type { Vitals } from './lease-store.ts';
import { APPLICATION, ENGINE_PROTOCOL } from './protocol.ts';
import { startProtocolAlarm } from './protocol-alarm.ts';
import { startRetention } from './retention.ts';
import type { OnStuck } from './set-aside.ts';
import { startSweep } from './sweep.ts';
import { migrateTransactionCompletions, registerTransactions } from './transaction.ts';
import { tellOfWaits } from './waits.ts';
import { installGuard } from './workflow.ts';

/** A parked execution looks seldom for the outcome that another one records (K1). */
const PARKED_POLL_MS = 30_000;

const noVitals = (): Vitals => ({ slots: { used: 0, queued: 0, capacity: 0 }, clockSkewMs: 0 });

export interface DurableOptions {
  /** DBOS's pool: its errors are relabelled (K2). */
  readonly pool: Pool;
  readonly databaseUrl: string;
  /** Our own tables, inside durable transactions and loops. */
  readonly knex: Knex;
  /** For the lease alone: work that fills a pool must not cost it. */
  readonly leaseKnex: Knex;
  readonly role: string;
  readonly leaseTtlMs: number;
  /** How long finished runs are kept; undefined: for ever. */
  readonly retentionMs?: number;
  /** Told with each heartbeat. Default: no slots, no skew. */
  readonly vitals?: () => Vitals;
  /** Commit what concurrent steps record together (D4). Default on. */
  readonly groupCheckpoints?: boolean;
  readonly emit: Emit;
  readonly onStuck: OnStuck;
  /** This process must not run on: exit at once. */
  readonly onFatal: (reason: string) => void;
  /** For crash tests. */
  readonly onBoundary?: BoundaryListener;
}

export interface Durable {
  /** New at each boot. */
  readonly executorId: string;
  readonly leaseHeld: boolean;
  /** Until the lease runs out unless it is renewed. */
  readonly leaseRemainingMs: number;
  readonly running: number;
  /** Claims no more runs; those here go on. */
  drain(): Promise<void>;
  /** Stops claiming, lets acts in flight finish for up to `drainMs`, hands every run over, gives up the lease. */
  stop(drainMs: number): Promise<void>;
}

/** DBOS's schema and the completion table of our transactions, created or brought up to date. Safe to run many times. */
export async function migrateDurableSchema(databaseUrl: string, pool: Pool, knex: Knex): Promise<void> {
  await createDbosSchema(databaseUrl, pool);
  await migrateTransactionCompletions(knex);
}

/** Workflows must be registered before. One engine a process: DBOS is a singleton. */
export async function launchDurable(options: DurableOptions): Promise<Durable> {
  const { pool, databaseUrl, knex, role, leaseTtlMs, emit, onFatal } = options;
  const host = hostname();
  const executorId = `${host}:${process.pid}:${randomUUID()}`;
  allowExecutions();
  listenAtBoundaries(options.onBoundary);
  registerTransactions(knex);
  installGuard({
    knex,
    emit,
    onStuck: options.onStuck,
    onStorm: () => onFatal('this process gave back more than 50 runs in 10 s'),
  });
  tellOfWaits(emit);
  tuneRetries();
  DBOS.setConfig({
    name: APPLICATION,
    systemDatabaseUrl: databaseUrl,
    systemDatabasePool: pool,
    executorID: executorId,
    applicationVersion: ENGINE_PROTOCOL,
    // Our own claim loop serves the run queue; DBOS's runner keeps its internal one.
    listenQueues: [],
    logger: dbosLogger(emit),
  });
  const executor = { id: executorId, host, pid: process.pid, role };
  const lease = await takeLease({
    knex: options.leaseKnex,
    executor,
    ttlMs: leaseTtlMs,
    vitals: options.vitals ?? noVitals,
    emit,
    onLost: (reason) => onFatal(`lost its lease: ${reason}`),
  });
  raiseFence(() => lease.held);
  await DBOS.launch();
  if (options.groupCheckpoints ?? true) installGroupCheckpoints(emit);
  tuneParkedPolling(PARKED_POLL_MS);
  keepDelaysToTheDatabase();
  const { onStuck } = options;
  const claiming = startClaiming({ knex, databaseUrl, executorId, emit, onStuck });
  const loops = [
    claiming,
    startSweep({ knex, ttlMs: leaseTtlMs, emit, onStuck }),
    startAudit(knex, executorId, emit),
    startRetention({ knex, retentionMs: options.retentionMs, emit }),
    startProtocolAlarm(knex, emit),
  ];
  return {
    executorId,
    get leaseHeld() {
      return lease.held;
    },
    get leaseRemainingMs() {
      return lease.remainingMs;
    },
    get running() {
      return executionCount();
    },
    drain: async () => await claiming.stop(),
    stop: async (drainMs) => await stop({ loops, lease, drainMs }),
  };
}

async function stop({
  loops,
  lease,
  drainMs,
}: {
  loops: { stop(): Promise<void> }[];
  lease: Lease;
  drainMs: number;
}): Promise<void> {
  for (const loop of loops) await loop.stop();
  await stopClaiming();
  quiesceAll('shutdown');
  await Promise.race([executionsEnded(), sleep(drainMs, undefined, { ref: false })]);
  await DBOS.shutdown();
  await lease.release();
}
