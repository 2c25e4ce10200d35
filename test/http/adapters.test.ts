// Single calls of actions over the API, against the sandbox: GitHub as if it were configured, memory, and tools that are not.
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSandbox, type Fault, type Sandbox } from '../../sandbox/index.ts';
import { judge } from '../../src/http/execute-adapter.ts';
import { problemOf } from '../../src/http/problem.ts';
import { failure, FailureError, type FailureKind, type Json } from '../../src/kernel/index.ts';
import { until } from '../support/until.ts';
import { startTestApp, type Call, type RunningApp } from './running-app.ts';

let api: RunningApp;
let sandbox: Sandbox;

beforeAll(async () => {
  sandbox = await createSandbox({ port: 0 });
  const environment = { GITHUB_TOKEN: 'gh-token-of-this-test', GITHUB_BASE_URL: `${sandbox.url}/github` };
  api = await startTestApp('http_adapters', { environment });
});

beforeEach(() => control('POST', '/_reset'));

afterAll(async () => {
  await api.stop();
  await sandbox.close();
});

async function control(method: string, path: string, body?: object): Promise<unknown> {
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(`${sandbox.url}${path}`, { method, headers, body: body && JSON.stringify(body) });
  const text = await response.text();
  return text === '' ? undefined : JSON.parse(text);
}

const fault = (wanted: Omit<Fault, 'vendor'>) => control('POST', '/_faults', { vendor: 'github', ...wanted });

const sent = z.array(z.object({ method: z.string(), path: z.string(), headers: z.record(z.string(), z.string()) }));
const calls = async () => sent.parse(await control('GET', '/_calls?vendor=github'));
const creations = async () => (await calls()).filter(({ method }) => method === 'POST');

const repository = { owner: 'acme', repo: 'marketing-campaigns' };
const recall = { action: 'recall' };
const createBranch = { action: 'create_branch', arguments: { ...repository, branch: 'spring' } };

function execute(tool: string, body: unknown, key?: string, call: Call = {}) {
  const headers = key === undefined ? undefined : { 'idempotency-key': key };
  return api.call(`/v1/adapters/${tool}/execute`, { method: 'POST', body, headers, ...call });
}

interface AuditRow {
  readonly id: number;
  readonly subject: string;
  readonly actor: string;
  readonly action: string;
  readonly data: Readonly<Record<string, Json>>;
}

async function auditOf(subject: string): Promise<AuditRow[]> {
  return await api.knex
    .withSchema('breakwater')
    .table<AuditRow>('audit')
    .select()
    .where('subject', subject)
    .orderBy('id');
}

describe('GET /v1/adapters', () => {
  it('describes every tool and every action', async () => {
    const { status, body } = await api.call('/v1/adapters');

    const { items } = body as { items: { name: string; actions: { name: string }[] }[] };
    expect(status).toBe(200);
    expect(items.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        'buffer',
        'figma',
        'github',
        'grafana',
        'memory',
        'notion',
        'playwright',
        'sendgrid',
        'slack',
        'slm',
      ]),
    );
    expect(items.find(({ name }) => name === 'github')).toMatchObject({
      actions: expect.arrayContaining([
        {
          name: 'create_branch',
          description: expect.stringMatching(/\.$/),
          input: expect.objectContaining({ type: 'object', additionalProperties: false }),
          output: expect.objectContaining({ type: 'object' }),
          effect: true,
          keyedBy: 'probe',
          undoneBy: ['delete_branch'],
        },
      ]),
    });
  });

  it.each([
    ['github', { configured: true, sandboxed: false, missing: [] }],
    ['notion', { configured: false, sandboxed: false, missing: ['NOTION_TOKEN'] }],
    ['memory', { configured: true, sandboxed: false, missing: [], aliases: ['memory_gateway'] }],
  ])('tells whether %s can be called', async (name, expected) => {
    const { body } = await api.call('/v1/adapters');

    expect((body as { items: unknown[] }).items).toContainEqual(expect.objectContaining({ name, ...expected }));
  });
});

