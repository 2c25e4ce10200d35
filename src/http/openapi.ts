// OpenAPI 3.1 of every route, made from the routes' own schemas.
import swagger from '@fastify/swagger';
import type { FastifyInstance } from 'fastify';
import { jsonSchemaTransform, jsonSchemaTransformObject } from 'fastify-type-provider-zod';
import { z } from 'zod';
import type { App } from './app-context.ts';
import { problemResponse } from './problem.ts';
import { json } from './shapes.ts';

const info = {
  title: 'Breakwater',
  version: 'v1',
  description: 'Durable sagas on one Postgres: start runs, watch them, decide approvals, control what runs.',
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
    transform: jsonSchemaTransform,
    transformObject: jsonSchemaTransformObject,
  });
}

export function openApiRoute(app: App): void {
  app.get(
    '/openapi.json',
    { config: { access: 'viewer' }, schema: { summary: 'This description', tags: ['openapi'], response: { 200: json, ...problemResponse } } },
    async () => z.custom<ReturnType<typeof json.parse>>().parse(app.swagger()),
  );
}
