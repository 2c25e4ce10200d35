// JSON into CEL and back. Maps are handed over as Map, never as objects: CEL would read `$typeName` or `constructor` on an object.
import { celEnv, isCelError, isCelList, isCelMap, isCelType, isCelUint } from '@bufbuild/cel';
import type { CelInput, CelValue } from '@bufbuild/cel';
import type { Json } from '../kernel/index.ts';
import { isJsonObject } from '../kernel/index.ts';

// JSON values are never changed once they are in a scope, so a conversion is good for ever.
const converted = new WeakMap<object, CelInput>();

export function toCel(value: Json): CelInput {
  if (typeof value !== 'object' || value === null) return value;
  const known = converted.get(value);
  if (known !== undefined) return known;
  const fresh = isJsonObject(value)
    ? new Map(Object.entries(value).map(([key, member]) => [key, toCel(member)]))
    : value.map((item) => toCel(item));
  converted.set(value, fresh);
  return fresh;
}

/** Plain JSON, or an error for what JSON cannot hold. Integers come back as numbers, times and durations as text. */
export function fromCel(value: CelValue): Json {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return finite(value);
  if (typeof value === 'bigint') return safeInteger(value);
  if (isCelUint(value)) return safeInteger(value.value);
  if (isCelList(value)) return [...value].map((item) => fromCel(item));
  if (isCelMap(value)) return Object.fromEntries([...value].map(([key, member]) => [keyText(key), fromCel(member)]));
  if (isCelType(value)) throw new Error('the result is a type, not a value');
  if (value instanceof Uint8Array) throw new Error('the result is bytes; JSON has none');
  return celText(value);
}

function finite(value: number): number {
  if (!Number.isFinite(value)) throw new Error(`the result is ${value}, which JSON cannot hold`);
  // Minus zero would come back from a checkpoint as zero.
  return value === 0 ? 0 : value;
}

function safeInteger(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number))
    throw new Error(`the integer ${value} is beyond 2^53 and would lose digits; use string(…)`);
  return number;
}

function keyText(key: CelValue): string {
  if (isCelUint(key)) return String(key.value);
  if (typeof key === 'string' || typeof key === 'bigint' || typeof key === 'boolean') return String(key);
  throw new Error('a key of the resulting map is not text');
}

const strings = celEnv().funcs.find('string');

// Timestamps and durations, by CEL's own `string()`.
function celText(value: CelValue): string {
  const text = strings?.call(0, undefined, [value]);
  if (isCelError(text) || typeof text !== 'string') throw new Error('the result is not a JSON value');
  return text;
}
