// Fifty secrets go out in headers, addresses, bodies, undos and code to a vendor that says everything again: none is in the logs, in
// any answer of the API or in the database.
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageRoot } from '../../src/postgres/index.ts';
import { AppProcess } from '../support/app-process.ts';
import { createTestDatabase, execute } from '../support/database.ts';
import { until } from '../support/until.ts';
import { TRIES_ALL } from '../support/whole.ts';
import { canariesIn, dumpDatabase, makeCanaries, writeSecrets, type Canary } from './canaries.ts';
import { startTalkative, type TalkativeServer } from './talkative-server.ts';

const canaries = makeCanaries(50);
const forHttp = canaries.filter(({ tool }) => tool === 'http');
const forCareless = canaries.filter(({ tool }) => tool === 'careless');
// Every shape, and every place.
const some = TRIES_ALL ? forHttp : forHttp.slice(0, 12);
const IN_CLEAR = 'written-into-an-input-in-clear';

let vendor: TalkativeServer;
let app: AppProcess;
let databaseUrl: string;
const runs: string[] = [];

beforeAll(async () => {
  vendor = await startTalkative();
  databaseUrl = await createTestDatabase('secrets_canaries');
  const { file, environment } = writeSecrets(canaries, vendor.url, IN_CLEAR);
  app = await AppProcess.start({
    databaseUrl,
    env: {
      ...environment,
      LOG_LEVEL: 'trace',
      BREAKWATER_SECRETS_FILE: file,
      BREAKWATER_OUTBOUND_ALLOW: new URL(vendor.url).host,
      BREAKWATER_WORKFLOWS_DIR: join(packageRoot(), 'test', 'security', 'workflows'),
      CARELESS_BASE_URL: vendor.url,
      CARELESS_TOKEN: 'token-of-the-tool-itself',
    },
  });
});

afterAll(async () => {
  await app.stop();
  await vendor[Symbol.asyncDispose]();
});

const PLACES: readonly ((reference: string) => object)[] = [
  (reference) => ({ headers: { 'x-canary': reference } }),
  (reference) => ({ json: { deep: [{ reference }] } }),
  (reference) => ({ text: reference }),
  (reference) => ({ query: { token: reference } }),
];

/** One call of http a canary, optional all, and each with an undo that sends it again; then a failure that turns the run round. */
function httpDefinition(kind: string, names: readonly Canary[]) {
  const call = (path: string, args: object) => ({ url: `${vendor.url}/${path}`, method: 'POST', ...args });
  const activities = names.map(({ name }, index) => {
    const args = PLACES[index % PLACES.length]?.(`secret://${name}`) ?? {};
    const act = { name, tool: 'http', action: 'request', with: call(kind, args), retry: 'none', optional: true };
    return { ...act, compensation: { action: 'request', with: call('echo', args), retry: 'none' } };
  });
  const last = { name: 'last', tool: 'http', action: 'request', with: call('refuse', {}), irreversible: true };
  return {
    workflow: { name: `http-${kind}` },
    modules: [
      { id: 'calls', type: 'parallel', activities },
      { id: 'end', depends_on: ['calls'], activities: [{ ...last, retry: 'none' }] },
    ],
  };
}

function carelessDefinition(action: string, names: readonly Canary[]) {
  const activities = names.map(({ name }) => {
    const args = { token: `secret://${name}` };
    const act = { name, tool: 'careless', action, with: args, retry: 'none', optional: true };
    return { ...act, compensation: { action: 'echo', with: args, retry: 'none' } };
  });
  return { workflow: { name: `careless-${action}` }, modules: [{ id: 'calls', type: 'parallel', activities }] };
}

async function run(workflow: string, input: object = {}): Promise<Record<string, unknown>> {
  const started = await app.call('POST', '/v1/runs', { workflow, input });
  expect(started).toMatchObject({ status: 202 });
  const id = String(started.body['id']);
  runs.push(id);
  for (;;) {
    // A run that is stuck is not final: its answer is held for as long as was asked.
    const { body } = await app.call('GET', `/v1/runs/${id}?wait=1s`);
    if (!['queued', 'running', 'compensating'].includes(String(body['status']))) return body;
  }
}

async function publishAndRun(definition: { workflow: { name: string } }): Promise<Record<string, unknown>> {
  expect((await app.call('POST', '/v1/definitions', definition)).body).toMatchObject({
    name: definition.workflow.name,
  });
  return await run(definition.workflow.name, { note: IN_CLEAR });
}

/** What every route that reads answers: those with a run's id for each run. */
async function everyAnswer(): Promise<string> {
  const { body } = await app.call('GET', '/openapi.json');
  const paths = Object.entries(body['paths'] as Record<string, object>).flatMap(([path, verbs]) =>
    'get' in verbs && !/\/events$|health|ready|metrics|approve\//.test(path) ? [path] : [],
  );
  const names = ['http-echo', 'http-refuse', 'http-text', 'careless-echo'];
  const addresses = paths.flatMap((path) => {
    if (path.includes('/runs/{id}')) return runs.map((id) => path.replace('{id}', id));
    return path.includes('{name}') ? names.map((name) => path.replace('{name}', name)) : [path];
  });
  const complete = addresses.filter((each) => !each.includes('{'));
  const answers = await Promise.all(complete.map(async (address) => await app.call('GET', address)));
  return answers.map(({ body: answered }) => JSON.stringify(answered)).join('\n');
}

