// What the compiler may name, as JSON Schemas.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { defineAction } from '../../src/tools/define-action.ts';
import { toolCatalog } from '../../src/tools/index.ts';
import { createCatalog, createRegistry } from '../../src/tools/registry.ts';
import type { Tool } from '../../src/tools/tool.ts';

const catalog = toolCatalog();
const actions = catalog
  .toolNames()
  .flatMap((tool) => [...(catalog.tool(tool)?.actions.values() ?? [])].map((action) => ({ tool, action })));

function toolWith(input: z.ZodType, rest: Partial<Tool> = {}): Tool {
  const act = defineAction({
    description: 'Acts.',
    input,
    output: z.object({}),
    effect: false,
    keyedBy: 'none',
    run: () => Promise.resolve({}),
  });
  return { name: 'acme', ...rest, actions: { act } };
}

describe('toolCatalog', () => {
  it('holds every tool that is built', () => {
    expect(catalog.toolNames()).toEqual([
      'buffer',
      'figma',
      'github',
      'grafana',
      'http',
      'memory',
      'notion',
      'playwright',
      'sendgrid',
      'slack',
      'slm',
    ]);
  });

  it('finds a tool by alias', () => {
    expect(catalog.tool('memory_gateway')?.name).toBe('memory');
    expect(catalog.tool('constructor')).toBeUndefined();
  });

  it.each(actions)('describes $tool.$action.name and closes its arguments', ({ action }) => {
    expect(action.description).toMatch(/^[A-Z].*\.$/s);
    expect(action.input).toMatchObject({ type: 'object', additionalProperties: false });
    if (action.outputSchemaFrom === undefined) expect(action.output).toMatchObject({ type: 'object' });
  });

  it.each(actions.filter(({ action }) => action.undoneBy.length > 0))(
    'undoes $tool.$action.name by actions that exist and have an effect',
    ({ tool, action }) => {
      for (const undo of action.undoneBy) expect(catalog.tool(tool)?.actions.get(undo)?.effect).toBe(true);
    },
  );

  it('asks for an argument with a default no more', () => {
    const input = catalog.tool('github')?.actions.get('create_branch')?.input;
    expect(input).toMatchObject({ required: ['owner', 'repo', 'branch'], properties: { from: { default: 'main' } } });
  });
});

describe('createCatalog', () => {
  it('refuses an adapter whose arguments are open', () => {
    expect(() => createCatalog([toolWith(z.object({}))])).toThrow('acme.act must be a z.strictObject');
  });
});

describe('createRegistry', () => {
  it('refuses two tools of one name', () => {
    const tools = [toolWith(z.strictObject({})), toolWith(z.strictObject({}), { name: 'other', aliases: ['acme'] })];
    expect(() => createRegistry(tools, new Map())).toThrow('Two tools are called "acme"');
  });
});
