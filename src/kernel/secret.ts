// References to secrets, `secret://name`, and the places where their author wrote them. A reference is text like any other:
// it is worth something only at a place that its author gave it. Pure.
import { isJsonObject, type Json } from './json.ts';

const SCHEME = 'secret://';
const REFERENCE = /^secret:\/\/([A-Za-z0-9][A-Za-z0-9_.-]{0,99})$/;

/** Where a reference stands in a value, and which secret it names. */
export interface SecretPlace {
  readonly path: readonly string[];
  readonly name: string;
}

export function secretReference(name: string): string {
  return `${SCHEME}${name}`;
}

/** The name in a text that is a reference and nothing else. */
export function secretNamed(text: string): string | undefined {
  return REFERENCE.exec(text)?.[1];
}

export function isSecretName(name: string): boolean {
  return secretNamed(secretReference(name)) !== undefined;
}

/** Does a text look like a reference, or hold one? */
export function mentionsSecret(text: string): boolean {
  return text.toLowerCase().includes(SCHEME);
}

/** Every reference in a value. */
export function secretPlaces(value: Json, path: readonly string[] = []): SecretPlace[] {
  if (typeof value === 'string') {
    const name = secretNamed(value);
    return name === undefined ? [] : [{ path, name }];
  }
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, member]) => secretPlaces(member, [...path, key]));
}

/** The same value with every text replaced; its keys too, where `replaceKey` is given. */
export function mapTexts(
  value: Json,
  replace: (text: string, path: readonly string[]) => string,
  replaceKey: (key: string) => string = (key) => key,
  path: readonly string[] = [],
): Json {
  if (typeof value === 'string') return replace(value, path);
  if (typeof value !== 'object' || value === null) return value;
  const inside = (member: Json, key: string): Json => mapTexts(member, replace, replaceKey, [...path, key]);
  if (!isJsonObject(value)) return value.map((item, index) => inside(item, String(index)));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [replaceKey(key), inside(member, key)]));
}
