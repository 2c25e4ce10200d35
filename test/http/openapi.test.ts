import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestApp, type RunningApp } from './running-app.ts';

interface Operation {
  readonly summary?: string;
  readonly security?: unknown[];
  readonly requestBody?: { readonly content: Record<string, unknown> };
  readonly responses: Record<string, { readonly content?: Record<string, unknown> }>;
}

interface OpenApi {
  readonly openapi: string;
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: { readonly schemas: Record<string, unknown> };
}

let api: RunningApp;
let document: OpenApi;

beforeAll(async () => {
  api = await startTestApp('http_openapi');
  document = (await api.call('/openapi.json')).body as OpenApi;
});

afterAll(() => api.stop());

function operations() {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: `${method.toUpperCase()} ${path}`, operation })),
  );
}

describe('GET /openapi.json', () => {
  it('is OpenAPI 3.1', () => {
    expect(document.openapi).toBe('3.1.0');
  });

  it('says of every operation what it does and how it refuses', () => {
    for (const { name, operation } of operations()) {
      expect(operation.summary, name).toBeTruthy();
      const contents = Object.values(operation.responses).flatMap((response) => Object.keys(response.content ?? {}));
      expect(contents, name).toContain(name.includes('/approve/') ? 'text/html' : 'application/problem+json');
    }
  });

  it('refers only to schemas that it holds', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, target = '']) => target);

    expect(references.length).toBeGreaterThan(0);
    for (const target of references) {
      expect(target).toMatch(/^#\/components\/schemas\//);
      expect(document.components.schemas).toHaveProperty(target.slice('#/components/schemas/'.length));
    }
  });

  it('holds no schema that nothing refers to, and forbids no client to send what it may send', () => {
    const text = JSON.stringify(document);

    for (const name of Object.keys(document.components.schemas))
      expect(text).toContain(`"#/components/schemas/${name}"`);
    expect(text).not.toContain('readOnly');
  });

  it('names the content types that bodies may have', () => {
    const types = (path: string) => Object.keys(document.paths[path]?.post?.requestBody?.content ?? {});

    expect(types('/v1/runs')).toEqual(['application/json']);
    expect(types('/v1/definitions')).toEqual(['application/yaml', 'application/json']);
    expect(types('/approve/{token}')).toEqual(['application/x-www-form-urlencoded']);
  });

  it('opens without a key exactly what is open', () => {
    const open = operations().filter(({ operation }) => operation.security?.length === 0);

    expect(open.map(({ name }) => name).toSorted()).toEqual([
      'GET /approve/{token}',
      'GET /health',
      'GET /ready',
      'POST /approve/{token}',
      'POST /v1/slack/interactions',
    ]);
  });
});
