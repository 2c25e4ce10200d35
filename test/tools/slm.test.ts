// The language model's adapter: what it asks for, and what it accepts as an answer.
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../src/kernel/index.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { slm } from '../../src/tools/slm.ts';
import { KEY, openSandboxWorld } from './sandbox-world.ts';
import { answerJson, startVendor } from './vendor-server.ts';

const schema = {
  type: 'object',
  required: ['headline'],
  additionalProperties: false,
  properties: { headline: { type: 'string' } },
};

function completion(content: string | null, choice: JsonObject = {}, message: JsonObject = {}) {
  return {
    model: 'small-1-2026',
    choices: [{ message: { role: 'assistant', content, ...message }, finish_reason: 'stop', ...choice }],
    usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7, details: {} },
  };
}

async function chat(answer: unknown, args: JsonObject, settings: Record<string, string> = {}) {
  await using vendor = await startVendor(answerJson(200, answer));
  const registry = createRegistry(
    [slm],
    connectTools([slm], { OPENAI_API_KEY: 'sk-secret', OPENAI_BASE_URL: vendor.url, ...settings }),
  );
  const outcome = await registry.invoke({
    tool: 'slm',
    action: 'chat_completion',
    args,
    key: KEY,
    suspect: false,
    timeoutMs: 5_000,
    tenant: 'acme',
    runId: 'run_1',
  });
  await registry.close();
  return { outcome, request: vendor.received[0] };
}

describe('chat_completion', () => {
  it('sends the conversation and answers with text, model and usage', async () => {
    const args = { system: 'Be brief', prompt: 'Hello', max_tokens: 50, temperature: 0.7 };

    const { outcome, request } = await chat(completion('Hi'), args, { OPENAI_MODEL: 'small-1' });

    expect(request).toMatchObject({
      method: 'POST',
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer sk-secret' },
    });
    expect(request?.body).toEqual({
      model: 'small-1',
      messages: [
        { role: 'system', content: 'Be brief' },
        { role: 'user', content: 'Hello' },
      ],
      max_tokens: 50,
      temperature: 0.7,
    });
    expect(outcome).toEqual({
      ok: true,
      value: { text: 'Hi', model: 'small-1-2026', usage: { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 } },
    });
  });

  it('takes a whole conversation and the model of the call', async () => {
    const messages = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b' },
      { role: 'user', content: 'c' },
    ];
    const { request } = await chat(completion('Hi'), { messages, model: 'large-2' }, { OPENAI_MODEL: 'small-1' });
    expect(request?.body).toEqual({ model: 'large-2', messages });
  });

  it('asks for JSON that fits a schema and gives the answer itself', async () => {
    const { outcome, request } = await chat(completion('{"headline":"Spring"}'), { prompt: 'x', schema });

    expect(request?.body).toMatchObject({
      response_format: { type: 'json_schema', json_schema: { name: 'answer', schema } },
    });
    expect(outcome).toMatchObject({ ok: true, value: { headline: 'Spring' } });
  });

  it('accepts JSON in a fence', async () => {
    const { outcome } = await chat(completion('```json\n{"headline":"Spring"}\n```'), { prompt: 'x', schema });
    expect(outcome).toMatchObject({ ok: true, value: { headline: 'Spring' } });
  });

  it.each([
    ['no JSON', completion('Dear reader'), 'is not JSON'],
    ['JSON that does not fit', completion('{"title":"Spring"}'), 'does not fit the schema'],
    ['an answer that was cut off', completion('{"headl', { finish_reason: 'length' }), 'raise max_tokens'],
    ['an empty answer', completion(null), 'is empty'],
  ])('fails on %s, worth another try', async (_, answer, reason) => {
    const { outcome } = await chat(answer, { prompt: 'x', schema });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'SLM_MALFORMED', kind: 'theirs', retryable: true, unknown: false },
    });
    expect(outcome).toHaveProperty('error.message', expect.stringContaining(reason));
  });

  it('fails for good when the model refuses', async () => {
    const { outcome } = await chat(completion(null, {}, { refusal: 'I cannot do that' }), { prompt: 'x' });
    expect(outcome).toMatchObject({ ok: false, error: { code: 'SLM_REFUSED', retryable: false } });
  });

  it.each<JsonObject>([{}, { prompt: 'a', messages: [{ role: 'user', content: 'b' }] }])(
    'refuses %j: either prompt or messages',
    async (args) => {
      const { outcome, request } = await chat(completion('Hi'), args);
      expect(outcome).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENTS' } });
      expect(request).toBeUndefined();
    },
  );

  it('refuses a schema that is none, before anything is asked', async () => {
    const { outcome, request } = await chat(completion('{}'), { prompt: 'x', schema: { type: 'wish' } });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('schema') },
    });
    expect(request).toBeUndefined();
  });

  it('gets structured content from the sandbox', async () => {
    await using world = await openSandboxWorld(slm);

    const value = await world.done({
      action: 'chat_completion',
      args: { prompt: 'Campaign name: Spring Launch', schema },
    });

    expect(value).toMatchObject({ headline: expect.stringContaining('Spring Launch') });
  });
});
