// The one shape every adapter has: what a tool is called, how its vendor is reached, and what its actions send, take back and look up.
import type { ZodType } from 'zod';
import type { Failure, Json } from '../kernel/index.ts';
import type { ToolHttp } from './http-client.ts';

/**
 * How a vendor recognises a repeat of the same create (D9).
 * `vendor`: the request carries our key and the vendor honours it. `probe`: the adapter looks for its own earlier object first.
 * `none`: neither exists; a repeat may create twice.
 */
export type KeyedBy = 'vendor' | 'probe' | 'none';

/** What an action may use while it runs. One object a call; nothing in it outlives the attempt. */
export interface ToolCall {
  /** The tool's HTTP client: base URL, credentials, caps and redaction are already set. */
  readonly http: ToolHttp;
  /** The engine's key of this external change: the same in every attempt, 40 hex digits. */
  readonly key: string;
  readonly signal: AbortSignal;
  readonly tenant: string;
  readonly runId: string;
}

/** Arguments of the undo action, made from what the act was given and what it answered (`result` is undefined when its outcome is unknown). */
export interface UndoInput<Input, Output> {
  readonly input: Input;
  readonly result: Output | undefined;
  readonly key: string;
}

export interface ToolAction<Input = unknown, Output = unknown> {
  /** One sentence for people; shown in the catalog and in the JSON Schema. */
  readonly description: string;
  readonly input: ZodType<Input>;
  readonly output: ZodType<Output>;
  /** Does it change something outside? */
  readonly effect: boolean;
  readonly keyedBy: KeyedBy;
  run(call: ToolCall, input: Input): Promise<Output>;
  /** Did an earlier attempt under this key take effect? Its output, or undefined when there is certainly nothing. */
  probe?(call: ToolCall, input: Input): Promise<Output | undefined>;
  /** Undo actions by name; each makes the arguments for that action of the same tool, or undefined when there is nothing to undo. */
  readonly undo?: Readonly<Record<string, (act: UndoInput<Input, Output>) => Record<string, Json> | undefined>>;
}

/** Where a tool's vendor is and who we are there. Read once from the environment by config. */
export interface ToolConnection {
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** True when the tool talks to the sandbox's double because it has no credentials. */
  readonly sandboxed: boolean;
}

export interface Tool {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** The vendor's public address, e.g. `https://api.github.com`. Absent for a tool without HTTP (memory). */
  readonly baseUrl?: string;
  /** Environment names, the vendor's usual ones. The first is the credential: without it the tool is not configured. */
  readonly credentials?: { readonly names: readonly string[]; headers(values: Readonly<Record<string, string>>): Record<string, string> };
  /** Turns a vendor's error answer into a failure where the common table (http-client) is not enough. */
  readonly failureOf?: (status: number, body: unknown, headers: Readonly<Record<string, string>>) => Partial<Failure> | undefined;
  readonly actions: Readonly<Record<string, ToolAction>>;
}
