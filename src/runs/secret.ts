// A secret as code names it: nothing but a whole argument of an act can be it, and the code never sees what it stands for. Pure.
import { FailureError, failure, isSecretName, secretReference } from '../kernel/index.ts';
import type { SecretPlace } from '../kernel/index.ts';

/** The same symbol in every copy of this module: an author's code may come with another one than its reader. */
const NAME: unique symbol = Symbol.for('breakwater.secret');

/** What stands for a secret until the act is performed. As a text, or in JSON, it is nothing. */
export interface Secret {
  readonly [NAME]: string;
}

/** Arguments in which any text may be a secret. */
export type WithSecrets<Value> = Value extends string
  ? string extends Value
    ? Value | Secret
    : Value
  : Value extends readonly (infer Item)[]
    ? readonly WithSecrets<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: WithSecrets<Value[Key]> }
      : Value;

/** The secret of this name in the secrets file: `saga.run(request, { url, headers: { authorization: secret('partner') } })`. */
export function secret(name: string): Secret {
  if (!isSecretName(name)) throw new TypeError(`"${name}" is no name of a secret`);
  const refuse = (): never => {
    throw new TypeError(`secret('${name}') must be a whole argument of an act: it cannot be made part of a text`);
  };
  const unreadable = { [Symbol.toPrimitive]: refuse, toString: refuse, toJSON: refuse };
  return { [NAME]: name, ...unreadable };
}

/** The same arguments with references in the place of secrets, and where these stand. */
export function takeSecrets(given: unknown): { readonly args: unknown; readonly secrets: readonly SecretPlace[] } {
  const secrets: SecretPlace[] = [];
  const args = take(given, [], (place) => secrets.push(place));
  return { args, secrets };
}

const MAX_DEPTH = 64;

function take(value: unknown, path: readonly string[], found: (place: SecretPlace) => void): unknown {
  if (typeof value !== 'object' || value === null) return value;
  const name: unknown = Reflect.get(value, NAME);
  if (typeof name === 'string') {
    found({ path, name });
    return secretReference(name);
  }
  if (path.length > MAX_DEPTH)
    throw new FailureError(failure('TOO_LARGE', `arguments are nested deeper than ${MAX_DEPTH}`));
  const inside = (member: unknown, key: string): unknown => take(member, [...path, key], found);
  if (Array.isArray(value)) return value.map((item, index) => inside(item, String(index)));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, inside(member, key)]));
}
