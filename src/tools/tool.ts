// The one shape every adapter has: what a tool is called, how its vendor is reached, and what its actions send, take back and look up.
import type { ZodType } from 'zod';
import type { Failure, Json, JsonObject, Problem } from '../kernel/index.ts';
import type { ToolHttp } from './http-client.ts';
import type { TraceRequest } from './request-span.ts';

/**
 * How a vendor recognises a repeat of the same create (D9).
 * `vendor`: the request carries our key and the vendor honours it. `probe`: the adapter looks for its own earlier object first
 * (an undo looks for what is left).
 * `none`: neither exists; a repeat may create twice.
 */
export type KeyedBy = 'vendor' | 'probe' | 'none';

/** What an action may use while it runs. One object an attempt; nothing in it outlives the attempt. */
export interface ToolCall {
  /** Requests to the tool's vendor: base URL, credentials, caps, redaction and the attempt's signal are already set. */
  readonly http: ToolHttp;
  /** The tool's non-secret settings, by environment name (`OPENAI_MODEL`). */
  readonly settings: Readonly<Record<string, string>>;
  /** The engine's key of this external change: the same in every attempt, 40 hex digits. */
  readonly key: string;
  /** Aborted at the attempt's timeout or when the run stops. `http` honours it; whatever else an action waits for must too. */
  readonly signal: AbortSignal;
  /** A sign of life, where the definition gives the activity a `heartbeat`. What `http` sends and receives counts by itself. */
  heartbeat(): void;
  /**
   * For a tool with `secretArguments`, before each request: throws where a secret among the arguments must not go to this address.
   * `http` asks by itself.
   */
  admit(address: string): void;
  /** Makes a request that `http` does not make, so that it is part of the run's trace. */
  readonly traced: TraceRequest;
  /** For a text that is cut before it becomes a message: half a secret is not recognised afterwards. `http` does so by itself. */
  redact(text: string): string;
  readonly tenant: string;
  readonly runId: string;
}

/** An act to be taken back: what it was given and what it answered (`result` is undefined when its outcome is unknown). */
export interface UndoInput<Input, Output> {
  readonly input: Input;
  readonly result: Output | undefined;
  readonly key: string;
}

/** A probe's answer when the act began and did not end, such as a draft that was never sent. */
export const PARTLY = Symbol('partly');

/** Arguments of an undo action; undefined members are left out. */
export type UndoArguments = Readonly<Record<string, Json | undefined>>;

/**
 * An action as its adapter writes it. `defineAction` turns it into a `ToolAction`. `Args` is what callers give, `Input` what the
 * schema makes of it, `Undo` the names of the actions that take it back.
 */
export interface ActionSpec<Input, Output, Args = unknown, Undo extends string = string> {
  /** One sentence for people; shown in the catalog and in the JSON Schema. */
  readonly description: string;
  /** A `z.strictObject`, so that an unknown argument is refused. */
  readonly input: ZodType<Input, Args>;
  readonly output: ZodType<Output>;
  /** The argument that is the JSON Schema of the answer, where the caller may give one. */
  readonly outputSchemaFrom?: string;
  /** Does it change something outside? */
  readonly effect: boolean;
  readonly keyedBy: KeyedBy;
  run(call: ToolCall, input: Input): Promise<Output>;
  /**
   * Did an earlier attempt under this key take effect? Its output; undefined when there is certainly nothing; or PARTLY, and
   * then `run` goes on from there and an undo without a result takes back what there is.
   */
  probe?(call: ToolCall, input: Input): Promise<Output | undefined | typeof PARTLY>;
  /** What the vendor calls the thing that the act made or changed; null when it made none. */
  idOf?(output: Output): string | null;
  /** Undo actions by name; each makes the arguments for that action of the same tool, or undefined when there is nothing to undo. */
  readonly undo?: Readonly<Record<Undo, (act: UndoInput<Input, Output>) => UndoArguments | undefined>>;
}

/** An action together with arguments that fit it. */
export interface BoundAct {
  run(call: ToolCall): Promise<unknown>;
  probe?(call: ToolCall): Promise<unknown>;
}

