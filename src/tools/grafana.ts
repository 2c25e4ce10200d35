// Grafana's HTTP API: dashboards. https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/
import { z } from 'zod';
import { FailureError } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import type { Tool, ToolCall } from './tool.ts';

// A dashboard's uid is chosen by whoever creates it, at most 40 characters, and Grafana holds one dashboard a uid: our key makes it.
const uidOf = (key: string) => `bw-${key.slice(0, 32)}`;

const dashboardPath = (uid: string) => ['api', 'dashboards', 'uid', uid];

// --- What a dashboard shows

const metric = z.union([
  z
    .string()
    .regex(/^[a-z][a-z0-9_]*$/)
    .describe('A counter that the campaign exports as campaign_<metric>_total{campaign="…"}'),
  z.strictObject({ title: z.string().min(1), query: z.string().min(1).describe('PromQL') }),
]);
type Metric = z.infer<typeof metric>;

const dashboardInput = z.strictObject({
  title: z.string().min(1).max(5_000),
  campaign: z.string().min(1).optional().describe('The value of the label "campaign"; by default the title'),
  metrics: z
    .array(metric)
    .min(1)
    .max(50)
    .default(['views', 'clicks', 'conversions', 'revenue'])
    .describe('A panel each'),
  tags: z.array(z.string().min(1)).default([]),
  folder_uid: z.string().min(1).optional().describe('The folder to put it in; by default none'),
  datasource_uid: z
    .string()
    .min(1)
    .optional()
    .describe('The Prometheus to ask; by default people choose it on the dashboard'),
});
type DashboardInput = z.infer<typeof dashboardInput>;

const PANEL_WIDTH = 12;
const PANEL_HEIGHT = 8;

function dashboardModel(input: DashboardInput, uid: string) {
  const { title, tags, metrics, campaign = title } = input;
  const datasource = { type: 'prometheus', uid: input.datasource_uid ?? '${datasource}' };
  const choice = { name: 'datasource', label: 'Data source', type: 'datasource', query: 'prometheus' };
  return {
    id: null,
    uid,
    title,
    tags,
    timezone: 'browser',
    schemaVersion: 39,
    refresh: '5m',
    time: { from: 'now-7d', to: 'now' },
    templating: { list: input.datasource_uid === undefined ? [choice] : [] },
    panels: metrics.map((each, index) => panel(index, each, campaign, datasource)),
  };
}

/** Two a row, filled from the left. */
function panel(index: number, each: Metric, campaign: string, datasource: { type: string; uid: string }) {
  const { title, query } = typeof each === 'string' ? counterOf(each, campaign) : each;
  return {
    id: index + 1,
    type: 'timeseries',
    title,
    datasource,
    gridPos: {
      x: (index % 2) * PANEL_WIDTH,
      y: Math.floor(index / 2) * PANEL_HEIGHT,
      w: PANEL_WIDTH,
      h: PANEL_HEIGHT,
    },
    targets: [{ refId: 'A', datasource, expr: query, legendFormat: title }],
    fieldConfig: { defaults: { min: 0 }, overrides: [] },
    options: { legend: { displayMode: 'list', placement: 'bottom' }, tooltip: { mode: 'single' } },
  };
}

// PromQL escapes in strings as JSON does.
function counterOf(name: string, campaign: string): { title: string; query: string } {
  const query = `sum(increase(campaign_${name}_total{campaign=${JSON.stringify(campaign)}}[1h]))`;
  return { title: name.charAt(0).toUpperCase() + name.slice(1).replaceAll('_', ' '), query };
}

// --- Actions

const dashboardOutput = z.object({ uid: z.string(), url: z.string(), version: z.number() });
type DashboardOutput = z.infer<typeof dashboardOutput>;

const saved = z.object({ uid: z.string(), url: z.string(), version: z.number() });
const found = z.object({ dashboard: z.object({ version: z.number() }), meta: z.object({ url: z.string() }) });

// Grafana answers a path from its root, its own prefix included.
const absolute = (call: ToolCall, url: string) => new URL(url, call.http.baseUrl).href;

async function findDashboard(call: ToolCall, uid: string): Promise<DashboardOutput | undefined> {
  const there = await call.http.find(dashboardPath(uid), { expect: found });
  return there && { uid, url: absolute(call, there.meta.url), version: there.dashboard.version };
}

const createDashboard = defineAction({
  description: 'Creates a dashboard with a panel for each metric of a campaign, asked of Prometheus.',
  input: dashboardInput,
  output: dashboardOutput,
  effect: true,
  idOf: ({ uid }) => uid,
  keyedBy: 'vendor',
  async run(call, input): Promise<DashboardOutput> {
    const uid = uidOf(call.key);
    const json = { dashboard: dashboardModel(input, uid), folderUid: input.folder_uid, overwrite: false };
    try {
      const made = await call.http.request('POST', ['api', 'dashboards', 'db'], { json, expect: saved });
      return { uid: made.uid, url: absolute(call, made.url), version: made.version };
    } catch (error) {
      const own = saysItExists(error) ? await findDashboard(call, uid) : undefined;
      if (own) return own;
      throw error;
    }
  },
  probe: (call) => findDashboard(call, uidOf(call.key)),
  undo: {
    delete_dashboard: ({ result, key }) => ({ uid: result?.uid ?? uidOf(key) }),
  },
});

// Without `overwrite` a second dashboard under one uid is refused: with 412 as documented, with 409 by newer versions.
function saysItExists(error: unknown): boolean {
  return error instanceof FailureError && ['GRAFANA_412', 'GRAFANA_409'].includes(error.failure.code);
}

const deleteDashboard = defineAction({
  description: 'Deletes a dashboard; content when there is none.',
  input: z.strictObject({ uid: z.string().min(1) }),
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  run: async (call, { uid }) => ({ deleted: await call.http.remove(dashboardPath(uid)) }),
});

export const grafana = {
  name: 'grafana',
  vendor: {
    baseUrlName: 'GRAFANA_URL',
    credentials: {
      names: ['GRAFANA_TOKEN'],
      headers: (values) => ({ authorization: `Bearer ${values['GRAFANA_TOKEN']}` }),
    },
  },
  actions: { create_dashboard: createDashboard, delete_dashboard: deleteDashboard },
} satisfies Tool;
