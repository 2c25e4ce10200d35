// The composition root: builds the rooms bottom-up from one configuration, starts them, stops them in reverse.
import type { Knex } from 'knex';
import { join } from 'node:path';
import type { Pool } from 'pg';
import { linkKeys, signLink, startNotices } from './approvals/index.ts';
import type { LinkClaims, LinkKeys } from './approvals/index.ts';
import { readEnvironment } from './config.ts';
import type { Config, Environment } from './config.ts';
import { connectDurable, launchDurable, migrateDurableSchema } from './durable/index.ts';
import type { BoundaryListener } from './durable/index.ts';
import { createHttpApp, ensureAdminKey } from './http/index.ts';
import type { AdminKey } from './http/index.ts';
import { BreakwaterError, emitToAll, messageOf, silent } from './kernel/index.ts';
import type { Emit } from './kernel/index.ts';
import { loadUserCode, publishFolder } from './load-workflows.ts';
import {
  DatabaseClock,
  POOL_SIZES,
  checkServer,
  createSkewWatch,
  createDatabaseIfMissing,
  createKnex,
  createPool,
  knexPoolFigures,
  migrate,
  openEmbeddedCluster,
  packageRoot,
  pendingMigrations,
  pgPoolFigures,
} from './postgres/index.ts';
import { createSlots, openBreakers } from './resilience/index.ts';
import type { Breakers, Slots } from './resilience/index.ts';
import {
  createCodedWorkflows,
  createControlWatch,
  createRuns,
  publishCoded,
  registerRunWorkflow,
  startBulkWork,
  stuckError,
} from './runs/index.ts';
import type { Actor, BulkWork, CodedWorkflows, Runs } from './runs/index.ts';
import { createLog, createMetrics, openTraces } from './telemetry/index.ts';
import type { Metrics, Vitals } from './telemetry/index.ts';
import {
  allTools,
  connectAllTools,
  createRedactor,
  createRegistry,
  createRequestTeller,
  openSecrets,
} from './tools/index.ts';
import type { Redactor, Registry, Tool, ToolParts } from './tools/index.ts';

/** How long acts in flight may go on after a stop was asked for. */
const DRAIN_MS = 20_000;
const CLOCK_EVERY_MS = 5_000;
/** Opening a connection takes some round trips. */
const MIN_LEASE_WATCHDOG_MS = 500;

/** The only tenant until keys for others are made. */
export const DEFAULT_TENANT = 'default';
const SYSTEM: Actor = { tenant: DEFAULT_TENANT, user: 'system', roles: ['admin'] };

export interface App {
  readonly url: string;
  /** Absent in a process that executes no runs. */
  readonly executorId?: string;
  readonly runs: Runs;
  /** Known when it was given or is kept in the data directory; `created` when this start made it. */
  readonly adminKey?: string;
  readonly adminKeyCreated: boolean;
  /** A signed link for one approver. It is a bearer capability: send it to that person, show it nowhere else. */
  approvalLink(claims: Omit<LinkClaims, 'tenant'>): string;
  stop(): Promise<void>;
}

export interface AppOptions {
  /** Told of everything instead of the log. */
  readonly emit?: Emit;
  /** For the bench: nobody is told of anything, and metrics stay at nothing. */
  readonly isUntold?: boolean;
  /** Where tools of the workflows folder find their credentials; default: the process's environment and .env. */
  readonly environment?: Environment;
  /** Called when this process must not run on; default: exit at once. */
  readonly onFatal?: (reason: string) => void;
  /** For crash tests: told of every instant at which a dying process makes a difference. */
  readonly onBoundary?: BoundaryListener;
}

/** Starts everything, or nothing: what was started is stopped again when a later part fails. */
export async function startApp(config: Config, options: AppOptions = {}): Promise<App> {
  const cleanups: (() => Promise<unknown>)[] = [];
  const redactor = createRedactor();
  const metrics = createMetrics();
  const emit = subscribers(config, options, { redactor, metrics }, (cleanup) => cleanups.push(cleanup));
  const stop = async (): Promise<void> => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  };
  try {
    return {
      ...(await build({ config, emit, redactor, metrics, options }, (cleanup) => cleanups.push(cleanup))),
      stop,
    };
  } catch (error) {
    await stop().catch((again: unknown) =>
      emit({ level: 'warn', name: 'main.stop_failed', fields: { error: messageOf(again) } }),
    );
    throw error;
  }
}

