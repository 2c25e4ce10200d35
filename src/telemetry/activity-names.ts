// The names under which actions are counted: those of the catalog, and one for whatever a definition may have named else.
import type { Catalog } from '../definitions/index.ts';
import type { ActivityName } from './count-events.ts';
import { OTHER } from './label-bound.ts';

/** An alias counts as its tool. */
export function activityNames(catalog: Catalog): ActivityName {
  const names = new Map<string, string>();
  for (const tool of catalog.toolNames().flatMap((name) => catalog.tool(name) ?? [])) {
    for (const action of tool.actions.keys())
      for (const called of [tool.name, ...tool.aliases]) names.set(`${called}.${action}`, `${tool.name}.${action}`);
  }
  return (action) => names.get(action) ?? OTHER;
}
