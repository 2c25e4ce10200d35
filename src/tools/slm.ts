// A language model behind the OpenAI-compatible chat API. https://platform.openai.com/docs/api-reference/chat
import { z } from 'zod';
import { schemaProblem, validateValue } from '../definitions/index.ts';
import { failure, FailureError, type Json, type JsonObject } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import { plainJson } from './plain-json.ts';
import type { Tool } from './tool.ts';

const message = z.strictObject({ role: z.enum(['system', 'user', 'assistant']), content: z.string() });

const chatInput = z
  .strictObject({
    prompt: z.string().min(1).optional().describe('What the user says; the short form of messages'),
    system: z.string().optional().describe('Instructions that come before everything else'),
    messages: z.array(message).min(1).optional().describe('The whole conversation so far, instead of prompt'),
    model: z.string().min(1).optional().describe('Default: OPENAI_MODEL'),
    max_tokens: z.int().positive().optional(),
    temperature: z.number().min(0).max(2).optional(),
    schema: z.record(z.string(), z.json()).optional().describe('JSON Schema of the answer, which then is the output'),
  })
  .refine(({ prompt, messages }) => (prompt === undefined) !== (messages === undefined), {
    message: 'needs either prompt or messages',
  });
type ChatInput = z.infer<typeof chatInput>;

const usage = z.object({ prompt_tokens: z.number(), completion_tokens: z.number(), total_tokens: z.number() });

// With a schema the answer itself is the output, so that it can be used, edited and checked as what it is.
const chatOutput = z.json().describe('Without a schema {text, model, usage}; with one the answer, which fits it');

const completion = z.object({
  model: z.string(),
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish(), refusal: z.string().nullish() }),
        finish_reason: z.string().nullish(),
      }),
    )
    .min(1),
  usage: usage.nullish(),
});
type Choice = z.infer<typeof completion>['choices'][number];

const DEFAULT_MODEL = 'gpt-4o-mini';

// A completion changes nothing at the provider: a repeat costs tokens and may read differently, no more.
const chatCompletion = defineAction({
  description: 'Asks a language model; with a schema, for an answer in JSON that fits it.',
  input: chatInput,
  output: chatOutput,
  outputSchemaFrom: 'schema',
  effect: false,
  keyedBy: 'none',
  async run(call, input) {
    if (input.schema) refuseBrokenSchema(input.schema);
    const model = input.model ?? call.settings['OPENAI_MODEL'] ?? DEFAULT_MODEL;
    const answer = await call.http.request('POST', ['chat', 'completions'], {
      json: chatRequest(input, model),
      expect: completion,
    });
    const text = textOf(answer.choices[0]!);
    if (input.schema) return dataOf(text, input.schema);
    return { text, model: answer.model, usage: answer.usage ?? null };
  },
});

function chatRequest({ system, prompt, messages, max_tokens, temperature, schema }: ChatInput, model: string) {
  const conversation = messages ?? [{ role: 'user', content: prompt }];
  return {
    model,
    messages: system === undefined ? conversation : [{ role: 'system', content: system }, ...conversation],
    max_tokens,
    temperature,
    response_format: schema && { type: 'json_schema', json_schema: { name: 'answer', schema } },
  };
}

function textOf({ message: { content, refusal }, finish_reason }: Choice): string {
  if (refusal) throw new FailureError(failure('SLM_REFUSED', `The model refused to answer: ${refusal}`));
  if (finish_reason === 'length') throw malformed('the answer was cut off; raise max_tokens');
  if (!content) throw malformed('the answer is empty');
  return content;
}

// Before anything is asked: an answer could not be checked against it, and never will be. It may come from an input, so it is held to what
// a definition may carry.
function refuseBrokenSchema(schema: JsonObject): void {
  const problem = schemaProblem(schema);
  if (problem === undefined) return;
  throw new FailureError(failure('INVALID_ARGUMENTS', `schema is no JSON Schema that can be checked: ${problem}`));
}

function dataOf(text: string, schema: JsonObject): Json {
  const data = parseAnswer(text);
  const [problem] = validateValue(schema, data);
  if (problem) throw malformed(`the answer does not fit the schema: ${problem.path || '/'} ${problem.message}`);
  return data;
}

// Models that do not know response_format put their JSON into a fence.
function parseAnswer(text: string): Json {
  const bare = /^\s*```(?:json)?\s*\n([\s\S]*?)\n\s*```\s*$/.exec(text)?.[1] ?? text;
  try {
    return plainJson(JSON.parse(bare));
  } catch (error) {
    if (error instanceof SyntaxError) throw malformed('the answer is not JSON');
    throw error;
  }
}

// Another try may bring a better answer.
function malformed(reason: string): FailureError {
  return new FailureError(
    failure('SLM_MALFORMED', `The model gave no usable answer: ${reason}`, { kind: 'theirs', retryable: true }),
  );
}

// Clients of this API are configured with or without the version in the address; without one it is /v1.
function withVersion(url: string): string {
  const hasVersion = new URL(url).pathname.split('/').some((segment) => /^v\d/.test(segment));
  return hasVersion ? url : `${url.replace(/\/+$/, '')}/v1`;
}

export const slm = {
  name: 'slm',
  vendor: {
    baseUrl: 'https://api.openai.com/v1',
    baseUrlName: 'OPENAI_BASE_URL',
    normalizeBaseUrl: withVersion,
    credentials: {
      names: ['OPENAI_API_KEY'],
      headers: (values) => ({ authorization: `Bearer ${values['OPENAI_API_KEY']}` }),
    },
    settings: ['OPENAI_MODEL'],
  },
  actions: { chat_completion: chatCompletion },
} satisfies Tool;