// Spans are sent until everything else has stopped.
function subscribers(
  { logLevel, otlp }: Config,
  { emit, isUntold }: AppOptions,
  { redactor, metrics }: { readonly redactor: Redactor; readonly metrics: Metrics },
  onStop: (cleanup: () => Promise<unknown>) => void,
): Emit {
  if (isUntold) return silent;
  const told = emitToAll([emit ?? createLog(logLevel, redactor.text), metrics.tell]);
  if (!otlp) return told;
  for (const value of Object.values(otlp.headers)) redactor.hide(value);
  const traces = openTraces({ ...otlp, emit: told });
  onStop(async () => await traces.stop());
  return emitToAll([told, traces.tell]);
}

interface Foundation {
  readonly config: Config;
  readonly emit: Emit;
  readonly redactor: Redactor;
  readonly metrics: Metrics;
  readonly options: AppOptions;
}

async function build(
  { config, emit, redactor, metrics, options }: Foundation,
  onStop: (cleanup: () => Promise<unknown>) => void,
): Promise<Omit<App, 'stop'>> {
  const databaseUrl = await openDatabase(config, emit, onStop);
  const database = openSessions(databaseUrl, config.leaseTtlMs, emit, onStop);
  await prepareDatabase(config, database, emit);

  const clock = new DatabaseClock(database.engine);
  await clock.measure();
  onStop(keepMeasuring(clock, emit));

  // Known once the engine is launched; until then a try of this process is nobody's.
  const executor: { id?: string } = {};
  const breakers = await openBreakers({
    knex: database.engine,
    databaseUrl,
    clock,
    emit,
    holder: () => executor.id,
  });
  onStop(async () => await breakers.stop());

  const added = await loadUserCode(config.workflowsDir);
  const environment = options.environment ?? readEnvironment();
  const toolParts = { knex: database.engine, clock, breakers, redactor, emit };
  const registry = registerTools(config, added.tools, environment, toolParts);
  onStop(async () => await registry.close());
  metrics.nameBy(registry.catalog);
  const coded = createCodedWorkflows(added.workflows);
  await publishCoded(database.engine, DEFAULT_TENANT, coded.all());
  const keys = await linkKeys(database.engine, { current: config.linkKey, previous: config.previousLinkKey });
  // Known once this process listens; a worker answers no links.
  const own: { url?: string } = {};
  const linkBase = (): string | undefined => config.baseUrl ?? (config.role === 'worker' ? undefined : own.url);
  const parts = { config, database, registry, coded, clock, emit, keys, linkBase };
  const part = config.role === 'api' ? await connect(parts, options) : await execute(parts, options, onStop);
  executor.id = part.executorId;
  onStop(async () => await part.stop());

  const bulk = part.executorId === undefined ? undefined : workOnMany(parts, onStop);
  const runs = createRuns({ knex: database.api, registry, coded, clock, onBulk: () => bulk?.wake() });
  const admin = config.role === 'worker' ? undefined : await furnishApi(config, database, runs, emit);
  const url = await listen({ ...parts, part, runs, metrics }, onStop);
  own.url = url;
  // Runs last, so it stops first: while answers are still being given nothing more is claimed.
  onStop(async () => await part.drain());
  if (part.executorId !== undefined) tellPeople(parts, part.executorId, onStop);
  emit({ level: 'info', name: 'main.ready', fields: { url, role: config.role, executor: part.executorId } });
  return {
    url,
    executorId: part.executorId,
    runs,
    adminKey: admin?.key,
    adminKeyCreated: admin?.created ?? false,
    approvalLink: (claims) =>
      `${config.baseUrl ?? url}/approve/${signLink({ ...claims, tenant: DEFAULT_TENANT }, keys.current)}`,
  };
}

function workOnMany({ database, clock, emit }: Parts, onStop: (cleanup: () => Promise<unknown>) => void): BulkWork {
  const work = startBulkWork({ engine: database.engine, api: database.api, clock, emit });
  onStop(async () => await work.stop());
  return work;
}

// Only once this process listens: links may lead to it.
function tellPeople(
  { database, registry, emit, keys, linkBase }: Parts,
  holder: string,
  onStop: (cleanup: () => Promise<unknown>) => void,
): void {
  const notices = startNotices({
    knex: database.engine,
    databaseUrl: database.url,
    registry,
    random: Math.random,
    emit,
    linkKeys: keys,
    linkBase,
    holder,
  });
  onStop(async () => await notices.stop());
}