describe('fifty secrets that a vendor says again', () => {
  it('reach it where their references stand', async () => {
    await publishAndRun(httpDefinition('echo', forHttp));
    await publishAndRun(carelessDefinition('echo', forCareless));

    const heard = vendor.heard.join('\n');
    const unsent = canaries.filter(({ value, prefix }) => {
      const sent = `${prefix}${value}`;
      return !heard.includes(sent) && !heard.includes(JSON.stringify(sent).slice(1, -1));
    });
    expect(unsent.map(({ name }) => name)).toEqual([]);
  });

  it('are refused, broken off and thrown by tools without a trace', async () => {
    const ended = [
      await publishAndRun(httpDefinition('refuse', some)),
      await publishAndRun(httpDefinition('break', some)),
      await publishAndRun(httpDefinition('text', some)),
      await publishAndRun(carelessDefinition('refuse', forCareless)),
      await publishAndRun(carelessDefinition('fail', forCareless)),
      await publishAndRun(carelessDefinition('picky', forCareless.slice(0, 1))),
      await publishAndRun(carelessDefinition('break', forCareless.slice(0, 1))),
      await run('coded-canaries', { names: forCareless.map(({ name }) => name) }),
    ];

    expect(ended.map(({ status }) => status)).toEqual([
      'failed',
      'compensated',
      'compensated',
      'succeeded',
      'succeeded',
      'succeeded',
      'stuck',
      'compensated',
    ]);
  });

  it('answer an admin without showing', async () => {
    for (const [index, { name }] of forHttp.slice(0, 4).entries()) {
      const args = { url: `${vendor.url}/echo`, method: 'POST', ...PLACES[index]?.(`secret://${name}`) };
      const answer = await app.call('POST', '/v1/adapters/http/execute', { action: 'request', arguments: args });
      expect(answer).toMatchObject({ status: 200 });
      expect(canariesIn(JSON.stringify(answer.body), canaries)).toEqual([]);
    }
  });

  it('are named in the audit of such calls', async () => {
    const { rows } = await execute(databaseUrl, `select data from breakwater.audit where action = 'adapter.execute'`);

    expect(rows.map(({ data }) => data)).toMatchObject(forHttp.slice(0, 4).map(({ name }) => ({ secrets: [name] })));
  });

  it('are worth nothing to who starts a run', async () => {
    const before = vendor.heard.length;
    const [{ name } = { name: '' }] = forHttp;
    const args = { url: `${vendor.url}/echo`, headers: { 'x-canary': '${{ input.text }}' } };
    const activity = { name: 'get', tool: 'http', action: 'get', with: args };
    const definition = { workflow: { name: 'by-input' }, modules: [{ id: 'm', activities: [activity] }] };
    await app.call('POST', '/v1/definitions', definition);

    const ended = await run('by-input', { text: `secret://${name}` });

    expect(ended).toMatchObject({ status: 'failed', error: { code: 'SECRET_REFUSED', node: 'm.get' } });
    expect(vendor.heard).toHaveLength(before);
  });

  it('are missed in a plan, and before a run is started', async () => {
    const activity = { name: 'get', tool: 'careless', action: 'echo', with: { token: 'secret://canary-44' } };
    const other = { ...activity, name: 'other', with: { token: 'secret://canary-0' }, irreversible: true };
    const unknown = { ...activity, name: 'unknown', with: { token: 'secret://canary-4400' }, irreversible: true };
    const module = { id: 'm', activities: [{ ...activity, irreversible: true }, other, unknown] };
    await app.call('POST', '/v1/definitions', { workflow: { name: 'missing' }, modules: [module] });

    const plan = await app.call('POST', '/v1/definitions/missing/plan', { input: {} });
    const started = await app.call('POST', '/v1/runs', { workflow: 'missing', input: {} });

    expect(plan.body['missingSecrets']).toEqual([
      { name: 'canary-0', node: 'm.other', why: 'is for the tool "http", not for "careless"' },
      { name: 'canary-4400', node: 'm.unknown', why: 'is not known; did you mean "canary-44"?' },
    ]);
    expect(started).toMatchObject({ status: 422, body: { errors: [{ path: '/workflow' }, { path: '/workflow' }] } });
  });

  it('are not logged even where somebody wrote one into an input, and code threw it', async () => {
    await app.call('POST', '/v1/runs', { workflow: 'thrown-in-clear', input: { note: IN_CLEAR } });

    await until(() => app.output().includes('cannot read secret://unsent'), { what: 'the defect in the log' });
    expect(app.output()).not.toContain(IN_CLEAR);
  });

  it('are in no log, in no answer and in no table, where their references are', async () => {
    const log = app.output();
    const answers = await everyAnswer();
    const database = await dumpDatabase(databaseUrl);

    expect(canariesIn(log, canaries)).toEqual([]);
    expect(canariesIn(answers, canaries)).toEqual([]);
    expect(canariesIn(database, canaries)).toEqual([]);
    for (const text of [log, answers, database]) {
      expect(text).not.toContain('token-of-the-tool-itself');
      expect(text).toContain('secret://canary-4');
    }
  });

  it('would be found: what is written into an input in clear is', async () => {
    const database = await dumpDatabase(databaseUrl);

    expect(database).toContain(IN_CLEAR);
    expect(canariesIn(Buffer.from(`user:${canaries[1]?.value}`).toString('base64'), canaries)).toEqual(['canary-1']);
    expect(canariesIn(JSON.stringify({ x: canaries[2]?.value }), canaries)).toEqual(['canary-2']);
  });
});
