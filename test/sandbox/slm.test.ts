import { describe, expect, it } from 'vitest';
import { openSandbox, type TestSandbox } from './open-sandbox.ts';

const COMPLETIONS = '/slm/v1/chat/completions';
const FIELDS = ['headline', 'tagline', 'email_subject', 'email_body', 'social_post', 'blog_outline'];
const CAMPAIGN_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  required: FIELDS,
  properties: Object.fromEntries(FIELDS.map((field) => [field, { type: 'string' }])),
};

interface Completion {
  choices: { finish_reason: string; message: { role: string; content: string } }[];
  usage: { prompt_tokens: number; completion_tokens: number; total_tokens: number };
}

const promptFor = (campaign: string, audience: string, tone: string) =>
  `Write the campaign's content.\nCampaign: ${campaign}\nTarget audience: ${audience}\nTone: ${tone}\nGoals: win back customers, grow the newsletter`;

const ask = (sandbox: TestSandbox, prompt: string, more: object = {}) =>
  sandbox.call<Completion>('POST', COMPLETIONS, {
    model: 'any',
    messages: [{ role: 'user', content: prompt }],
    ...more,
  });
const jsonSchema = (schema: object, strict = true) => ({
  response_format: { type: 'json_schema', json_schema: { name: 'content', strict, schema } },
});

async function write(sandbox: TestSandbox, prompt: string): Promise<Record<string, string>> {
  const { body } = await ask(sandbox, prompt, jsonSchema(CAMPAIGN_SCHEMA));
  return JSON.parse(body.choices[0]?.message.content ?? '') as Record<string, string>;
}

describe('a completion with a schema', () => {
  it('fills every field from the prompt', async () => {
    await using sandbox = await openSandbox();

    const content = await write(sandbox, promptFor('Spring Launch', 'small bakeries', 'casual'));

    expect(Object.keys(content)).toEqual(FIELDS);
    for (const text of Object.values(content)) expect(text).toContain('Spring Launch');
    expect(content['email_body']).toContain('small bakeries');
    expect(content['email_body']).toContain('win back customers');
    expect(new Set(Object.values(content)).size).toBe(FIELDS.length);
  });

  it('is the same for the same prompt and another for another name, audience or tone', async () => {
    await using sandbox = await openSandbox();
    const base = await write(sandbox, promptFor('Spring Launch', 'small bakeries', 'casual'));

    expect(await write(sandbox, promptFor('Spring Launch', 'small bakeries', 'casual'))).toEqual(base);
    for (const other of [
      promptFor('Autumn Sale', 'small bakeries', 'casual'),
      promptFor('Spring Launch', 'hospitals', 'casual'),
      promptFor('Spring Launch', 'small bakeries', 'technical'),
    ]) {
      expect((await write(sandbox, other))['email_body']).not.toBe(base['email_body']);
    }
  });

  it.each([
    [
      'an open object in strict mode',
      { type: 'object', properties: { a: {} }, required: ['a'] },
      'additionalProperties',
    ],
    [
      'an optional property in strict mode',
      { type: 'object', properties: { a: {} }, required: [], additionalProperties: false },
      "Missing 'a'",
    ],
    [
      'a keyword it cannot promise',
      { type: 'array', items: { type: 'string', pattern: 'x' } },
      "In context=('items'), 'pattern'",
    ],
    ['a reference into nothing', { $ref: '#/$defs/none' }, "'#/$defs/none'"],
  ])('is refused for %s', async (_, schema, reason) => {
    await using sandbox = await openSandbox();

    const reply = await ask(sandbox, 'x', jsonSchema(schema));

    expect(reply).toMatchObject({
      status: 400,
      body: {
        error: { type: 'invalid_request_error', param: 'response_format', message: expect.stringContaining(reason) },
      },
    });
  });

  it('takes an open object where strict mode is off', async () => {
    await using sandbox = await openSandbox();

    const { status } = await ask(sandbox, 'x', jsonSchema({ type: 'object', properties: { a: {} } }, false));

    expect(status).toBe(200);
  });
});

describe('a completion', () => {
  it('is a message with its usage', async () => {
    await using sandbox = await openSandbox();

    const { status, body } = await ask(sandbox, promptFor('Spring Launch', 'small bakeries', 'professional'));

    expect(status).toBe(200);
    expect(body).toMatchObject({ object: 'chat.completion', model: 'any' });
    expect(body.choices).toMatchObject([
      { index: 0, finish_reason: 'stop', message: { role: 'assistant', refusal: null } },
    ]);
    expect(body.choices[0]?.message.content).toContain('Spring Launch is for small bakeries');
    expect(body.usage.total_tokens).toBe(body.usage.prompt_tokens + body.usage.completion_tokens);
    expect(body.usage.prompt_tokens).toBeGreaterThan(0);
  });

  it('is cut off at max_tokens', async () => {
    await using sandbox = await openSandbox();

    const { body } = await ask(sandbox, 'Write', { max_tokens: 5 });

    expect(body.choices[0]).toMatchObject({
      finish_reason: 'length',
      message: { content: expect.stringMatching(/^[^]{20}$/) },
    });
    expect(body.usage.completion_tokens).toBe(5);
  });

  it('reads text parts, system messages and plain json_object', async () => {
    await using sandbox = await openSandbox();
    const messages = [
      { role: 'system', content: 'Write in a technical tone about the campaign "Deep Water".' },
      { role: 'assistant', content: 'Campaign: Not This' },
      { role: 'user', content: [{ type: 'text', text: 'Audience: divers' }] },
    ];

    const { body } = await sandbox.call<Completion>('POST', COMPLETIONS, {
      model: 'm',
      messages,
      response_format: { type: 'json_object' },
    });

    const written: unknown = JSON.parse(body.choices[0]?.message.content ?? '');
    expect(written).toMatchObject({
      title: expect.any(String),
      summary: expect.stringContaining('Deep Water'),
      points: expect.any(Array),
    });
    expect(JSON.stringify(written)).not.toContain('Not This');
  });

  it('is made anew at every request and leaves no object', async () => {
    await using sandbox = await openSandbox();
    const headers = { authorization: 'Bearer k', 'idempotency-key': 'same' };
    const request = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] };

    const first = await sandbox.call('POST', COMPLETIONS, request, headers);
    const second = await sandbox.call('POST', COMPLETIONS, request, headers);

    expect(second.body['id']).not.toBe(first.body['id']);
    expect(await sandbox.ledger('slm')).toEqual([]);
  });

  it.each([
    ['no messages', { messages: [] }, 'messages'],
    ['no model', { model: undefined }, 'model'],
    ['a stream', { stream: true }, 'stream'],
  ])('is refused for %s', async (_, more, param) => {
    await using sandbox = await openSandbox();

    const { status, body } = await ask(sandbox, 'x', more);

    expect(status).toBe(400);
    expect(body).toMatchObject({ error: { type: 'invalid_request_error', param } });
  });

  it('names its models', async () => {
    await using sandbox = await openSandbox();
    const { data } = (await sandbox.call<{ data: { id: string }[] }>('GET', '/slm/v1/models')).body;

    expect((await sandbox.call('GET', `/slm/v1/models/${data[0]?.id}`)).body).toEqual(data[0]);
    expect(await sandbox.call('GET', '/slm/v1/models/none')).toMatchObject({
      status: 404,
      body: { error: { code: 'model_not_found' } },
    });
  });
});
