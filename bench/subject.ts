// The child's side of a measurement: a process that answers calls over IPC, one JSON message each.
import { z } from 'zod';
import type { ZodType } from 'zod';

/** Parses its own arguments. */
export type Verb = (args: unknown) => Promise<unknown>;
export type Verbs = Readonly<Record<string, Verb>>;

const callSchema = z.object({ id: z.number(), verb: z.string(), args: z.unknown() });
export const answerSchema = z.union([
  z.object({ id: z.number(), result: z.unknown() }),
  z.object({ id: z.number(), error: z.string() }),
]);

export function verb<Args>(schema: ZodType<Args>, act: (args: Args) => Promise<unknown>): Verb {
  return async (args) => await act(schema.parse(args));
}

/** Answers calls until the parent goes away. */
export function serve(verbs: Verbs): void {
  process.on('message', (message) => void answer(verbs, message));
  process.on('disconnect', () => process.exit(0));
}

async function answer(verbs: Verbs, message: unknown): Promise<void> {
  const { id, verb: name, args } = callSchema.parse(message);
  try {
    const act = verbs[name];
    if (!act) throw new Error(`this subject has no verb "${name}"`);
    process.send?.({ id, result: (await act(args)) ?? null });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}
