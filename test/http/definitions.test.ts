import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { REVIEW } from './review-definition.ts';
import { startTestApp, type Answer, type RunningApp } from './running-app.ts';

let api: RunningApp;

beforeAll(async () => {
  api = await startTestApp('http_definitions');
});

afterAll(() => api.stop());

function send(path: string, body: string, type = 'application/yaml'): Promise<Answer> {
  return api.call(path, { method: 'POST', body, headers: { 'content-type': type } });
}

function publish(body: string, type?: string): Promise<Answer> {
  return send('/v1/definitions', body, type);
}

describe('POST /v1/definitions', () => {
  it('answers 201 for new content, 200 for the same again and 409 for another under its version', async () => {
    const first = await publish(REVIEW);
    const again = await publish(`# a comment changes nothing\n${REVIEW}`);
    const other = await publish(REVIEW.replace('1h, editable', '2h, editable'));

    expect(first).toMatchObject({ status: 201, body: { name: 'review-a-note', version: '1.0.0', warnings: [] } });
    expect((first.body as { hash: string }).hash).toMatch(/^[0-9a-f]{64}$/);
    expect(again).toMatchObject({ status: 200, body: first.body as object });
    expect(other).toMatchObject({ status: 409, body: { code: 'CONFLICT' } });
  });

  it('refuses with every problem at once, each with its place', async () => {
    const wrong = REVIEW.replace('memory', 'memroy')
      .replace('depends_on: [review]', 'depends_on: [reviews]')
      .replace('user:ann', 'user:ann');

    const answer = await publish(wrong);

    expect(answer).toMatchObject({ status: 422, body: { code: 'INVALID' } });
    const { errors } = answer.body as { errors: { path: string; line: number; column: number; message: string }[] };
    expect(errors.length).toBeGreaterThanOrEqual(2);
    for (const error of errors)
      expect(error).toMatchObject({
        line: expect.any(Number),
        column: expect.any(Number),
        path: expect.stringMatching(/^\//),
      });
    expect(JSON.stringify(errors)).toMatch(/memory.*review/s);
    expect((await api.call('/v1/definitions/review-a-note')).text).not.toContain('memroy');
  });

  it('takes JSON where YAML is taken', async () => {
    const json = JSON.stringify({
      workflow: { name: 'in-json', version: '1.0.0' },
      modules: [{ id: 'pause', type: 'wait', wait: { for: '1s' } }],
    });

    expect(await publish(json, 'application/json')).toMatchObject({ status: 201, body: { name: 'in-json' } });
  });

  it.each(['text/yaml', 'application/x-yaml', 'text/plain'])('answers 415 for %s', async (type) => {
    expect((await publish(REVIEW, type)).status).toBe(415);
  });

  it('refuses a NUL and an alias bomb', async () => {
    expect((await publish('workflow: "a\u0000b"')).status).toBe(422);
    expect((await publish('a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]')).status).toBe(422);
  });
});

describe('POST /v1/definitions/validate', () => {
  it('tells the same and stores nothing', async () => {
    const fresh = REVIEW.replace('name: review-a-note', 'name: never-stored');

    expect(await send('/v1/definitions/validate', fresh)).toMatchObject({
      status: 200,
      body: { name: 'never-stored' },
    });
    expect(await send('/v1/definitions/validate', fresh.replace('memory', 'memroy'))).toMatchObject({ status: 422 });
    expect((await api.call('/v1/definitions/never-stored')).status).toBe(404);
  });
});

describe('GET /v1/definitions', () => {
  it('reads the source as it was given, latest or by version', async () => {
    await publish(REVIEW);
    const newer = REVIEW.replace('version: 1.0.0', 'version: 1.10.0');
    const older = REVIEW.replace('version: 1.0.0', 'version: 1.9.0');
    await publish(newer);
    await publish(older);

    expect(await api.call('/v1/definitions/review-a-note')).toMatchObject({
      status: 200,
      body: {
        version: '1.10.0',
        source: newer,
        kind: 'yaml',
        inputSchema: { required: ['note'] },
        graph: { isCoded: false, nodes: [{ id: 'write.draft' }, { id: 'review' }, { id: 'signed' }] },
        versions: [{ version: '1.10.0' }, { version: '1.9.0' }, { version: '1.0.0' }],
      },
    });
    expect(await api.call('/v1/definitions/review-a-note/versions/1.0.0')).toMatchObject({
      body: { version: '1.0.0', source: REVIEW },
    });
  });

  it('lists what there is, of this tenant only', async () => {
    const foreign = await api.keyFor('spy', ['viewer'], { tenant: 'rival' });

    const { body } = await api.call('/v1/definitions');

    expect((body as { items: { name: string }[] }).items.map((item) => item.name)).toEqual(
      expect.arrayContaining(['echo', 'review-a-note']),
    );
    expect(await api.call('/v1/definitions', { key: foreign })).toMatchObject({ body: { items: [] } });
    expect((await api.call('/v1/definitions/review-a-note', { key: foreign })).status).toBe(404);
  });

  it('answers 404 with the nearest name', async () => {
    const answer = await api.call('/v1/definitions/review-a-not');

    expect(answer.status).toBe(404);
    expect(answer.text).toContain('review-a-note');
  });

  it('gives the JSON Schema that editors use', async () => {
    expect(await api.call('/v1/definitions/schema.json')).toMatchObject({
      status: 200,
      body: { $schema: 'https://json-schema.org/draft/2020-12/schema' },
    });
  });
});

describe('POST /v1/definitions/{name}/plan', () => {
  it('shows the calls with their arguments and does none of them', async () => {
    await publish(REVIEW);

    const answer = await api.call('/v1/definitions/review-a-note/plan', { body: { input: { note: 'plan' } } });

    expect(answer.status).toBe(200);
    expect(answer.text).toContain('"key":"plan"');
    expect(await api.knex.withSchema('breakwater').table('memory').select()).toEqual([]);
  });
});