describe('POST /v1/adapters/{tool}/execute', () => {
  it('answers what the action answered, and leaves a record of who called it', async () => {
    const note = { action: 'remember', arguments: { key: 'n1', content: 'kept' } };

    const { status, body } = await execute('memory_gateway', note);

    expect(status).toBe(200);
    expect(body).toEqual({
      ok: true,
      value: { namespace: 'default', key: 'n1', previous: null },
      key: expect.stringMatching(/^[0-9a-f]{40}$/),
    });
    const { key } = body as { key: string };
    expect(await auditOf('memory.remember')).toMatchObject([
      { actor: 'admin', action: 'adapter.execute', data: { key } },
      { actor: 'admin', action: 'adapter.executed', data: { key, ok: true } },
    ]);
  });

  it.each([
    ['githup', createBranch, 404, 'NOT_FOUND', 'did you mean "github"'],
    ['github', { action: 'create_brunch' }, 404, 'NOT_FOUND', 'did you mean "create_branch"'],
    ['notion', { action: 'search_database', arguments: { query: 'x' } }, 409, 'CONFLICT', 'NOTION_TOKEN'],
    ['github', { ...createBranch, arguments: [] }, 422, 'INVALID', ''],
    ['github', { ...createBranch, argument: {} }, 422, 'INVALID', ''],
  ])('refuses %s %j before anything is sent', async (tool, body, status, code, detail) => {
    const answer = await execute(tool, body);

    expect(answer).toMatchObject({ status, body: { code, detail: expect.stringContaining(detail) } });
    expect(await calls()).toEqual([]);
  });

  it('refuses wrong arguments with every problem', async () => {
    const answer = await execute('github', { action: 'create_branch', arguments: { owner: 'acme', branc: 'x' } });

    const { errors } = answer.body as { errors: { path: string }[] };
    expect(answer.status).toBe(422);
    expect(errors.map(({ path }) => path)).toEqual(expect.arrayContaining(['/arguments/repo', '/arguments/branch']));
  });

  it('answers a repeat under the same Idempotency-Key without calling again', async () => {
    const first = await execute('github', createBranch, 'repeat');
    const second = await execute('github', createBranch, 'repeat');

    expect(first.status).toBe(200);
    expect(second).toMatchObject({ status: 200, body: first.body as object });
    expect(await creations()).toHaveLength(1);
  });

  it('takes another key, and none at all, for another call', async () => {
    const keys = [
      await execute('memory', recall, 'one'),
      await execute('memory', recall, 'two'),
      await execute('memory', recall),
    ];

    expect(new Set(keys.map(({ body }) => (body as { key: string }).key)).size).toBe(3);
  });

  it('refuses a key that was used with other arguments', async () => {
    await execute('memory', recall, 'mine');

    const answer = await execute('memory', { ...recall, arguments: { limit: 1 } }, 'mine');

    expect(answer).toMatchObject({ status: 409, body: { detail: expect.stringContaining('other arguments') } });
  });

  it('refuses a key whose call is under way', async () => {
    await fault({ match: { method: 'POST' }, fault: 'hang' });
    const first = execute('github', createBranch, 'slow');
    await until(async () => (await creations()).length === 1, { what: 'the first call to be sent' });

    const second = await execute('github', createBranch, 'slow');
    await control('DELETE', '/_faults');

    expect(second).toMatchObject({ status: 409, body: { detail: expect.stringContaining('under way') } });
    expect((await first).status).toBe(200);
  });

  it('tries again, and looks first when the effect may be there: one branch', async () => {
    await fault({ match: { method: 'POST' }, fault: 'reset_after_effect', times: 1 });

    const answer = await execute('github', createBranch);

    expect(answer.status).toBe(200);
    expect(await creations()).toHaveLength(1);
  });

  it('answers the failure of a call that cannot succeed, and a later one under its key may', async () => {
    await fault({ match: { method: 'POST' }, fault: 'status', status: 403, times: 1 });

    const failed = await execute('github', createBranch, 'again');
    const repeated = await execute('github', createBranch, 'again');

    expect(failed).toMatchObject({ status: 422, body: { code: 'GITHUB_403', retryable: false, unknown: false } });
    expect(failed.headers.get('content-type')).toContain('application/problem+json');
    expect(repeated.status).toBe(200);
    expect((await auditOf('github.create_branch')).at(-3)).toMatchObject({ data: { ok: false, code: 'GITHUB_403' } });
  });

  it('hands on how long a vendor wants to be left alone, rather than wait beyond the request', async () => {
    await fault({ match: { method: 'POST' }, fault: 'status', status: 429, headers: { 'retry-after': '600' } });

    const answer = await execute('github', createBranch);

    expect(answer).toMatchObject({ status: 429, body: { code: 'GITHUB_429', retryable: true } });
    expect(answer.headers.get('retry-after')).toBe('600');
  });
});

describe('judge', () => {
  const digest = 'd1';

  it('sends what was never called', () => {
    expect(judge(undefined, digest)).toEqual({ send: true, suspect: false });
  });

  it('suspects the effect of a call whose process died', () => {
    expect(judge({ digest, beganMsAgo: 600_000 }, digest)).toEqual({ send: true, suspect: true });
  });

  it.each([true, false])('suspects the effect of a failed call as that call did (%s)', (unknown) => {
    const end = { ok: false, unknown };

    expect(judge({ digest, beganMsAgo: 10, end }, digest)).toEqual({ send: true, suspect: unknown });
  });

  it('repeats the answer of a call that succeeded', () => {
    const end = { ok: true, unknown: false, value: { id: 7 } };

    expect(judge({ digest, beganMsAgo: 10, end }, digest)).toEqual({ send: false, value: { id: 7 } });
  });
});

describe('a failed call', () => {
  it.each<[FailureKind, number]>([
    ['ours', 422],
    ['refused', 422],
    ['rate_limit', 429],
    ['theirs', 502],
    ['timeout', 504],
    ['cancelled', 503],
  ])('that is %s is answered %i', (kind, status) => {
    const error = new FailureError(failure('GITHUB_X', 'It did not work', { kind, unknown: true }));

    expect(problemOf(error, 'r1')).toEqual({
      type: 'urn:breakwater:problem:github_x',
      title: 'Github x',
      status,
      detail: 'It did not work',
      code: 'GITHUB_X',
      errors: [],
      requestId: 'r1',
      retryable: false,
      unknown: true,
    });
  });
});