async function furnishApi(config: Config, database: Database, runs: Runs, emit: Emit): Promise<AdminKey> {
  await publishFolder(config.workflowsDir, runs.definitions, SYSTEM, emit);
  return await ensureAdminKey(database.engine, { configured: config.adminKey, dataDir: config.dataDir });
}

interface ToolSurroundings extends Pick<ToolParts, 'knex'> {
  readonly clock: DatabaseClock;
  readonly breakers: Breakers;
  readonly redactor: Redactor;
  readonly emit: Emit;
}

function registerTools(
  config: Config,
  added: readonly Tool[],
  environment: Environment,
  { breakers, redactor, emit, ...parts }: ToolSurroundings,
): Registry {
  const outbound = { sandboxUrl: config.sandboxUrl, allow: config.outboundAllow };
  const own = allTools({ ...parts, outbound, chromium: config.chromium });
  const { toolEnv, sandboxUrl } = config;
  const connections = connectAllTools({ own, added, ownEnvironment: toolEnv, environment, sandboxUrl });
  const tools = [...own, ...added];
  const { secretsFile: file } = config;
  const secrets = openSecrets({ file, environment, tools, defaultTenant: DEFAULT_TENANT, redactor, emit });
  const teller = createRequestTeller({ emit, clock: parts.clock, propagate: config.otlp !== undefined });
  return createRegistry(tools, connections, { breakers, secrets, teller });
}

interface Database {
  readonly url: string;
  /** DBOS's own: errors relabelled (K2). */
  readonly dbos: Pool;
  readonly engine: Knex;
  /** Under the role breakwater_app. */
  readonly api: Knex;
  /** Never shared with work: a full pool must not cost the lease. */
  readonly lease: Knex;
}

async function openDatabase(
  config: Config,
  emit: Emit,
  onStop: (cleanup: () => Promise<unknown>) => void,
): Promise<string> {
  if (config.databaseUrl !== undefined) {
    await createDatabaseIfMissing(config.databaseUrl);
    return config.databaseUrl;
  }
  const cluster = await openEmbeddedCluster(config.dataDir, { emit });
  onStop(async () => await cluster.stop());
  return cluster.url;
}

function openSessions(
  url: string,
  leaseTtlMs: number,
  emit: Emit,
  onStop: (cleanup: () => Promise<unknown>) => void,
): Database {
  const dbos = createPool(url, { max: POOL_SIZES.dbos, name: 'breakwater-dbos', emit });
  const engine = createKnex(url, { max: POOL_SIZES.engine, name: 'breakwater-engine', emit });
  const api = createKnex(url, { max: POOL_SIZES.api, name: 'breakwater-api', role: 'breakwater_app', emit });
  // A renewal that hangs is given up when the next one is due.
  const watchdogMs = Math.max(leaseTtlMs / 4, MIN_LEASE_WATCHDOG_MS);
  const lease = createKnex(url, { max: POOL_SIZES.lease, name: 'breakwater-lease', watchdogMs, emit });
  onStop(async () => await Promise.all([dbos.end(), engine.destroy(), api.destroy(), lease.destroy()]));
  return { url, dbos, engine, api, lease };
}

async function prepareDatabase(config: Config, { url, dbos, engine }: Database, emit: Emit): Promise<void> {
  await checkServer(engine, { allowUnsafeDurability: config.allowUnsafeDurability });
  await migrateDurableSchema(url, dbos, engine);
  await migrate(engine, emit);
}

interface Parts {
  readonly config: Config;
  readonly database: Database;
  readonly registry: Registry;
  readonly coded: CodedWorkflows;
  readonly clock: DatabaseClock;
  readonly emit: Emit;
  readonly keys: LinkKeys;
  /** What links begin with; undefined while nobody answers them. */
  readonly linkBase: () => string | undefined;
}

/** What this process is to runs: an executor, or only the door through which they come. */
interface DurablePart {
  /** Absent when it executes none. */
  readonly executorId?: string;
  readonly leaseHeld: boolean;
  readonly leaseRemainingMs: number;
  /** Absent when it executes none. */
  readonly slots?: Slots;
  /** Takes no more runs. */
  drain(): Promise<void>;
  stop(): Promise<void>;
}

async function connect({ database, emit }: Parts, { onBoundary }: AppOptions): Promise<DurablePart> {
  const client = await connectDurable({
    pool: database.dbos,
    databaseUrl: database.url,
    knex: database.engine,
    emit,
    onBoundary,
  });
  return { leaseHeld: false, leaseRemainingMs: 0, drain: async () => undefined, stop: async () => await client.stop() };
}

