// The tool of the measured definitions: it answers at once and says when it was called.
import { z } from 'zod';
import { defineAction } from '../../../src/tools/index.ts';
import type { Tool } from '../../../src/tools/index.ts';
import { marks } from '../marks.ts';

const mark = defineAction({
  description: 'Does nothing but say that it was called.',
  input: z.strictObject({ name: z.string() }),
  output: z.object({ name: z.string() }),
  effect: false,
  keyedBy: 'none',
  async run(call, { name }) {
    marks.hit(`${call.runId}:${name}`);
    return { name };
  },
});

export const tools: readonly Tool[] = [{ name: 'bench', actions: { mark } }];
