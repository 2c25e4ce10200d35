// A message that a coded workflow waits for: its topic, and what its body must be.
import { z } from 'zod';
import type { ZodType } from 'zod';
import type { Json } from '../kernel/index.ts';

const TOPIC = /^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$/;

export interface Message<T = unknown> {
  readonly topic: string;
  /** What is sent must fit it: a body that does not is refused before it is stored. */
  readonly body: ZodType<T>;
}

export function message(topic: string): Message<Json>;
export function message<T>(topic: string, body: ZodType<T>): Message<T>;
export function message(topic: string, body: ZodType = z.json()): Message {
  if (!TOPIC.test(topic)) throw new TypeError(`"${topic}" is no topic: at most 128 letters, digits, dot, _ or -`);
  return { topic, body };
}
