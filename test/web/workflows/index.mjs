// The desk of the dashboard's tests: a tool that keeps what it is given on its own desk, and gives it back, or refuses in the caller's words.
import { FailureError, defineAction, failure, z } from 'breakwater';

const things = z.strictObject({ thing: z.unknown(), id: z.string().optional() });

const put = defineAction({
  description: 'Puts a thing on the desk.',
  input: things,
  output: z.object({ id: z.string(), thing: z.unknown() }),
  effect: true,
  keyedBy: 'vendor',
  idOf: ({ id }) => id,
  run: async ({ key }, { thing }) => ({ id: `thing-${key.slice(0, 6)}`, thing }),
  undo: { take: ({ result, input }) => ({ id: result?.id, thing: input.thing }) },
});

const take = defineAction({
  description: 'Takes a thing off the desk; refuses what is glued to it.',
  input: things,
  output: z.object({ taken: z.boolean() }),
  effect: true,
  keyedBy: 'vendor',
  run: async (_call, { thing }) => {
    if (thing === 'glued') throw new FailureError(failure('GLUED', 'It does not come off.', { kind: 'refused' }));
    return { taken: true };
  },
});

const refuse = defineAction({
  description: 'Refuses, with the words that it is given.',
  input: z.strictObject({ words: z.string() }),
  output: z.unknown(),
  effect: false,
  keyedBy: 'none',
  run: async (_call, { words }) => {
    throw new FailureError(failure('REFUSED', words, { kind: 'refused' }));
  },
});

export const tools = [{ name: 'desk', actions: { put, take, refuse } }];
