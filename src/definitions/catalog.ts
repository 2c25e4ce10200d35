// What a definition may call, as the compiler sees it: names and schemas of tools and actions. tools/ provides the real one.
import type { JsonObject } from '../kernel/index.ts';

/** A JSON Schema 2020-12 document. */
export type JsonSchema = JsonObject;

export interface CatalogAction {
  readonly name: string;
  readonly description: string;
  /** Schema of the arguments: an object with `additionalProperties: false`. */
  readonly input: JsonSchema;
  readonly output: JsonSchema;
  /** The argument that, when given, is the JSON Schema of the output (`schema` of a language model). */
  readonly outputSchemaFrom?: string;
  /** Does it change something outside? Only such an act needs a compensation. */
  readonly effect: boolean;
  /** The adapter's declared undo mapping: which action takes this one back when `compensation` is its bare name. */
  readonly undoneBy: readonly string[];
  /** How a repeat is recognised: the vendor takes our key, we look before we act, or neither. */
  readonly keyedBy: 'vendor' | 'probe' | 'none';
}

export interface CatalogTool {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly actions: ReadonlyMap<string, CatalogAction>;
  /** The arguments of its actions that may be references to secrets. Absent: none. */
  readonly secretArguments?: 'any' | readonly string[];
}

export interface Catalog {
  /** By name or alias. */
  tool(name: string): CatalogTool | undefined;
  toolNames(): readonly string[];
}
