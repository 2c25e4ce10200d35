// What the CLI may touch of the process around it, handed in by the bin file: streams, settings, and the rooms it cannot import.
import type { Knex } from 'knex';
import type { Config, Environment } from '../config.ts';
import type { Tool } from '../tools/index.ts';
import type { Screen } from './screen.ts';

export interface CliIo {
  readonly stdout: (text: string) => void;
  readonly stderr: (text: string) => void;
  /** Is a person reading stderr? Only then is a new key shown. */
  readonly isTerminal: boolean;
  /** What stdout is shown on; absent: it goes to a file or a pipe. */
  readonly screen?: Screen;
  /** The same of stderr. */
  readonly errorScreen?: Screen;
  readonly environment: Environment;
  readonly startApp: (config: Config) => Promise<RunningApp>;
  /** The tools that the workflows folder adds. */
  readonly userTools: (folder: string) => Promise<readonly Tool[]>;
  readonly startSandbox: (port: number) => Promise<RunningSandbox>;
  readonly keys: KeyCommands;
}

export interface RunningApp {
  readonly url: string;
  readonly adminKey?: string;
  readonly adminKeyCreated: boolean;
  stop(): Promise<void>;
}

export interface RunningSandbox {
  readonly url: string;
  readonly vendors: readonly string[];
  close(): Promise<void>;
}

/** The table of keys, as the API room keeps it. */
export interface KeyCommands {
  /** Those that routes ask for; others are for approvals. */
  readonly roles: readonly string[];
  create(
    knex: Knex,
    key: { tenant: string; user: string; roles: readonly string[]; lifetimeMs?: number },
    by: string,
  ): Promise<{ id: string; key: string; expiresAt: string | null }>;
  list(knex: Knex): Promise<readonly KeyRow[]>;
  revoke(knex: Knex, id: string, by: string): Promise<void>;
}

export interface KeyRow {
  readonly id: string;
  readonly tenant: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly lastUsedAt: string | null;
}
