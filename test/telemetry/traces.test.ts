// One run is one trace, whichever processes execute it; and whatever becomes of its spans, no run waits for them.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { RoomEvent } from '../../src/kernel/index.ts';
import { openTraces } from '../../src/telemetry/index.ts';
import { openSandbox, type TestSandbox } from '../sandbox/open-sandbox.ts';
import { ADMIN_KEY, AppProcess } from '../support/app-process.ts';
import { createTestDatabase } from '../support/database.ts';
import { openOtlpReceiver, type OtlpReceiver, type ReceivedSpan } from '../support/otlp-receiver.ts';
import { until } from '../support/until.ts';
import { samplesOf, sumOf } from './exposition.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const CALLER = '00f067aa0ba902b7';

const write = (name: string) => ({
  name,
  tool: 'github',
  action: 'create_or_update_file',
  with: { owner: 'acme', repo: 'website', path: `traced/${name}`, content: name },
  retry: { strategy: 'immediate', max_attempts: 2 },
  timeout: '10m',
  compensation: 'delete_file',
});

const at = (file: string) => ({ method: 'PUT', path: `/repos/acme/website/contents/traced/${file}` });

async function publish(app: AppProcess, text: string): Promise<void> {
  const { status } = await app.call('POST', '/v1/definitions', text, { 'content-type': 'application/yaml' });
  if (status !== 201) throw new Error(`the definition was refused: ${status}`);
}

const CHILD = stringify({ workflow: { name: 'traced-child' }, modules: [{ id: 'only', activities: [write('c')] }] });
const PARENT = stringify({
  workflow: { name: 'traced' },
  modules: [
    { id: 'first', activities: [write('a')] },
    { id: 'below', type: 'workflow', workflow: 'traced-child', depends_on: ['first'] },
    { id: 'last', depends_on: ['below'], activities: [write('b')] },
  ],
});

describe('a run that is killed and taken over', () => {
  let sandbox: TestSandbox;
  let receiver: OtlpReceiver;
  let heir: AppProcess;
  let killed: number | undefined;
  let runId: string;
  let spans: readonly ReceivedSpan[];

  beforeAll(async () => {
    sandbox = await openSandbox();
    receiver = await openOtlpReceiver();
    const databaseUrl = await createTestDatabase('traces');
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_HEADERS: 'x-team=blue' };
    const settings = { databaseUrl, sandboxUrl: sandbox.url, env };
    const [first, second] = await Promise.all([AppProcess.start(settings), AppProcess.start(settings)]);
    heir = second;
    killed = first.child.pid;
    for (const text of [CHILD, PARENT]) await publish(first, text);
    const late = at('b');
    await sandbox.fault({ vendor: 'github', match: late, fault: 'delay', delayMs: 600_000, times: 1 });
    const headers = { traceparent: `00-${TRACE}-${CALLER}-01` };
    runId = String((await first.call('POST', '/v1/runs', { workflow: 'traced' }, headers)).body.id);
    await until(() => receiver.spans.some(({ name }) => name === 'run traced-child'), { what: 'its first spans' });
    await until(
      async () =>
        (await sandbox.calls('github')).some(({ path, method }) => method === late.method && path === late.path),
      { what: 'the last act' },
    );
    await first.kill();

    await until(() => receiver.spans.some(({ name }) => name === 'run traced'), { what: 'its end', timeoutMs: 30_000 });
    spans = receiver.spans.filter(({ traceId }) => traceId === TRACE);
  }, 60_000);
  afterAll(async () => {
    await heir.stop();
    await receiver[Symbol.asyncDispose]();
    await sandbox[Symbol.asyncDispose]();
  });

  const named = (name: string): ReceivedSpan[] => spans.filter((span) => span.name === name);
  const one = (name: string): ReceivedSpan => {
    const [found, ...others] = named(name);
    expect([name, others.length]).toEqual([name, 0]);
    return found!;
  };
  const act = (node: string): ReceivedSpan[] =>
    spans.filter(({ attributes }) => attributes['breakwater.node'] === node);

  it('is one trace, the one in which it was asked for, without a gap', () => {
    const known = new Set(spans.map(({ spanId }) => spanId));

    const loose = spans.filter(({ parentSpanId = '' }) => !known.has(parentSpanId));

    expect(loose.map(({ name, parentSpanId }) => ({ name, parentSpanId }))).toEqual([
      { name: 'run traced', parentSpanId: CALLER },
    ]);
    expect(known.size).toBe(spans.length);
  });

  it('has a span for each run, module, act and request, each below the other', () => {
    const run = one('run traced');
    const [a] = act('first.a');
    const [c] = act('only.c');

    expect(one('module first').parentSpanId).toBe(run.spanId);
    expect(a?.parentSpanId).toBe(one('module first').spanId);
    expect(one('run traced-child').parentSpanId).toBe(one('module below').spanId);
    expect(c?.parentSpanId).toBe(one('module only').spanId);
    expect(spans.filter(({ parentSpanId }) => parentSpanId === a?.spanId).map(({ name }) => name)).toContain('PUT');
    expect(run).toMatchObject({
      failed: false,
      attributes: { 'breakwater.run': runId, 'breakwater.tenant': 'default', 'breakwater.status': 'succeeded' },
    });
    for (const span of spans.filter(({ spanId }) => spanId !== run.spanId)) {
      expect(span.endMs).toBeGreaterThanOrEqual(span.startMs);
      expect(span.startMs).toBeGreaterThanOrEqual(run.startMs);
    }
  });

  it('is told of by each process as far as that one went, and by nobody twice', async () => {
    const by = (span: ReceivedSpan | undefined): unknown => Number(span?.resource['process.pid']);
    const metrics = samplesOf(await textOf(heir));

    expect(by(act('first.a')[0])).toBe(killed);
    expect(by(one('run traced-child'))).toBe(killed);
    expect(by(act('last.b')[0])).toBe(heir.child.pid);
    expect(by(one('run traced'))).toBe(heir.child.pid);
    expect([act('first.a'), act('only.c'), act('last.b')].map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(sumOf(metrics, 'workflow_executions_total')).toBe(1);
    expect(sumOf(metrics, 'activity_executions_total')).toBe(1);
  });

  it('tells its vendors where they were called from', async () => {
    const calls = (await sandbox.calls('github')).filter(({ path }) => path.endsWith('/traced/a'));
    const requests = spans.filter(({ kind }) => kind === 3);

    expect(calls.length).toBeGreaterThan(0);
    for (const { headers } of calls) {
      const [, traceId, spanId] = (headers['traceparent'] as string).split('-');
      expect(traceId).toBe(TRACE);
      expect(requests.map((request) => request.spanId)).toContain(spanId);
    }
    expect(receiver.headers['x-team']).toBe('blue');
  });

  it('shows an act that is repeated, and one that is taken back below the run itself', async () => {
    await sandbox.fault({ vendor: 'github', match: at('d'), fault: 'status', status: 503, times: 1 });
    await sandbox.fault({ vendor: 'github', match: at('e'), fault: 'status', status: 422 });
    const activities = [write('d'), write('e')];
    await publish(heir, stringify({ workflow: { name: 'undone' }, modules: [{ id: 'm', activities }] }));
    const { body } = await heir.call('POST', '/v1/runs', { workflow: 'undone' });
    const whole = await until(() => receiver.spans.find(({ name }) => name === 'run undone'), { what: 'its end' });
    const own = receiver.spans.filter(({ traceId }) => traceId === whole.traceId);
    const of = (node: string) => own.filter(({ attributes }) => attributes['breakwater.node'] === node);

    expect(whole.traceId).toBe(String(body['id']).replaceAll(/run_|-/g, ''));
    expect((await heir.call('GET', `/v1/runs/${String(body['id'])}`)).body['traceId']).toBe(whole.traceId);
    expect(whole).toMatchObject({ failed: true, attributes: { 'breakwater.status': 'compensated' } });
    expect(of('m.d').map(({ failed, attributes }) => [failed, attributes['breakwater.attempt']])).toEqual([
      [true, undefined],
      [false, 2],
    ]);
    expect(of('undo m.d')).toMatchObject([
      { name: 'undo github.delete_file', parentSpanId: whole.spanId, failed: false },
    ]);
    expect(own.find(({ name }) => name === 'module m')).toMatchObject({ failed: true, parentSpanId: whole.spanId });
    expect(new Set(own.map(({ spanId }) => spanId)).size).toBe(own.length);
  });

  it('is named in the lines of the log, with its tenant', () => {
    const ended = heir.logged('run.finished').find(({ run }) => run === runId);

    expect(ended).toMatchObject({ run: runId, tenant: 'default', traceId: TRACE, spanId: one('run traced').spanId });
  });
});

