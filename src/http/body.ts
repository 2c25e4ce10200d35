// How bodies are read: one content type a route, capped, and free of what no room behind here should ever see.
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { BreakwaterError, findUnsafe, messageOf } from '../kernel/index.ts';

export const MAX_BODY_BYTES = 256 * 1024;
export const MAX_DEFINITION_BYTES = 64 * 1024;

/** A definition's text as it came; its own parser reads it. */
export interface DefinitionText {
  readonly source: string;
  readonly format: 'yaml' | 'json';
}

/** JSON is what a route takes unless its scope says otherwise. What is unsafe is refused in every scope, before validation. */
export function installBodyRules(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  // What is small when it comes and large when it is unpacked is not unpacked.
  app.addHook('onRequest', async (request) => {
    const encoding = request.headers['content-encoding'] ?? 'identity';
    if (encoding === 'identity') return;
    throw new BreakwaterError('UNSUPPORTED_MEDIA_TYPE', `Send the body as it is, not as ${encoding.slice(0, 50)}.`);
  });
  app.addContentTypeParser<string>(
    'application/json',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => parseJson(text),
  );
  app.addHook('preValidation', async (request) => {
    // No body at all counts as an empty one: whether members are missing is for the schema to say.
    if (request.routeOptions.schema?.body !== undefined && request.body === undefined) request.body = {};
    refuseUnsafe('The body', request.body, 'INVALID');
    refuseUnsafe('The path', request.params, 'BAD_REQUEST');
    refuseUnsafe('The query', request.query, 'BAD_REQUEST');
  });
}

/** This scope takes definitions, as YAML or as JSON, and leaves reading them to the compiler. */
export function acceptDefinitions(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  const options = { parseAs: 'string', bodyLimit: MAX_DEFINITION_BYTES } as const;
  app.addContentTypeParser<string>('application/yaml', options, async (_request: FastifyRequest, source: string) =>
    asDefinition(source, 'yaml'),
  );
  app.addContentTypeParser<string>('application/json', options, async (_request: FastifyRequest, source: string) =>
    asDefinition(source, 'json'),
  );
}

/** This scope takes what a browser sends for a form without scripts: each name's last value. */
export function acceptForms(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser<string>(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    async (_request: FastifyRequest, text: string) => Object.fromEntries(new URLSearchParams(text)),
  );
}

function asDefinition(source: string, format: DefinitionText['format']): DefinitionText {
  return { source, format };
}

function parseJson(text: string): unknown {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BreakwaterError('BAD_REQUEST', `The body is not JSON: ${messageOf(error)}`, { cause: error });
  }
}

function refuseUnsafe(what: string, value: unknown, code: 'INVALID' | 'BAD_REQUEST'): void {
  const unsafe = findUnsafe(value);
  if (!unsafe) return;
  const { path, reason } = unsafe;
  throw new BreakwaterError(code, `${what}${path && ` at ${path}`} ${reason}.`, {
    problems: [{ path, message: reason }],
  });
}
