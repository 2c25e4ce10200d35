// Grafana's contract, all by hand: its description is under a licence that keeps it from being copied.
// https://grafana.com/docs/grafana/latest/developers/http_api/dashboard/
import { expect } from 'vitest';
import { z } from 'zod';
import { grafana as tool } from '../../../src/tools/grafana.ts';
import { CREDENTIAL, type Act, type VendorContract } from '../contract.ts';

const KEY = '9a'.repeat(20);
const UID = `bw-${KEY.slice(0, 32)}`;
const create: Act = {
  action: 'create_dashboard',
  args: { title: 'Spring launch', metrics: ['views', 'clicks'], tags: ['campaign'], folder_uid: 'marketing' },
  key: KEY,
};

const READ = `GET /api/dashboards/uid/${UID}`;
const SAVE = 'POST /api/dashboards/db';
const aDashboard = {
  kind: 'dashboard',
  id: UID,
  data: { title: 'Spring launch', tags: ['campaign'], folder_uid: 'marketing', panels: ['Views', 'Clicks'] },
};

const text = z.string().min(1);
const datasource = z.strictObject({ type: z.literal('prometheus'), uid: text });
const panel = z.looseObject({
  id: z.int(),
  type: text,
  title: text,
  datasource,
  gridPos: z.strictObject({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(z.looseObject({ refId: text, datasource, expr: text })).min(1),
});
const dashboard = z.looseObject({
  id: z.null(),
  uid: text.max(40),
  title: text,
  schemaVersion: z.int(),
  tags: z.array(text),
  templating: z.strictObject({
    list: z.array(z.looseObject({ name: text, type: z.literal('datasource'), query: text })),
  }),
  panels: z.array(panel).min(1),
});

export const grafana: VendorContract = {
  tool,
  headers: { authorization: `Bearer ${CREDENTIAL}` },
  operations: [
    {
      route: SAVE,
      body: z.strictObject({ dashboard, folderUid: text.optional(), overwrite: z.boolean().optional() }),
      answer: z.looseObject({ id: z.int(), uid: text, url: text, status: text, version: z.int(), slug: text }),
      optional: {
        overwrite: 'false by default',
        'dashboard.timezone': "else the reader's preference",
        'dashboard.refresh': 'else it is not read again by itself',
        'dashboard.time': 'else the last six hours',
        'dashboard.time.from': 'as above',
        'dashboard.time.to': 'as above',
      },
    },
    {
      route: 'GET /api/dashboards/uid/{uid}',
      answer: z.looseObject({
        dashboard: z.looseObject({ id: z.int(), uid: text, title: text, version: z.int() }),
        meta: z.looseObject({ url: text, slug: text }),
      }),
    },
    { route: 'DELETE /api/dashboards/uid/{uid}' },
  ],
  cases: [
    {
      ...create,
      title: 'once',
      sends: [SAVE],
      answers: { uid: UID, url: expect.stringContaining(`/d/${UID}/`), version: 1 },
      leaves: [aDashboard],
    },
    {
      ...create,
      title: 'a repeat that Grafana recognises',
      after: [create],
      sends: [SAVE, READ],
      answers: { uid: UID, url: expect.stringContaining(`/d/${UID}/`), version: 1 },
      leaves: [aDashboard],
    },
    {
      ...create,
      title: 'done before',
      suspect: true,
      after: [create],
      sends: [READ],
      answers: { uid: UID, url: expect.stringContaining(`/d/${UID}/`), version: 1 },
      leaves: [aDashboard],
    },
    {
      title: 'of a dashboard',
      action: 'delete_dashboard',
      args: { uid: UID },
      after: [create],
      sends: [`DELETE /api/dashboards/uid/${UID}`],
      answers: { deleted: true },
      repeated: { deleted: expect.any(Boolean) },
      gone: { 0: { deleted: false } },
      leaves: [],
    },
  ],
};
