// Adapters: the tools there are, what their actions take and give, and a single call of one of them.
import { z } from 'zod';
import { isJsonObject, pageOfNamed } from '../kernel/index.ts';
import type { CatalogAction } from '../definitions/index.ts';
import type { Connection, ConnectedTool, Registry } from '../tools/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { executeAdapter } from './execute-adapter.ts';
import { problemResponse } from './problem.ts';
import { idempotencyHeaders, json, pageOf, pageQuery } from './shapes.ts';

const tags = ['adapters'];

const adapterAction = z
  .object({
    name: z.string(),
    description: z.string(),
    input: json.describe('JSON Schema of the arguments.'),
    output: json.describe('JSON Schema of the answer.'),
    effect: z.boolean().describe('Does it change something outside?'),
    keyedBy: z
      .enum(['vendor', 'probe', 'none'])
      .describe('How a repeat is recognised: the vendor takes our key, we look first, or not at all.'),
    undoneBy: z.array(z.string()).readonly().describe('Actions of the same tool that take it back.'),
  })
  .meta({ id: 'AdapterAction' });

const adapter = z
  .object({
    name: z.string(),
    aliases: z.array(z.string()).readonly(),
    configured: z.boolean().describe('Can it be called: with credentials, in the sandbox, or without needing any?'),
    sandboxed: z.boolean().describe("It has no credentials and talks to the sandbox's double."),
    missing: z.array(z.string()).readonly().describe('The settings it lacks.'),
    actions: z.array(adapterAction),
  })
  .meta({ id: 'Adapter' });

const executeBody = z.strictObject({
  action: z.string().min(1).max(200),
  arguments: json
    .refine(isJsonObject, 'must be an object')
    .default({})
    .describe('As the JSON Schema of the action says.'),
});

const executed = z
  .object({
    ok: z.literal(true),
    value: json,
    key: z.string().describe('What the vendor knows this call by.'),
  })
  .meta({ id: 'Executed' });

export function adapterRoutes(app: App, services: Services): void {
  listRoute(app, services);
  executeRoute(app, services);
}

function listRoute(app: App, { registry }: Services): void {
  app.get(
    '/v1/adapters',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'The tools and their actions',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(adapter), ...problemResponse },
      },
    },
    async ({ query }) => {
      const page = pageOfNamed(registry.tools(), query, ({ tool }) => tool.name);
      return { ...page, items: page.items.map((connected) => adapterView(registry, connected)) };
    },
  );
}

function adapterView({ catalog }: Registry, { tool, connection }: ConnectedTool): z.input<typeof adapter> {
  const actions = catalog.tool(tool.name)?.actions.values() ?? [];
  return {
    name: tool.name,
    aliases: tool.aliases ?? [],
    ...connectionView(connection),
    actions: [...actions].map(actionView),
  };
}

function connectionView(connection: Connection) {
  return {
    configured: connection.state !== 'missing',
    sandboxed: connection.state === 'connected' && connection.sandboxed,
    missing: connection.state === 'missing' ? connection.variables : [],
  };
}

function actionView({ name, description, input, output, effect, keyedBy, undoneBy }: CatalogAction) {
  return { name, description, input, output, effect, keyedBy, undoneBy };
}

function executeRoute(app: App, services: Services): void {
  app.post(
    '/v1/adapters/:tool/execute',
    {
      config: { access: 'admin' },
      schema: {
        summary: 'Call one action once; audited, tried again while the answer is waited for',
        tags,
        params: z.object({ tool: z.string().max(100) }),
        headers: idempotencyHeaders,
        body: executeBody,
        response: { 200: executed, ...problemResponse },
      },
    },
    async (request) => {
      const { action, arguments: args } = request.body;
      const { tool } = request.params;
      const idempotencyKey = request.headers['idempotency-key'];
      const { value, key } = await executeAdapter(services, actorOf(request), { tool, action, args, idempotencyKey });
      return { ok: true as const, value, key };
    },
  );
}
