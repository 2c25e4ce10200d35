// What each command is given, and the options that several of them share.
import type { Command } from 'commander';
import { loadConfig, workflowsDir, type Config } from '../config.ts';
import type { Catalog } from '../definitions/index.ts';
import { toolCatalog } from '../tools/index.ts';
import { connectToApi, type ApiClient } from './api-client.ts';
import type { ExitCode } from './failure.ts';
import type { CliIo } from './io.ts';

export interface Context {
  readonly io: CliIo;
  /** Read when a command needs it: `validate` works whatever the settings are. */
  readonly config: () => Config;
  /** What definitions may call: our tools and those of the workflows folder. */
  readonly catalog: () => Promise<Catalog>;
  readonly api: () => Promise<ApiClient>;
  /** How the command ends when it does not throw; 0 until it says otherwise. */
  exitCode: ExitCode;
}

export function createContext(io: CliIo): Context {
  const config = () => loadConfig(io.environment);
  const catalog = async () => toolCatalog(await io.userTools(workflowsDir(io.environment)));
  return { io, config, catalog, api: () => connectToApi(config()), exitCode: 0 };
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON');
}

export interface PageOptions {
  readonly limit?: string;
  readonly cursor?: string;
}

export function withPages(command: Command): Command {
  return command
    .option('--limit <count>', 'how many at once, at most 200; default 50')
    .option('--cursor <cursor>', 'go on where a page ended, as it says');
}

/** What follows a page that is not the last. */
export function moreText({ nextCursor }: { readonly nextCursor?: string }): string {
  return nextCursor === undefined ? '' : `\nThere is more: add --cursor ${nextCursor}\n`;
}

export function printJson(io: CliIo, value: unknown): void {
  io.stdout(`${JSON.stringify(value, null, 2)}\n`);
}
