// How the dashboard is served: to whoever asks, compressed, with a policy that lets nothing in, and by no worker.
import { mkdtemp, rm, mkdir, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { readDashboard } from '../../src/http/dashboard-files.ts';
import { createHttpApp } from '../../src/http/index.ts';
import { silent } from '../../src/kernel/index.ts';
import { DatabaseClock } from '../../src/postgres/index.ts';
import { createCodedWorkflows, createRuns } from '../../src/runs/index.ts';
import { createRegistry } from '../../src/tools/index.ts';
import { LINK_KEY, startTestApp, type RunningApp } from './running-app.ts';

const PAGES = [
  '/',
  '/runs',
  '/runs/run_1',
  '/failures',
  '/approvals',
  '/approvals/apr_1',
  '/definitions',
  '/definitions/x',
];
const MORE_PAGES = ['/breakers', '/executors', '/attention', '/audit'];

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_dashboard');
});

afterAll(() => api.stop());

const raw = async (path: string, encoding: string): Promise<Response> =>
  await fetch(`${api.app.url}${path}`, { headers: { 'accept-encoding': encoding } });

async function assetsOfPage(): Promise<string[]> {
  const { text } = await api.call('/', { key: null });
  return [...text.matchAll(/(?:src|href)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
}

describe('the dashboard', () => {
  it.each([...PAGES, ...MORE_PAGES])('is one page at %s, open to whoever asks', async (path) => {
    const { status, headers, text } = await api.call(path, { key: null });

    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(headers.get('cache-control')).toBe('no-cache');
    expect(text).toContain('<div id="app"></div>');
  });

  it('allows itself nothing inline, nothing from elsewhere and no text that becomes markup', async () => {
    const { headers, text } = await api.call('/runs', { key: null });
    const policy = headers.get('content-security-policy');

    expect(policy).not.toMatch(/unsafe|\*|https?:/);
    for (const part of ["default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "trusted-types 'none'"])
      expect(policy).toContain(part);
    expect(text).not.toMatch(/<style|style=|\son\w+=|<script(?![^>]* src="\/assets\/)/);
  });

  it('has files that may be kept for ever, and says of others that they are not there', async () => {
    const assets = await assetsOfPage();

    expect(assets.length).toBeGreaterThanOrEqual(3);
    for (const path of assets) {
      expect(path).toMatch(/-[\w-]{8}\.(?:js|css|svg)$/);
      const { status, headers } = await api.call(path, { key: null });
      expect({ status, kept: headers.get('cache-control') }).toEqual({
        status: 200,
        kept: 'public, max-age=31536000, immutable',
      });
    }
    expect((await api.call('/assets/none.js', { key: null })).status).toBe(404);
    expect((await api.call('/assets/..%2findex.html', { key: null })).status).toBe(404);
  });

  it.each([
    ['gzip, deflate, br', 'br'],
    ['gzip', 'gzip'],
    ['br;q=0, gzip;q=0.5', 'gzip'],
    ['identity', null],
  ])('answers %s with %s', async (accepted, encoding) => {
    const [script = ''] = (await assetsOfPage()).filter((path) => path.endsWith('.js'));
    const answer = await raw(script, accepted);

    // fetch unpacks by itself: what it says of the encoding is how it came.
    expect(answer.headers.get('content-encoding')).toBe(encoding);
    expect(answer.headers.get('vary')).toBe('accept-encoding');
    expect(await answer.text()).toBe(await (await raw(script, 'identity')).text());
  });

  it('keeps only files of kinds that it knows, as they were built', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'breakwater-web-'));
    onTestFinished(() => rm(folder, { recursive: true }));

    expect(readDashboard(folder)).toBeUndefined();
    await mkdir(join(folder, 'assets'));
    await writeFile(join(folder, 'index.html'), 'page');
    await writeFile(join(folder, 'assets', 'a.js'), 'a');
    await writeFile(join(folder, 'assets', 'a.js.br'), 'packed');
    await writeFile(join(folder, 'assets', 'secret.txt'), 'no');
    const files = readDashboard(folder);

    expect([...(files?.assets.keys() ?? [])]).toEqual(['a.js']);
    expect(files?.assets.get('a.js')).toMatchObject({ plain: Buffer.from('a'), br: Buffer.from('packed') });
    expect(files?.page.br).toBeUndefined();
  });

  it('is built with what is sent packed', async () => {
    const [script = ''] = (await assetsOfPage()).filter((path) => path.endsWith('.js'));
    const files = readDashboard(join(import.meta.dirname, '..', '..', 'dist', 'web'));
    const file = files?.assets.get(script.replace('/assets/', ''));

    expect(file && brotliDecompressSync(file.br ?? Buffer.of())).toEqual(file?.plain);
    expect(file && gunzipSync(file.gzip ?? Buffer.of())).toEqual(file?.plain);
  });
});

/** The routes alone, as they are in a process of this role whose dashboard is not built. */
async function bareApp(role: 'api' | 'worker') {
  const registry = createRegistry([], new Map());
  const clock = new DatabaseClock(api.knex);
  const app = createHttpApp({
    runs: createRuns({ knex: api.knex, registry, coded: createCodedWorkflows([]), clock }),
    registry,
    knex: api.knex,
    clock,
    linkKeys: { current: LINK_KEY },
    emit: silent,
    linkBase: () => undefined,
    behindHttps: false,
    role,
    metrics: { contentType: 'text/plain', text: async () => '' },
    metricsTenant: 'default',
    ready: async () => await Promise.reject(new Error('nobody asks')),
  });
  onTestFinished(() => app.close());
  return app;
}

it.each(['/', '/runs', '/runs/run_1'])('says at %s that it is not built, where it is not', async (url) => {
  const { statusCode, body } = await (await bareApp('api')).inject({ url });

  expect({ statusCode, body }).toEqual({ statusCode: 503, body: expect.stringContaining('npm run build') });
});

it.each(['/', '/runs', '/assets/x.js'])('is not served at %s by a worker', async (url) => {
  expect((await (await bareApp('worker')).inject({ url })).statusCode).toBe(404);
});

it('weighs less than 120 kB, all pages together', () => {
  const files = readDashboard(join(import.meta.dirname, '..', '..', 'dist', 'web'));
  const bytes = [...(files?.assets.values() ?? [])].reduce((sum, { gzip }) => sum + (gzip?.length ?? 0), 0);

  expect(bytes).toBeGreaterThan(20_000);
  expect(bytes).toBeLessThan(120_000);
});

describe('GET /v1/me', () => {
  it('tells whom a key speaks for', async () => {
    const key = await api.keyFor('vera', ['viewer', 'marketing-lead'], { tenant: 'acme' });

    expect((await api.call('/v1/me', { key })).body).toEqual({
      user: 'vera',
      tenant: 'acme',
      roles: ['viewer', 'marketing-lead'],
    });
    expect((await api.call('/v1/me', { key: null })).status).toBe(401);
  });
});

describe('GET /v1/runs/{id}/graph', () => {
  it('tells what a run executes, what each node waits for and what takes it back', async () => {
    const source = `
workflow: { name: drawn, version: 1.0.0 }
modules:
  - { id: keep, activities: [
      { name: note, tool: memory, action: remember, with: { namespace: n, key: k, content: c }, compensation: forget },
      { name: look, tool: memory, action: recall, for_each: "\${{ [1, 2] }}", with: { namespace: n, key: k }, optional: true } ] }
  - { id: nap, type: wait, depends_on: [keep], wait: { for: 1h } }
`;
    await api.call('/v1/definitions', { body: source, headers: { 'content-type': 'application/yaml' } });
    const { id } = (await api.call('/v1/runs', { body: { workflow: 'drawn' } })).body as { id: string };

    expect((await api.call(`/v1/runs/${id}/graph`)).body).toMatchObject({
      isCoded: false,
      nodes: [
        { id: 'keep.note', dependsOn: [], does: 'memory.remember', takenBackBy: 'memory.forget', isList: false },
        { id: 'keep.look', dependsOn: ['keep.note'], optional: true, isList: true, wave: 1 },
        { id: 'nap', kind: 'wait', module: 'nap' },
      ],
      modules: [{ id: 'keep', type: 'sequential' }, { id: 'nap' }],
      compensationOrder: 'reverse_graph',
    });
    expect((await api.call('/v1/runs/run_none/graph')).status).toBe(404);
  });

  it('says of code that nobody knows before', async () => {
    const { id } = (await api.call('/v1/runs', { body: { workflow: 'echo' } })).body as { id: string };

    expect((await api.call(`/v1/runs/${id}/graph`)).body).toMatchObject({ isCoded: true, nodes: [] });
  });
});
