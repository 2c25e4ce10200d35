// What an act's answer is promised to be, as JSON Schema: what an edit of it must leave. Pure.
import type { Catalog } from '../definitions/index.ts';
import { isJsonObject } from '../kernel/index.ts';
import type { Json, JsonObject } from '../kernel/index.ts';

/** What the action promises, or what this call of it asked for. */
export function outputSchema(
  catalog: Catalog,
  { tool, action, args }: { readonly tool: string; readonly action: string; readonly args: Json },
): JsonObject | undefined {
  const known = catalog.tool(tool)?.actions.get(action);
  const asked = known?.outputSchemaFrom !== undefined && isJsonObject(args) ? args[known.outputSchemaFrom] : undefined;
  return isJsonObject(asked) ? asked : known?.output;
}
