// The contract of OpenAI's chat API, which other language models speak too. https://platform.openai.com/docs/api-reference/chat
import { expect } from 'vitest';
import { z } from 'zod';
import { slm as tool } from '../../../src/tools/slm.ts';
import { CREDENTIAL, type VendorContract } from '../contract.ts';
import { openApi } from '../descriptions.ts';

const CHAT = 'POST /v1/chat/completions';
const schema = {
  type: 'object',
  required: ['headline', 'tagline'],
  additionalProperties: false,
  properties: { headline: { type: 'string' }, tagline: { type: 'string' } },
};
const text = z.string().min(1);
const noTaste = 'the model has a default';

export const slm: VendorContract = {
  tool,
  settings: { OPENAI_MODEL: 'sandbox-writer' },
  headers: { authorization: `Bearer ${CREDENTIAL}` },
  describe: () => openApi('openai.json', { apiRoot: '/v1' }),
  operations: [
    {
      route: CHAT,
      body: z.strictObject({
        model: text,
        messages: z.array(z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: text })).min(1),
        max_tokens: z.int().optional(),
        temperature: z.number().optional(),
        response_format: z
          .strictObject({
            type: z.literal('json_schema'),
            json_schema: z.strictObject({ name: text, schema: z.looseObject({ type: text }) }),
          })
          .optional(),
      }),
      looks: true,
      optional: { max_tokens: noTaste, temperature: noTaste, 'messages.0': 'what is left is a conversation still' },
    },
  ],
  cases: [
    {
      title: 'in words',
      action: 'chat_completion',
      args: { system: 'You write copy.', prompt: 'Campaign: Spring', max_tokens: 400, temperature: 0.5 },
      sends: [CHAT],
      answers: { text: expect.stringMatching(/Spring/), model: 'sandbox-writer', usage: expect.any(Object) },
      leaves: [],
    },
    {
      title: 'with a schema',
      action: 'chat_completion',
      args: { messages: [{ role: 'user', content: 'Campaign: Spring' }], schema },
      sends: [CHAT],
      answers: { headline: expect.any(String), tagline: expect.any(String) },
      leaves: [],
    },
  ],
};
