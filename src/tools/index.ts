// The room's face: the tools there are, how they are connected, and how one of their actions is called.
import type { Knex } from 'knex';
import { systemClock, type Clock } from '../kernel/index.ts';
import { github } from './github.ts';
import { createMemory } from './memory.ts';
import { createSendgrid } from './sendgrid.ts';
import { slm } from './slm.ts';
import type { Tool } from './tool.ts';

export { connectTools, environmentNames, type Connection, type Connections, type Environment } from './connect.ts';
export { defineAction } from './define-action.ts';
export type { Method, RequestOptions, ToolHttp } from './http-client.ts';
export { CANCELLED, invokeAction, MAX_OUTCOME_BYTES, undoArguments, type Invocation } from './invoke.ts';
export { createCatalog, createRegistry, type ConnectedTool, type Registry } from './registry.ts';
export type { ActionSpec, KeyedBy, Tool, ToolAction, ToolCall, UndoArguments, UndoInput } from './tool.ts';

/** Every tool that is built. `knex` reaches the database of memory's notes; the catalog alone may be made without ever using it. */
export function allTools({ knex, clock = systemClock }: { knex: Knex; clock?: Clock }): readonly Tool[] {
  return [github, createMemory(knex), createSendgrid(clock), slm];
}
