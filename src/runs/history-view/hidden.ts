// What a history never shows: references to secrets, and what is named like one. Values of secrets are in no record to begin with. Pure.
import { isJsonObject } from '../../kernel/index.ts';
import type { Json, JsonObject } from '../../kernel/index.ts';

const HIDDEN = '[hidden]';
const REFERENCE = /secret:\/\/[A-Za-z0-9_.-]*/gi;
const BEARER = /\b(Bearer|Basic) [A-Za-z0-9+/=_.~-]{8,}/gi;
const NAMED =
  /(?:^|[_\-.]|(?<=[a-z]))(?:password|passwd|secret|token|authorization|api[_-]?key|private[_-]?key|cookie)$/i;

export function hideSecrets(value: Json): Json {
  if (typeof value === 'string') return hideInText(value);
  if (typeof value !== 'object' || value === null) return value;
  return isJsonObject(value) ? hideInObject(value) : value.map(hideSecrets);
}

export function hideInObject(value: JsonObject): JsonObject {
  const shown = (name: string, member: Json): Json =>
    typeof member === 'string' && NAMED.test(name) ? HIDDEN : hideSecrets(member);
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, shown(name, member)] as const));
}

export function hideInText(text: string): string {
  return text.replaceAll(REFERENCE, HIDDEN).replaceAll(BEARER, `$1 ${HIDDEN}`);
}
