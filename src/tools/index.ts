// The room's face: the tools there are, how they are connected, and how one of their actions is called.
import type { Knex } from 'knex';
import type { Catalog } from '../definitions/index.ts';
import { systemClock, type Clock } from '../kernel/index.ts';
import { createBuffer } from './buffer.ts';
import { launchChromium, shareBrowser } from './browser.ts';
import { figma } from './figma.ts';
import { github } from './github.ts';
import { grafana } from './grafana.ts';
import { createHttp } from './http.ts';
import { createMemory } from './memory.ts';
import { notion } from './notion.ts';
import { createOutboundGuard, type OutboundOptions } from './outbound-guard.ts';
import { createPlaywright } from './playwright.ts';
import { createSendgrid } from './sendgrid.ts';
import { slack } from './slack.ts';
import { slm } from './slm.ts';
import { createCatalog } from './registry.ts';
import type { Tool } from './tool.ts';

export type { BuiltInTools } from './built-in.ts';
export { connectAllTools, connectTools, type Connection, type Connections, type Environment } from './connect.ts';
export { BROWSER_REMEDY, findChromium } from './find-chromium.ts';
export { defineAction } from './define-action.ts';
export type { Method, RequestOptions, ToolHttp } from './http-client.ts';
export { executeAction, MAX_EXECUTION_MS, type Execution } from './execute.ts';
export type { Invocation } from './attempt.ts';
export { CANCELLED, readWithin, type LimitedBy } from './attempt-limits.ts';
export { probeAction, undoArguments, type Probed } from './invoke.ts';
export { createRegistry, type ConnectedTool, type Registry, type RegistryOptions } from './registry.ts';
export { NotPlainError, plainJson } from './plain-json.ts';
export { createRedactor, type Redactor } from './redact.ts';
export { openSecrets } from './secrets.ts';
export { createRequestTeller } from './request-span.ts';
export { MAX_OUTCOME_BYTES } from './settle.ts';
export { secretProblems } from './spend.ts';
export { breakerTenant, serviceOf } from './through-breaker.ts';
export { readJsonDocument } from './read-json-document.ts';
export { PARTLY } from './tool.ts';
export type {
  ActionSpec,
  Credentials,
  KeyedBy,
  Refusal,
  Tool,
  ToolAction,
  ToolCall,
  TypedAction,
  UndoArguments,
  UndoInput,
} from './tool.ts';

export interface ToolParts {
  /** Reaches the database of memory's notes. */
  readonly knex: Knex;
  readonly clock?: Clock;
  /** Where requests to addresses of a user's choice may go. */
  readonly outbound?: OutboundOptions;
  /** The path of the browser to use; absent: one is looked for. */
  readonly chromium?: string;
}

/** Every tool that is built. */
export function allTools({ knex, ...parts }: ToolParts): readonly Tool[] {
  return makeTools(() => knex, parts);
}

/** What all tools offer, and those that a user added, for checking definitions without a database or a credential. */
export function toolCatalog(added: readonly Tool[] = []): Catalog {
  return createCatalog([...describedTools(), ...added]);
}

/** Our own tools to be looked at, not to be called. */
export function describedTools(): readonly Tool[] {
  return makeTools(() => {
    throw new TypeError('The catalog describes actions and runs none');
  });
}

function makeTools(
  database: () => Knex,
  { clock = systemClock, outbound = {}, chromium }: Omit<ToolParts, 'knex'> = {},
): readonly Tool[] {
  const guard = createOutboundGuard(outbound);
  return [
    createBuffer(clock),
    figma,
    github,
    grafana,
    createHttp(guard),
    createMemory(database),
    notion,
    createPlaywright({ guard, browser: shareBrowser(() => launchChromium({ named: chromium })) }),
    createSendgrid(clock),
    slack,
    slm,
  ];
}