/** An action as the registry sees it: the types of its arguments and its answer are checked inside. */
export interface ToolAction {
  readonly description: string;
  readonly input: ZodType;
  readonly output: ZodType;
  readonly outputSchemaFrom?: string;
  readonly effect: boolean;
  readonly keyedBy: KeyedBy;
  readonly undoneBy: readonly string[];
  /** Checks the arguments: an act that can run, or every problem with them. */
  bind(
    args: Json,
  ): { readonly ok: true; readonly act: BoundAct } | { readonly ok: false; readonly problems: readonly Problem[] };
  /** What the vendor calls what an act with this answer made; undefined where the adapter does not say. */
  idOf(answer: Json): string | undefined;
  /** Arguments of the undo action `name`, or undefined when there is nothing to undo. */
  undoArguments(name: string, act: UndoInput<Json, Json>): JsonObject | undefined;
}

/** A `ToolAction` that remembers its types for the compiler: what callers give, what it answers, what takes it back. */
export interface TypedAction<Args, Output, Undo extends string> extends ToolAction {
  readonly input: ZodType<unknown, Args>;
  readonly output: ZodType<Output>;
  readonly undoneBy: readonly Undo[];
}

/** The environment names of a tool's credentials and what they become on each request. */
export interface Credentials {
  /** All of them are needed. Their values are secrets and never shown. */
  readonly names: readonly string[];
  /** The headers that carry them, and no others: what these hold is redacted from every message. */
  headers(values: Readonly<Record<string, string>>): Record<string, string>;
}

/** A vendor's no inside an answer of 2xx. */
export interface Refusal {
  /** The vendor's own word for it: `channel_not_found` becomes the failure code `SLACK_CHANNEL_NOT_FOUND`. */
  readonly code: string;
  readonly reason: string;
  /** `ours` is final; the others may pass, and after `theirs` the effect may have happened all the same. */
  readonly kind: 'ours' | 'theirs' | 'rate_limit';
}

export interface Tool {
  readonly name: string;
  readonly aliases?: readonly string[];
  /** How the vendor is reached. Absent for a tool that has none (memory) or any (http). */
  readonly vendor?: {
    /** The vendor's public address, e.g. `https://api.github.com`. Absent where everyone has their own: then it must be set. */
    readonly baseUrl?: string;
    readonly credentials: Credentials;
    /** The sandbox has a double of it, as of every tool that is built in: without credentials a tool of one's own goes there. */
    readonly hasDouble?: boolean;
    /** Headers of every request that carry no secret, such as an API version. */
    readonly headers?: Readonly<Record<string, string>>;
    /** A further environment name for the address, beside `<TOOL>_BASE_URL` (`OPENAI_BASE_URL`). */
    readonly baseUrlName?: string;
    /** Brings an address into the form this adapter's paths are relative to. */
    readonly normalizeBaseUrl?: (url: string) => string;
    /** Environment names of settings that are no secret, offered to actions as `call.settings`. */
    readonly settings?: readonly string[];
    /** Refines the failure of a vendor's error answer where the common table (http-failure) is not enough. */
    readonly failureOf?: (
      status: number,
      headers: Readonly<Record<string, string>>,
      body: unknown,
    ) => Partial<Failure> | undefined;
    /** Finds the refusal in an answer of 2xx, for a vendor that refuses there: Slack's `ok: false`, GraphQL's `errors`. */
    readonly refusalIn?: (body: unknown) => Refusal | undefined;
    /** Origins beside its own at which the vendor takes files, e.g. `https://files.slack.com`. */
    readonly uploadOrigins?: readonly string[];
  };
  readonly actions: Readonly<Record<string, ToolAction>>;
  /** Arguments that may hold secrets although the tool has no vendor: its actions ask `call.admit` before each request. */
  readonly secretArguments?: readonly string[];
  /** Its actions work on our own database: they end by the pool's limits, for what hangs there is no outcome (D1). */
  readonly onOwnDatabase?: boolean;
  /** Gives up what the tool holds between calls, such as a browser; called when the process stops. */
  readonly close?: () => Promise<void>;
}

/** The arguments that may hold secrets: all that go to a vendor, else those of which the tool says so. */
export function secretArguments({ vendor, secretArguments: own = [] }: Tool): 'any' | readonly string[] {
  return vendor ? 'any' : own;
}
