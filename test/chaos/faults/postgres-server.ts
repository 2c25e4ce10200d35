// A private Postgres with stock durability, and the faults of a server: restarts, read-only, refused logins, killed sessions.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { execute } from '../../support/database.ts';
import { until } from '../../support/until.ts';
import { landedFault, type LandedFault } from './landed.ts';
import { Postmaster, type StopMode } from './postmaster.ts';

export interface PostgresServerOptions {
  /** Server settings, such as `{ max_connections: '120' }`. */
  readonly settings?: Readonly<Record<string, string>>;
}

export type RestartMode = StopMode;

/** Connections that are taken and kept until it is disposed of. */
export interface TakenConnections extends AsyncDisposable {
  readonly landed: LandedFault;
}

const APP = 'app';
const DATABASE = 'breakwater';
/** Our own hand on the server is not bound by the faults. */
const UNFAULTED = '-c default_transaction_read_only=off';

/** On one port for its whole life. Its process and files are gone with ours, also on Ctrl-C. */
export class PostgresServer {
  /** Everything that struck, in order. */
  readonly landed: LandedFault[] = [];
  /** As the app under test connects: the owner of an empty database, who may make roles but is no superuser. */
  readonly url: string;
  /** As the superuser, whom no fault touches. */
  readonly adminUrl: string;
  readonly #postmaster: Postmaster;

  private constructor(postmaster: Postmaster, appPassword: string) {
    this.#postmaster = postmaster;
    this.url = `postgres://${APP}:${appPassword}@127.0.0.1:${postmaster.port}/${DATABASE}`;
    const admin = new URL(`postgres://postgres:${postmaster.password}@127.0.0.1:${postmaster.port}/${DATABASE}`);
    admin.searchParams.set('options', UNFAULTED);
    this.adminUrl = admin.href;
  }

  static async start({ settings = {} }: PostgresServerOptions = {}): Promise<PostgresServer> {
    const postmaster = await Postmaster.create(settings);
    const password = randomBytes(12).toString('hex');
    const server = new PostgresServer(postmaster, password);
    try {
      await postmaster.start();
      const maintenance = new URL('/postgres', server.adminUrl).href;
      await execute(maintenance, `create role ${APP} login createrole createdb password '${password}'`);
      await execute(maintenance, `create database ${DATABASE} owner ${APP}`);
      return server;
    } catch (error) {
      await postmaster.remove();
      throw error;
    }
  }

  get port(): number {
    return this.#postmaster.port;
  }

  /** Where the server's own log is, as long as it lives. */
  get log(): string {
    return this.#postmaster.log;
  }

  /** Down for so long, then up again and answering. */
  async restart(mode: RestartMode, downMs: number): Promise<LandedFault> {
    await this.#postmaster.stop(mode);
    await delay(downMs);
    await this.#postmaster.start();
    return this.#land('restart', `${mode}, down for ${downMs} ms`);
  }

  /** For every session, old and new. */
  async readOnly(on: boolean): Promise<LandedFault> {
    await execute(this.adminUrl, `alter system set default_transaction_read_only = ${on ? 'on' : 'off'}`);
    await execute(this.adminUrl, 'select pg_reload_conf()');
    await until(async () => (await this.#isReadOnly()) === on, { what: 'the new setting to hold' });
    return this.#land('read-only', on ? 'every session' : 'over');
  }

  /** Sessions that are open stay so; `killBackends` ends them. */
  async refuseLogins(on: boolean): Promise<LandedFault> {
    await execute(this.adminUrl, `alter role ${APP} ${on ? 'nologin' : 'login'}`);
    return this.#land('refuse logins', on ? `of ${APP}` : 'over');
  }

  /** All sessions of the app, or so many of them. Undefined when there was none to kill. */
  async killBackends(limit?: number): Promise<LandedFault | undefined> {
    const sessions = `select pid from pg_stat_activity where usename = '${APP}' order by random() limit ${limit ?? 'all'}`;
    const killed = `select pg_terminate_backend(pid) from (${sessions}) as session`;
    const { rowCount } = await execute(this.adminUrl, killed);
    return rowCount ? this.#land('kill backends', `${rowCount} sessions`) : undefined;
  }

  /** Takes every connection that is left, but for those the server reserves for its superuser. */
  async exhaustConnections(): Promise<TakenConnections> {
    const taken: pg.Client[] = [];
    const release = async () => void (await Promise.all(taken.map((client) => client.end())));
    try {
      while (await this.#takeOne(taken));
    } catch (error) {
      await release();
      throw error;
    }
    const landed = this.#land('exhaust connections', `${taken.length} taken`);
    return { landed, [Symbol.asyncDispose]: release };
  }

  async stop(): Promise<void> {
    await this.#postmaster.remove();
  }

  // False once the server says that it has none left.
  async #takeOne(taken: pg.Client[]): Promise<boolean> {
    const client = new pg.Client({ connectionString: this.url, application_name: 'taken' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      taken.push(client);
      return true;
    } catch (error) {
      if (error instanceof pg.DatabaseError && error.code === '53300') return false;
      throw error;
    }
  }

  async #isReadOnly(): Promise<boolean> {
    const { rows } = await execute(this.url, 'show transaction_read_only');
    return rows[0]?.transaction_read_only === 'on';
  }

  #land(fault: string, what: string): LandedFault {
    const proof = landedFault(fault, what);
    this.landed.push(proof);
    return proof;
  }
}
