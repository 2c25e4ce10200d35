// A language model behind OpenAI's chat completions API. It writes from the prompt, deterministically, and remembers nothing:
// a completion is no object at the vendor, so the ledger has none; and there is no idempotency key to honour.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { isJsonObject, type JsonObject } from '../../../src/kernel/index.ts';
import { dispatch, route } from '../../router.ts';
import { type Answer, type Double, Refusal, type Surroundings, type Vendor, type VendorRequest } from '../../vendor.ts';
import { type Brief, readBrief } from './brief.ts';
import { schemaFault } from './check-schema.ts';
import { bodyOf } from './copy.ts';
import { fillSchema } from './fill-schema.ts';

export const slm: Vendor = { name: 'slm', open: openSlm };

const MODEL = 'sandbox-writer';
const LETTERS_PER_TOKEN = 4;

const textPart = z.object({ type: z.literal('text'), text: z.string() });
const messageSchema = z.object({
  role: z.enum(['developer', 'system', 'user', 'assistant', 'tool']),
  content: z.union([z.string(), z.array(textPart)]).nullish(),
});
const formatSchema = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text') }),
  z.object({ type: z.literal('json_object') }),
  z.object({
    type: z.literal('json_schema'),
    json_schema: z.object({
      name: z.string().regex(/^[\w-]{1,64}$/),
      strict: z.boolean().nullish(),
      schema: z.custom<JsonObject>(isJsonObject, 'expected a JSON Schema'),
    }),
  }),
]);
const requestSchema = z.object({
  model: z.string().min(1),
  messages: z.array(messageSchema).min(1),
  response_format: formatSchema.optional(),
  max_tokens: z.int().min(1).nullish(),
  max_completion_tokens: z.int().min(1).nullish(),
  n: z.int().min(1).max(8).nullish(),
  stream: z.literal(false, 'this server does not stream').nullish(),
});

type Completion = z.infer<typeof requestSchema>;

/** What `json_object` answers, which asks for JSON but not for any fields. */
const PLAIN_OBJECT: JsonObject = { properties: { title: {}, summary: {}, points: { type: 'array' } } };

function openSlm({ clock }: Surroundings): Double {
  const nowSeconds = () => Math.floor(clock.now() / 1_000);
  const model = { id: MODEL, object: 'model', created: nowSeconds(), owned_by: 'sandbox' };
  const routes = [
    route('POST', '/v1/chat/completions', (request) => complete(request, nowSeconds())),
    route('GET', '/v1/models', () => ({ status: 200, body: { object: 'list', data: [model] } })),
    route('GET', '/v1/models/:id', (_, id) => (id === MODEL ? { status: 200, body: model } : unknownModel(id))),
  ];
  return {
    handle: (request) =>
      unauthorized(request) ??
      dispatch(routes, request) ??
      refusal(404, `Invalid URL (${request.method} ${request.path})`),
    refuse: (status, message) => refusal(status, message),
  };
}

function complete({ body }: VendorRequest, created: number): Answer {
  const wanted = parseCompletion(body);
  const prompt = promptOf(wanted);
  const text = write(wanted, readBrief(prompt));
  const limit = (wanted.max_completion_tokens ?? wanted.max_tokens ?? Infinity) * LETTERS_PER_TOKEN;
  const content = text.slice(0, limit);
  const finish_reason = content === text ? 'stop' : 'length';
  const choice = (index: number) => ({
    index,
    finish_reason,
    logprobs: null,
    message: { role: 'assistant', content, refusal: null },
  });
  const choices = Array.from({ length: wanted.n ?? 1 }, (_, index) => choice(index));
  const usage = usageOf(prompt, content, choices.length);
  return {
    status: 200,
    body: { id: `chatcmpl-${randomUUID()}`, object: 'chat.completion', created, model: wanted.model, choices, usage },
  };
}

function parseCompletion(body: unknown): Completion {
  const parsed = requestSchema.safeParse(body ?? {});
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const param = issue?.path.join('.') ?? '';
    throw new Refusal(refusal(400, `Invalid value for '${param}': ${issue?.message}`, { param }));
  }
  const format = parsed.data.response_format;
  if (format?.type !== 'json_schema') return parsed.data;
  const fault = schemaFault(format.json_schema.schema, format.json_schema.strict ?? false);
  if (fault === undefined) return parsed.data;
  const message = `Invalid schema for response_format '${format.json_schema.name}': ${fault}`;
  throw new Refusal(refusal(400, message, { param: 'response_format' }));
}

/** What people and the system said; the model's own earlier words are no instruction. */
function promptOf({ messages }: Completion): string {
  const spoken = messages.filter(({ role }) => role !== 'assistant');
  return spoken
    .map(({ content }) => (typeof content === 'string' ? content : (content ?? []).map(({ text }) => text).join('\n')))
    .join('\n');
}

function write({ response_format: format }: Completion, brief: Brief): string {
  if (format?.type === 'json_schema') return JSON.stringify(fillSchema(format.json_schema.schema, brief));
  if (format?.type === 'json_object') return JSON.stringify(fillSchema(PLAIN_OBJECT, brief));
  return bodyOf(brief);
}

function usageOf(prompt: string, content: string, choices: number) {
  const prompt_tokens = Math.ceil(prompt.length / LETTERS_PER_TOKEN);
  const completion_tokens = Math.ceil(content.length / LETTERS_PER_TOKEN) * choices;
  return { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens };
}

function unauthorized({ headers }: VendorRequest): Answer | undefined {
  if (/^bearer +\S/i.test(headers.authorization ?? '')) return undefined;
  return refusal(
    401,
    `You didn't provide an API key. Provide it in the Authorization header, as in "Authorization: Bearer YOUR_KEY".`,
  );
}

function unknownModel(id: string): Answer {
  return refusal(404, `The model '${id}' does not exist`, { code: 'model_not_found' });
}

/** OpenAI's error body. */
function refusal(
  status: number,
  message = `The server answered with status ${status}`,
  more: { param?: string; code?: string } = {},
): Answer {
  const type = status === 429 ? 'requests' : status >= 500 ? 'server_error' : 'invalid_request_error';
  const code = more.code ?? (status === 429 ? 'rate_limit_exceeded' : null);
  const headers: Record<string, string> = status === 429 ? { 'retry-after': '1' } : {};
  return { status, headers, body: { error: { message, type, param: more.param ?? null, code } } };
}
