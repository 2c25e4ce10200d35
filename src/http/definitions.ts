// Definitions: publish, check, read, plan.
import { z } from 'zod';
import { definitionJsonSchema } from '../definitions/index.ts';
import type { App, Services } from './app-context.ts';
import { actorOf } from './authentication.ts';
import { MAX_DEFINITION_BYTES, acceptDefinitions, type DefinitionText } from './body.ts';
import { runGraph } from './history.ts';
import { problemResponse } from './problem.ts';
import { json, pageOf, pageQuery, warnings } from './shapes.ts';

const tags = ['definitions'];
const nameParams = z.object({ name: z.string().max(200) });
const versionParams = nameParams.extend({ version: z.string().max(100) });

const accepted = z
  .object({ name: z.string(), version: z.string(), hash: z.string(), warnings })
  .meta({ id: 'AcceptedDefinition' });

const coverage = z
  .object({ effects: z.int(), covered: z.int(), percentage: z.int(), uncovered: z.array(z.string()).readonly() })
  .meta({
    id: 'Coverage',
    description: 'How many acts that change something say what takes them back, or that nothing does.',
  });

const checkedDefinition = accepted.extend({ coverage }).meta({ id: 'CheckedDefinition' });

const definition = z
  .object({
    name: z.string(),
    version: z.string(),
    hash: z.string(),
    title: z.string(),
    kind: z.enum(['yaml', 'coded']),
    createdAt: z.string(),
  })
  .meta({ id: 'Definition' });

const definitionSource = definition
  .extend({
    source: z.string().nullable().describe('As given; null for a workflow written in TypeScript.'),
    mediaType: z.string().nullable(),
    inputSchema: json.describe('JSON Schema of the input; null where its code checks it.'),
    graph: runGraph,
  })
  .meta({ id: 'DefinitionSource' });

const text = z.custom<DefinitionText>(
  (value) => typeof value === 'object' && value !== null && 'source' in value,
  'is required',
);

export function definitionRoutes(app: App, services: Services): void {
  app.register(async (scope) => textRoutes(scope.withTypeProvider(), services));
  readRoutes(app, services);
  planRoute(app, services);
}

function textRoutes(app: App, { runs }: Services): void {
  acceptDefinitions(app);
  app.post(
    '/v1/definitions',
    {
      config: { access: 'author' },
      bodyLimit: MAX_DEFINITION_BYTES,
      schema: {
        summary: 'Publish a definition',
        tags,
        consumes: ['application/yaml', 'application/json'],
        body: text,
        response: { 200: accepted, 201: accepted, ...problemResponse },
      },
    },
    async (request, reply) => {
      const { source, format } = request.body;
      const {
        definition: published,
        created,
        warnings: found,
      } = await runs.definitions.publish(actorOf(request), source, format);
      const { name, version, hash } = published;
      return await reply.code(created ? 201 : 200).send({ name, version, hash, warnings: found });
    },
  );
  app.post(
    '/v1/definitions/validate',
    {
      config: { access: 'author' },
      bodyLimit: MAX_DEFINITION_BYTES,
      schema: {
        summary: 'Check a definition and store nothing',
        tags,
        consumes: ['application/yaml', 'application/json'],
        body: text,
        response: { 200: checkedDefinition, ...problemResponse },
      },
    },
    async (request) => {
      const {
        definition: checked,
        coverage: covered,
        warnings: found,
      } = runs.definitions.validate(request.body.source, request.body.format);
      const { name, version, hash } = checked;
      return { name, version, hash, coverage: covered, warnings: found };
    },
  );
}

function readRoutes(app: App, { runs }: Services): void {
  app.get(
    '/v1/definitions/schema.json',
    {
      config: { access: 'viewer' },
      schema: { summary: 'JSON Schema of a definition', tags, response: { 200: json, ...problemResponse } },
    },
    async () => definitionJsonSchema(),
  );
  app.get(
    '/v1/definitions',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'List definitions',
        tags,
        querystring: pageQuery,
        response: { 200: pageOf(definition), ...problemResponse },
      },
    },
    async (request) => await runs.definitions.list(actorOf(request).tenant, request.query),
  );
  app.get(
    '/v1/definitions/:name',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'The latest version, and what versions there are',
        tags,
        params: nameParams,
        response: { 200: definitionSource.extend({ versions: z.array(definition).readonly() }), ...problemResponse },
      },
    },
    async (request) => {
      const { tenant } = actorOf(request);
      const versions = await runs.definitions.versions(tenant, request.params.name);
      return { ...(await runs.definitions.read(tenant, request.params.name)), versions };
    },
  );
  app.get(
    '/v1/definitions/:name/versions/:version',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'One version',
        tags,
        params: versionParams,
        response: { 200: definitionSource, ...problemResponse },
      },
    },
    async (request) =>
      await runs.definitions.read(actorOf(request).tenant, request.params.name, request.params.version),
  );
}

function planRoute(app: App, { runs }: Services): void {
  app.post(
    '/v1/definitions/:name/plan',
    {
      config: { access: 'author' },
      schema: {
        summary: 'What a run would do; nothing happens',
        tags,
        params: nameParams,
        body: z.strictObject({ input: json.default({}), version: z.string().max(100).optional() }),
        response: { 200: json, ...problemResponse },
      },
    },
    async (request) => {
      const { input, version } = request.body;
      return await runs.definitions.plan(actorOf(request).tenant, request.params.name, input, version);
    },
  );
}
