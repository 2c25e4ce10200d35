// The room's face: the tools there are, how they are connected, and how one of their actions is called.
import type { Knex } from 'knex';
import type { Catalog } from '../definitions/index.ts';
import { systemClock, type Clock } from '../kernel/index.ts';
import { github } from './github.ts';
import { createMemory } from './memory.ts';
import { createSendgrid } from './sendgrid.ts';
import { slm } from './slm.ts';
import { createCatalog } from './registry.ts';
import type { Tool } from './tool.ts';

export { connectTools, environmentNames, type Connection, type Connections, type Environment } from './connect.ts';
export { defineAction } from './define-action.ts';
export type { Method, RequestOptions, ToolHttp } from './http-client.ts';
export { CANCELLED, type Invocation } from './attempt.ts';
export { invokeAction, probeAction, undoArguments, type Probed } from './invoke.ts';
export { createCatalog, createRegistry, type ConnectedTool, type Registry } from './registry.ts';
export { plainJson } from './plain-json.ts';
export { MAX_OUTCOME_BYTES } from './settle.ts';
export { PARTLY } from './tool.ts';
export type { ActionSpec, KeyedBy, Tool, ToolAction, ToolCall, UndoArguments, UndoInput } from './tool.ts';

/** Every tool that is built. `knex` reaches the database of memory's notes. */
export function allTools({ knex, clock }: { knex: Knex; clock?: Clock }): readonly Tool[] {
  return makeTools(() => knex, clock);
}

/** What all tools offer, for checking definitions without a database or a credential. */
export function toolCatalog(): Catalog {
  return createCatalog(
    makeTools(() => {
      throw new TypeError('The catalog describes actions and runs none');
    }),
  );
}

function makeTools(database: () => Knex, clock: Clock = systemClock): readonly Tool[] {
  return [github, createMemory(database), createSendgrid(clock), slm];
}
