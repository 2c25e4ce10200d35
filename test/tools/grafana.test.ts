// Grafana's adapter against the double of its API.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { grafana } from '../../src/tools/grafana.ts';
import { answerJson, startVendor } from './vendor-server.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { KEY, openSandboxWorld, type Call, type SandboxWorld } from './sandbox-world.ts';

const create: Call = { action: 'create_dashboard', args: { title: 'Spring launch', tags: ['campaign'] } };
const UID = `bw-${KEY.slice(0, 32)}`;

const openWorld = () => openSandboxWorld(grafana);

const panels = z.array(
  z.object({
    title: z.string(),
    gridPos: z.object({ x: z.number(), y: z.number() }),
    datasource: z.object({ uid: z.string() }),
    targets: z.array(z.object({ expr: z.string() })),
  }),
);

/** The panels of the last dashboard that was sent. */
async function sentPanels(world: SandboxWorld): Promise<z.infer<typeof panels>> {
  const sent = (await world.calls()).findLast(({ method }) => method === 'POST');
  return z.object({ dashboard: z.object({ panels }) }).parse(sent?.body).dashboard.panels;
}

describe('create_dashboard', () => {
  it('creates a dashboard with a panel for each metric, under a uid made of the key', async () => {
    await using world = await openWorld();

    const made = await world.done(create);

    expect(made).toMatchObject({ uid: UID, version: 1 });
    expect(await world.standing()).toMatchObject([
      {
        kind: 'dashboard',
        id: UID,
        data: { title: 'Spring launch', panels: ['Views', 'Clicks', 'Conversions', 'Revenue'] },
      },
    ]);
    expect((await sentPanels(world)).map(({ gridPos: { x, y } }) => [x, y])).toEqual([
      [0, 0],
      [12, 0],
      [0, 8],
      [12, 8],
    ]);
  });

  it('answers an address that shows the dashboard', async () => {
    await using world = await openWorld();

    const { url } = await world.done(create);
    const page = await fetch(z.string().parse(url));

    expect(page.status).toBe(200);
    expect(await page.text()).toContain('Spring launch');
  });

  it("asks Prometheus for the campaign's counters, with quotes in its name escaped", async () => {
    await using world = await openWorld();

    await world.done({ ...create, args: { title: 'x', campaign: 'The "big" one', metrics: ['sign_ups'] } });

    expect(await sentPanels(world)).toMatchObject([
      {
        title: 'Sign ups',
        datasource: { uid: '${datasource}' },
        targets: [{ expr: 'sum(increase(campaign_sign_ups_total{campaign="The \\"big\\" one"}[1h]))' }],
      },
    ]);
  });

  it('takes queries, a data source and a folder of its own', async () => {
    await using world = await openWorld();
    const metrics = [{ title: 'Error rate', query: 'rate(errors_total[5m])' }];

    await world.done({ ...create, args: { title: 'x', metrics, datasource_uid: 'prom-1', folder_uid: 'marketing' } });

    expect(await sentPanels(world)).toMatchObject([
      { title: 'Error rate', datasource: { uid: 'prom-1' }, targets: [{ expr: 'rate(errors_total[5m])' }] },
    ]);
    expect(await world.standing()).toMatchObject([{ data: { folder_uid: 'marketing' } }]);
  });

  it.each(['reset_after_effect', 'truncate'] as const)(
    'makes one dashboard when its answer suffers %s',
    async (fault) => {
      await using world = await openWorld();
      await world.fault({ match: { method: 'POST' }, fault, times: 1 });

      const first = await world.call(create);
      const second = await world.call({ ...create, suspect: true });

      expect(first).toMatchObject({ ok: false, error: { code: 'GRAFANA_NO_ANSWER', unknown: true } });
      expect(second).toMatchObject({ ok: true, value: { uid: UID, version: 1 } });
      expect(await world.created()).toHaveLength(1);
    },
  );

  it('repeated without a suspicion is refused by the vendor and finds its own', async () => {
    await using world = await openWorld();

    const first = await world.done(create);
    const second = await world.done(create);

    expect(second).toEqual(first);
    expect((await world.calls()).map(({ method, status }) => [method, status])).toEqual([
      ['POST', 200],
      ['POST', 412],
      ['GET', 200],
    ]);
    expect(await world.created()).toHaveLength(1);
  });

  it('takes the newer 409 for the same refusal', async () => {
    const there = { dashboard: { version: 3 }, meta: { url: '/d/x/y' } };
    await using vendor = await startVendor((response, request) =>
      request.method === 'POST'
        ? answerJson(409, { message: 'Dashboard already exists. Use overwrite flag to update.' })(response, request)
        : answerJson(200, there)(response, request),
    );
    const env = { GRAFANA_TOKEN: 't', GRAFANA_URL: vendor.url };
    const registry = createRegistry([grafana], connectTools([grafana], env));
    const fixed = { tool: 'grafana', key: KEY, suspect: false, timeoutMs: 5_000, tenant: 'acme', runId: 'run_1' };

    const outcome = await registry.invoke({ ...fixed, action: 'create_dashboard', args: { title: 'x' } });
    await registry.close();

    expect(outcome).toEqual({ ok: true, value: { uid: UID, url: `${vendor.url}/d/x/y`, version: 3 } });
  });

  it('passes on a refusal that is not about its own dashboard', async () => {
    await using world = await openWorld();
    await world.fault({ match: { method: 'POST' }, fault: 'status', status: 412, times: 1 });

    const refused = await world.call(create);
    const noFolder = await world.call({ ...create, args: { title: 'x', folder_uid: 'nowhere' } });

    expect(refused).toMatchObject({ ok: false, error: { code: 'GRAFANA_412', retryable: false, unknown: false } });
    expect(noFolder).toMatchObject({
      ok: false,
      error: { code: 'GRAFANA_400', message: expect.stringContaining('folder not found') },
    });
  });

  it('keeps the wait that Grafana asks for, and does not know what a 500 left', async () => {
    await using world = await openWorld();
    await world.fault({ fault: 'status', status: 429, headers: { 'retry-after': '2' }, times: 1 });
    await world.fault({ fault: 'status', status: 500, times: 1 });

    expect(await world.call(create)).toMatchObject({
      error: { code: 'GRAFANA_429', retryAfterMs: 2_000, unknown: false },
    });
    expect(await world.call(create)).toMatchObject({ error: { code: 'GRAFANA_500', retryable: true, unknown: true } });
  });

  it('is found by a probe, or surely not there', async () => {
    await using world = await openWorld();

    expect(await world.probe(create)).toEqual({ found: 'nothing' });
    const value = await world.done(create);
    expect(await world.probe(create)).toEqual({ found: 'effect', value });
  });
});

describe('delete_dashboard', () => {
  it('undoes a dashboard once or twice, known or unknown', async () => {
    await using world = await openWorld();
    const undone = { ...create, undoAction: 'delete_dashboard' };

    expect(await world.undo(undone)).toEqual({ ok: true, value: { deleted: false } });
    const result = await world.done(create);
    expect(await world.undo({ ...undone, result })).toEqual({ ok: true, value: { deleted: true } });
    expect(await world.undo(undone)).toEqual({ ok: true, value: { deleted: false } });
    await world.done(create);
    expect(await world.undo(undone)).toEqual({ ok: true, value: { deleted: true } });
    expect(await world.standing()).toEqual([]);
  });
});
