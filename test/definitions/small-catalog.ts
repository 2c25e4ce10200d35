// A catalog of a few actions, enough for every rule that looks at tools.
import type { Catalog, CatalogAction, CatalogTool, JsonSchema } from '../../src/definitions/index.ts';

export function createCatalog(...tools: readonly CatalogTool[]): Catalog {
  return {
    tool: (name) => tools.find((tool) => tool.name === name || tool.aliases.includes(name)),
    toolNames: () => tools.flatMap((tool) => [tool.name, ...tool.aliases]),
  };
}

export function createTool(
  name: string,
  actions: readonly CatalogAction[],
  aliases: readonly string[] = [],
): CatalogTool {
  return { name, aliases, actions: new Map(actions.map((action) => [action.name, action])) };
}

export function createAction(name: string, rest: Partial<CatalogAction> = {}): CatalogAction {
  return {
    name,
    description: name,
    input: openObject,
    output: openObject,
    effect: false,
    undoneBy: [],
    keyedBy: 'none',
    ...rest,
  };
}

const openObject: JsonSchema = { type: 'object' };

function closedObject(properties: Record<string, JsonSchema>, required: readonly string[] = []): JsonSchema {
  return { type: 'object', properties, required, additionalProperties: false };
}

/** `mail` sends and unsends, `notes` reads and writes, `echo` takes anything. */
export const catalog = createCatalog(
  createTool('mail', [
    createAction('send', {
      effect: true,
      keyedBy: 'vendor',
      undoneBy: ['unsend'],
      input: closedObject(
        {
          to: { type: 'string' },
          subject: { type: 'string' },
          copies: { type: 'integer', minimum: 1 },
          tone: { enum: ['kind', 'terse'] },
        },
        ['to'],
      ),
      output: closedObject({ id: { type: 'string' }, size: { type: 'number' } }, ['id']),
    }),
    createAction('unsend', { effect: true, input: closedObject({ id: { type: 'string' } }, ['id']) }),
  ]),
  createTool(
    'notes',
    [
      createAction('find', {
        input: closedObject({ query: { type: 'string' }, limit: { type: 'integer' } }),
        output: closedObject({ titles: { type: 'array', items: { type: 'string' } } }),
      }),
      createAction('write', {
        effect: true,
        undoneBy: ['erase'],
        input: closedObject({ text: { type: 'string' } }, ['text']),
      }),
      createAction('erase', { effect: true }),
    ],
    ['notebook'],
  ),
  createTool('echo', [createAction('say')]),
  createTool('model', [createAction('answer', { outputSchemaFrom: 'schema' })]),
);
