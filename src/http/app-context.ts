// What every resource is given: the services behind the API, and the app with zod as its type provider.
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { ZodTypeProvider } from 'fastify-type-provider-zod';
import type { Knex } from 'knex';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { LinkKeys } from '../approvals/index.ts';
import type { Clock, Emit } from '../kernel/index.ts';
import type { Runs } from '../runs/index.ts';
import type { Registry } from '../tools/index.ts';
import type { Patience } from './connection-limits.ts';
import type { OidcSettings } from './tokens.ts';

export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  ZodTypeProvider
>;

/** What the process is for: the API, runs, or both. */
export type ProcessRole = 'all' | 'api' | 'worker';

/** What `/ready` tells. */
export interface ReadyReport {
  readonly ready: boolean;
  readonly role: ProcessRole;
  readonly database: boolean;
  readonly migrations: boolean;
  readonly lease: boolean;
  /** How far this machine's clock is ahead of the database's. */
  readonly clockSkewMs: number;
  /** Tools without credentials talk to the sandbox. */
  readonly sandboxed: boolean;
}

export interface MetricsText {
  readonly contentType: string;
  text(): Promise<string>;
}

export interface HttpOptions {
  readonly runs: Runs;
  readonly registry: Registry;
  /** Under the role breakwater_app: no request ever runs as owner or superuser, nor sees anything but through `knexOf`. */
  readonly knex: Knex;
  readonly linkKeys: LinkKeys;
  /** What links begin with; undefined while nobody answers them. */
  readonly linkBase: () => string | undefined;
  /** Signs what Slack sends; absent: Slack is not listened to. */
  readonly slackSigningSecret?: string;
  /** The database's time (D12). */
  readonly clock: Clock;
  readonly emit: Emit;
  readonly role: ProcessRole;
  /** Whose tokens open beside our keys; absent: nobody's. */
  readonly oidc?: OidcSettings;
  /** Of one caller; absent: as many as it likes. */
  readonly requestsPerSecond?: number;
  /** Do people reach us by https? */
  readonly behindHttps: boolean;
  /** With clients that send slowly; absent: as much as everybody needs. */
  readonly patience?: Patience;
  readonly ready: () => Promise<ReadyReport>;
  /** Where the built dashboard is; absent: there is none. */
  readonly dashboardDir?: string;
  readonly metrics: MetricsText;
  /** Whose keys may read them. */
  readonly metricsTenant: string;
}

/** What the resources work with. */
export interface Services extends HttpOptions {
  /** Sees and writes the rows of that tenant alone: the caller's, or that of a link. */
  readonly knexOf: (tenant: string) => Knex;
  /** Settles when the app begins to close: nobody is kept waiting then. */
  readonly closing: Promise<void>;
}
