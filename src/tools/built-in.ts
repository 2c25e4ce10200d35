// What the tools that are built in offer, for the compiler alone: it knows their actions by name, and imports none of them.
import type { createBuffer } from './buffer.ts';
import type { figma } from './figma.ts';
import type { github } from './github.ts';
import type { grafana } from './grafana.ts';
import type { createHttp } from './http.ts';
import type { createMemory } from './memory.ts';
import type { notion } from './notion.ts';
import type { createPlaywright } from './playwright.ts';
import type { createSendgrid } from './sendgrid.ts';
import type { slack } from './slack.ts';
import type { slm } from './slm.ts';

/** The actions of each tool by its name. */
export interface BuiltInTools {
  readonly buffer: ReturnType<typeof createBuffer>['actions'];
  readonly figma: (typeof figma)['actions'];
  readonly github: (typeof github)['actions'];
  readonly grafana: (typeof grafana)['actions'];
  readonly http: ReturnType<typeof createHttp>['actions'];
  readonly memory: ReturnType<typeof createMemory>['actions'];
  readonly notion: (typeof notion)['actions'];
  readonly playwright: ReturnType<typeof createPlaywright>['actions'];
  readonly sendgrid: ReturnType<typeof createSendgrid>['actions'];
  readonly slack: (typeof slack)['actions'];
  readonly slm: (typeof slm)['actions'];
}
