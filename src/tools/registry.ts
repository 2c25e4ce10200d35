// The tools of one process with their connections: what the compiler may name, and what the engine calls.
import { z, type ZodType } from 'zod';
import type { Catalog, CatalogAction, CatalogTool, JsonSchema } from '../definitions/index.ts';
import { isJsonObject, type Outcome } from '../kernel/index.ts';
import type { Breakers } from '../resilience/index.ts';
import type { Invocation } from './attempt.ts';
import type { Connection, Connections } from './connect.ts';
import { ToolClient, type HttpLimits } from './http-client.ts';
import { invokeAction } from './invoke.ts';
import { plainJson } from './plain-json.ts';
import type { Redactor } from './redact.ts';
import { untold, type RequestTeller } from './request-span.ts';
import { noSecrets, type Secrets } from './secrets.ts';
import { secretArguments, type Tool, type ToolAction } from './tool.ts';

/** A tool as the engine calls it. `client` is absent for a tool without HTTP and for one that is not configured. */
export interface ConnectedTool {
  readonly tool: Tool;
  readonly connection: Connection;
  readonly client?: ToolClient;
}

export interface Registry {
  readonly catalog: Catalog;
  /** By name or alias. */
  get(name: string): ConnectedTool | undefined;
  tools(): readonly ConnectedTool[];
  invoke(invocation: Invocation): Promise<Outcome>;
  /** Absent: every call goes through. */
  readonly breakers?: Breakers;
  readonly secrets: Secrets;
  /** Told of every request that attempts make. */
  readonly teller: RequestTeller;
  /** Waits for requests in flight, then closes every connection and whatever else a tool holds. */
  close(): Promise<void>;
}

export interface RegistryOptions {
  readonly limits?: HttpLimits;
  readonly breakers?: Breakers;
  /** Absent: there are none. The credentials of the tools are hidden by its redactor too. */
  readonly secrets?: Secrets;
  /** Absent: nobody is told of requests, and none goes on with a trace. */
  readonly teller?: RequestTeller;
}

export function createRegistry(
  tools: readonly Tool[],
  connections: Connections,
  { limits, breakers, secrets = noSecrets(), teller = untold }: RegistryOptions = {},
): Registry {
  const byName = indexTools(tools, connections, secrets.redactor, limits);
  const connected = tools.map((tool) => byName.get(tool.name)!);
  const registry: Registry = {
    catalog: createCatalog(tools),
    get: (name) => byName.get(name),
    tools: () => connected,
    invoke: (invocation) => invokeAction(registry, invocation),
    ...(breakers && { breakers }),
    secrets,
    teller,
    close: async () => {
      await Promise.all(
        connected.map(async ({ tool, client }) => {
          await client?.close();
          await tool.close?.();
        }),
      );
    },
  };
  return registry;
}

function indexTools(
  tools: readonly Tool[],
  connections: Connections,
  redactor: Redactor,
  limits?: HttpLimits,
): Map<string, ConnectedTool> {
  const byName = new Map<string, ConnectedTool>();
  for (const tool of tools) {
    const connection = connections.get(tool.name) ?? {
      state: 'missing',
      variables: tool.vendor?.credentials.names ?? [],
    };
    const client =
      connection.state === 'connected' ? new ToolClient(tool, connection, limits, redactor.text) : undefined;
    for (const secret of client?.connection.secrets ?? []) redactor.hide(secret);
    for (const name of [tool.name, ...(tool.aliases ?? [])]) {
      if (byName.has(name)) throw new TypeError(`Two tools are called "${name}"`);
      byName.set(name, { tool, connection, ...(client && { client }) });
    }
  }
  return byName;
}

/** What the tools offer, as JSON Schemas. Needs no connection: validating a definition works without credentials. */
export function createCatalog(tools: readonly Tool[]): Catalog {
  const catalogTools = tools.map(describeTool);
  const byName = new Map(
    catalogTools.flatMap((tool) => [tool.name, ...tool.aliases].map((name) => [name, tool] as const)),
  );
  return { tool: (name) => byName.get(name), toolNames: () => catalogTools.map((tool) => tool.name) };
}

function describeTool(tool: Tool): CatalogTool {
  const actions = Object.entries(tool.actions).map(
    ([name, action]) => [name, describeAction(tool.name, name, action)] as const,
  );
  return {
    name: tool.name,
    aliases: tool.aliases ?? [],
    actions: new Map(actions),
    secretArguments: secretArguments(tool),
  };
}

function describeAction(tool: string, name: string, action: ToolAction): CatalogAction {
  const input = schemaOf(action.input, 'input');
  if (input['type'] !== 'object' || input['additionalProperties'] !== false) {
    throw new TypeError(`The input of ${tool}.${name} must be a z.strictObject, so that unknown arguments are refused`);
  }
  const { description, effect, undoneBy, keyedBy, outputSchemaFrom } = action;
  return {
    name,
    description,
    input,
    output: schemaOf(action.output, 'output'),
    effect,
    undoneBy,
    keyedBy,
    ...(outputSchemaFrom !== undefined && { outputSchemaFrom }),
  };
}

function schemaOf(type: ZodType, io: 'input' | 'output'): JsonSchema {
  const schema = plainJson(z.toJSONSchema(type, { io }));
  if (!isJsonObject(schema)) throw new TypeError('A JSON Schema must be an object');
  return schema;
}