async function execute(
  { config, database, registry, coded, clock, emit }: Parts,
  { onFatal = exitAtOnce(emit), onBoundary }: AppOptions,
  onStop: (cleanup: () => Promise<unknown>) => void,
): Promise<DurablePart> {
  const controls = createControlWatch(database.engine, emit);
  onStop(async () => controls.stop());
  const slots = createSlots(config.activitySlots);
  registerRunWorkflow({ knex: database.engine, registry, clock, random: Math.random, emit, controls, slots }, coded);
  const durable = await launchDurable({
    pool: database.dbos,
    databaseUrl: database.url,
    knex: database.engine,
    leaseKnex: database.lease,
    role: config.role,
    leaseTtlMs: config.leaseTtlMs,
    groupCheckpoints: config.groupCheckpoints,
    retentionMs: config.retentionMs,
    vitals: () => ({ slots, clockSkewMs: clock.skewMs }),
    emit,
    onStuck: stuckError,
    onFatal,
    onBoundary,
  });
  return {
    executorId: durable.executorId,
    slots,
    get leaseHeld() {
      return durable.leaseHeld;
    },
    get leaseRemainingMs() {
      return durable.leaseRemainingMs;
    },
    drain: async () => await durable.drain(),
    stop: async () => await durable.stop(DRAIN_MS),
  };
}

// Others may own our runs already: nothing gentle is safe.
function exitAtOnce(emit: Emit): (reason: string) => void {
  return (reason) => {
    emit({ level: 'error', name: 'main.fatal', fields: { reason } });
    // oxlint-disable-next-line unicorn/no-process-exit -- the one place where anything slower would be wrong
    process.exit(70);
  };
}

function keepMeasuring(clock: DatabaseClock, emit: Emit): () => Promise<void> {
  const lookAtSkew = createSkewWatch(clock, emit);
  const timer = setInterval(() => {
    clock
      .measure()
      .catch((error: unknown) =>
        emit({ level: 'debug', name: 'clock.unmeasured', fields: { error: messageOf(error) } }),
      )
      .finally(lookAtSkew);
  }, CLOCK_EVERY_MS);
  return async () => clearInterval(timer);
}

interface Serving extends Parts {
  readonly part: DurablePart;
  readonly runs: Runs;
  readonly metrics: Metrics;
}

async function listen(
  { config, database, part, runs, registry, clock, emit, keys, linkBase, metrics }: Serving,
  onStop: (cleanup: () => Promise<unknown>) => void,
): Promise<string> {
  const app = createHttpApp({
    runs,
    registry,
    knex: database.api,
    linkKeys: keys,
    linkBase,
    slackSigningSecret: config.slackSigningSecret,
    clock,
    emit,
    role: config.role,
    oidc: config.oidc,
    requestsPerSecond: config.requestsPerSecond,
    behindHttps: config.baseUrl?.startsWith('https:') ?? false,
    ready: async () => await readiness(config, database, part, clock),
    dashboardDir: join(packageRoot(), 'dist', 'web'),
    metrics: metrics.report({ knex: database.engine, vitals: () => vitalsOf(part, database), emit }),
    metricsTenant: DEFAULT_TENANT,
  });
  onStop(async () => await app.close());
  try {
    return await app.listen({ host: config.host, port: config.port });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) throw error;
    const message = `Port ${config.port} on ${config.host} is taken by another program: stop it, or set PORT to another.`;
    throw new BreakwaterError('PORT_TAKEN', message, { cause: error });
  }
}

function vitalsOf({ slots, leaseRemainingMs }: DurablePart, { dbos, engine, api, lease }: Database): Vitals {
  const pools = {
    dbos: pgPoolFigures(dbos),
    engine: knexPoolFigures(engine),
    api: knexPoolFigures(api),
    lease: knexPoolFigures(lease),
  };
  return { ...(slots && { slots }), leaseRemainingMs, pools };
}

async function readiness({ role, sandboxUrl }: Config, database: Database, part: DurablePart, clock: DatabaseClock) {
  const own = {
    role,
    lease: part.leaseHeld,
    clockSkewMs: Math.round(clock.skewMs),
    sandboxed: sandboxUrl !== undefined,
  };
  const owns = own.lease || role === 'api';
  try {
    const pending = await pendingMigrations(database.engine);
    const migrations = pending.length === 0;
    return { ready: migrations && owns, database: true, migrations, ...own };
  } catch (error) {
    return { ready: false, database: false, migrations: false, ...own, problem: messageOf(error) };
  }
}
