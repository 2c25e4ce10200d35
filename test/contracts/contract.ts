// What a vendor's contract consists of: the operations that an adapter may ask for, and the calls that are held against them.
import type { ZodType } from 'zod';
import type { JsonObject } from '../../src/kernel/index.ts';
import type { Tool } from '../../src/tools/tool.ts';
import type { Strike, WireRequest } from './traffic.ts';

/** One thing a vendor can be asked for, written by hand from its documentation. Its own description, where there is one, adds to this. */
export interface Operation {
  /** `POST /repos/{owner}/{repo}/pulls`; `{name}` is one segment, `{name+}` takes slashes too. */
  readonly route: string;
  /** What the body must have. Without it there must be none. */
  readonly body?: ZodType;
  /** The answer, where no description says it, or none that holds any more. */
  readonly answer?: ZodType;
  /** It changes nothing, although it is no GET. */
  readonly looks?: true;
  /** Only the status of its answer counts, as with every DELETE. */
  readonly answerUnread?: true;
  /** It is asked without credentials: the address is one. */
  readonly open?: true;
  /** Members of the body that may be left out unnoticed, and why. The suite sees to it that they may. */
  readonly optional?: Readonly<Record<string, string>>;
}

/** The vendor's own description of itself. */
export interface Description {
  describes(request: WireRequest): boolean;
  requestFaults(request: WireRequest): string[];
  /** Of any answer to a described request. */
  answerFaults(request: WireRequest, status: number, body: unknown): string[];
}

export interface Act {
  readonly action: string;
  readonly args: JsonObject;
  readonly key: string;
}

/** One call of an action: what goes over the wire, what it answers, and what then stands at the vendor. */
export interface ContractCase {
  /** Tells apart the cases of one action. The first of them also meets the vendor's failures. */
  readonly title: string;
  readonly action: string;
  /** May be made from what the acts before it answered. */
  readonly args: JsonObject | ((answers: readonly JsonObject[]) => JsonObject);
  readonly key?: string;
  /** May it have been done before under this key? */
  readonly suspect?: true;
  /** Acts that come first. */
  readonly after?: readonly Act[];
  /**
   * The requests in order, as `METHOD /path?query` with the query decoded. `<name>` is what nobody knows beforehand, such as an id
   * that the vendor made: any text, but the same wherever the name stands.
   */
  readonly sends: readonly string[];
  /** For `toMatchObject`. */
  readonly answers: object;
  /** What the action answers when it is repeated after a failure, where that differs. */
  readonly repeated?: object;
  /** What it answers when the request at that place finds nothing there, where that is no failure. */
  readonly gone?: Readonly<Record<number, object>>;
  /** The objects that stand afterwards, in the order of their creation, for `toMatchObject`. */
  readonly leaves: readonly object[];
}

/** A refusal in the vendor's own way, beside the statuses that all vendors share. */
export interface OwnRefusal {
  readonly title: string;
  readonly strike: Strike;
  readonly error: object;
}

export interface VendorContract {
  readonly tool: Tool;
  readonly settings?: Readonly<Record<string, string>>;
  /** What every request carries. */
  readonly headers: Readonly<Record<string, string>>;
  /** What the label of a request is made of beside method and path, where the path does not say what is asked for. */
  readonly nameOf?: (request: WireRequest) => string;
  /** Undefined when the vendor publishes none, or none lies beside the project. */
  readonly describe?: () => Promise<Description | undefined>;
  readonly operations: readonly Operation[];
  readonly cases: readonly ContractCase[];
  /** Statuses that mean another thing here than in the common table. */
  readonly statuses?: Readonly<Record<number, object>>;
  readonly refusals?: readonly OwnRefusal[];
}

/** The credential of every tool under test. */
export const CREDENTIAL = 'a-credential-of-the-contracts';
