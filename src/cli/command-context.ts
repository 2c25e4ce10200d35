// What each command is given, and the options that several of them share.
import type { Command } from 'commander';
import { loadConfig, type Config } from '../config.ts';
import { connectToApi, type ApiClient } from './api-client.ts';
import type { ExitCode } from './failure.ts';
import type { CliIo } from './io.ts';

export interface Context {
  readonly io: CliIo;
  /** Read when a command needs it: `validate` works whatever the settings are. */
  readonly config: () => Config;
  readonly api: () => Promise<ApiClient>;
  /** How the command ends when it does not throw; 0 until it says otherwise. */
  exitCode: ExitCode;
}

export function createContext(io: CliIo): Context {
  const config = () => loadConfig(io.environment);
  return { io, config, api: () => connectToApi(config()), exitCode: 0 };
}

export function withJson(command: Command): Command {
  return command.option('--json', 'print JSON');
}

export function printJson(io: CliIo, value: unknown): void {
  io.stdout(`${JSON.stringify(value, null, 2)}\n`);
}
