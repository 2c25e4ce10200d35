// OpenAPI 3.1 of every route, made from the routes' own schemas.
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { createJsonSchemaTransform, createJsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { Json } from '../kernel/index.ts';
import type { App } from './app-context.ts';
import { problemResponse } from './problem.ts';
import { json } from './shapes.ts';

const info = {
  title: 'Breakwater',
  version: 'v1',
  description: 'Durable sagas on one Postgres: start runs, watch them, decide approvals, control what runs.',
};

// `readonly` is about our code; as a JSON Schema's `readOnly` it would forbid clients to send the value.
const zodToJsonConfig = {
  override: ({ jsonSchema }: { jsonSchema: { readOnly?: boolean } }) => {
    delete jsonSchema.readOnly;
  },
};

/** Must be registered before the routes it describes. */
export function installOpenApi(app: FastifyInstance): void {
  void app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info,
      security: [{ key: [] }],
      components: { securitySchemes: { key: { type: 'http', scheme: 'bearer' } } },
    },
    transform: createJsonSchemaTransform({ zodToJsonConfig }),
    transformObject: createJsonSchemaTransformObject({ zodToJsonConfig }),
  });
}

export function openApiRoute(app: App): void {
  app.get(
    '/openapi.json',
    {
      config: { access: 'viewer' },
      schema: { summary: 'This description', tags: ['openapi'], response: { 200: json, ...problemResponse } },
    },
    async () => withoutUnused(document.parse(app.swagger())),
  );
}

const document = z.looseObject({
  paths: json,
  components: z.looseObject({ schemas: z.record(z.string(), json) }),
});

// Each shape is described as it is sent and as it is read, though most are only one of them.
function withoutUnused({ paths, components, ...rest }: z.output<typeof document>): Json {
  const schemas = Object.entries(components.schemas);
  const uses = JSON.stringify([paths, schemas.filter(([name]) => !name.endsWith('Input'))]);
  const used = schemas.filter(([name]) => uses.includes(`"#/components/schemas/${name}"`));
  return json.parse({ ...rest, paths, components: { ...components, schemas: Object.fromEntries(used) } });
}
