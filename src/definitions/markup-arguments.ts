// Which arguments are markup, as their action's schema says: what a text puts into them is escaped for it, unless it says `| raw`. Pure.
import { isJsonObject } from '../kernel/index.ts';
import type { JsonObject } from '../kernel/index.ts';
import type { Markup } from './liquid-text.ts';
import type { Path } from './path.ts';
import type { Template } from './plan.ts';
import { rooted, schemaAt } from './schema-path.ts';
import { mapHoles } from './template.ts';

const BY_MEDIA_TYPE: ReadonlyMap<unknown, Markup> = new Map([
  ['text/html', 'html'],
  ['text/x-mrkdwn', 'mrkdwn'],
]);

/** The template with each text marked that stands in markup. A whole value, `${{ }}`, is handed on as it is: its author means it so. */
export function markMarkup(template: Template, schema: JsonObject): Template {
  return mapHoles(template, ({ path, language, source }): JsonObject => {
    if (language === 'cel') return { $cel: source };
    const markup = markupAt(schema, template, path);
    return markup === undefined ? { $liquid: source } : { $liquid: source, markup };
  });
}

// What is said of an argument holds for all that is in it, but for what Slack itself shows as it is.
function markupAt(schema: JsonObject, template: Template, path: Path): Markup | undefined {
  if (parentIsPlain(template, path)) return undefined;
  const found = path.map((_, depth) => {
    const step = schemaAt(rooted(schema), path.slice(0, depth + 1).map(String));
    return BY_MEDIA_TYPE.get(step.found?.schema.contentMediaType);
  });
  return found.findLast((markup) => markup !== undefined);
}

function parentIsPlain(template: Template, path: Path): boolean {
  let parent: Template = template;
  for (const part of path.slice(0, -1)) {
    if (typeof parent !== 'object' || parent === null) return false;
    parent = new Map<string, Template>(Object.entries(parent)).get(String(part)) ?? null;
  }
  return isJsonObject(parent) && parent.type === 'plain_text';
}