async function textOf({ url }: AppProcess): Promise<string> {
  const response = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${ADMIN_KEY}` } });
  return await response.text();
}

describe('spans', () => {
  const request = (spanId = 'b'.repeat(16)): RoomEvent => ({
    level: 'debug',
    name: 'tools.requested',
    fact: true,
    trace: { traceId: 'a'.repeat(32), spanId, sampled: true },
    fields: { run: 'r', tenant: 't', tool: 'x', method: 'GET', host: 'h', status: 200, startedAtMs: 1_000, ms: 5 },
  });
  const lost = (events: readonly RoomEvent[], reason: string): number =>
    events
      .flatMap((event) => (event.fact && event.name === 'telemetry.spans_lost' ? [event.fields] : []))
      .filter((fields) => fields.reason === reason)
      .reduce((sum, fields) => sum + fields.spans, 0);

  it('that the receiver refuses are counted', async () => {
    await using receiver = await openOtlpReceiver({ status: 400 });
    const events: RoomEvent[] = [];
    const traces = openTraces({ endpoint: receiver.url, emit: (event) => events.push(event) });

    traces.tell(request());
    await traces.stop();

    expect(lost(events, 'not delivered')).toBe(1);
  });

  it('of a trace that nobody keeps are not sent', async () => {
    await using receiver = await openOtlpReceiver();
    const traces = openTraces({ endpoint: receiver.url, emit: () => undefined });

    traces.tell({ ...request(), trace: { traceId: 'a'.repeat(32), spanId: 'c'.repeat(16), sampled: false } });
    traces.tell(request());
    await traces.stop();

    expect(receiver.spans.map(({ spanId }) => spanId)).toEqual(['b'.repeat(16)]);
    expect(receiver.spans[0]).toMatchObject({ startMs: 1_000, endMs: 1_005, kind: 3 });
  });

  it('that nobody fetches are dropped, counted, and hold no stop up', async () => {
    const events: RoomEvent[] = [];
    // Nothing listens on port 9 here: each sending is tried again for a while.
    const traces = openTraces({ endpoint: 'http://127.0.0.1:9', emit: (event) => events.push(event) });

    for (let n = 0; n < 10_000; n++) traces.tell(request());
    expect(lost(events, 'queue full')).toBe(10_000 - 8_192 - 512);
    const before = performance.now();
    await traces.stop();

    expect(performance.now() - before).toBeLessThan(3_000);
  });
});
