import { describe, expect, it } from 'vitest';
import { CREDENTIAL, openSandbox } from './open-sandbox.ts';

const REPO = '/github/repos/acme/marketing-campaigns';

describe('/_ledger', () => {
  it('holds only fixtures at first, in order and with the whole shape', async () => {
    await using sandbox = await openSandbox();

    const entries = await sandbox.ledger();

    expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1));
    expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(['fixture']));
    expect(Object.keys(entries[0] ?? {})).toEqual(['seq', 'vendor', 'kind', 'id', 'key', 'createdAt', 'data']);
    expect(entries.map(({ id }) => id)).toEqual(expect.arrayContaining(['acme/marketing-campaigns', 'acme/website']));
  });

  it('narrows to one vendor', async () => {
    await using sandbox = await openSandbox();

    const entries = await sandbox.ledger('sendgrid');

    expect(entries.length).toBeGreaterThan(0);
    expect(entries.every(({ vendor }) => vendor === 'sendgrid')).toBe(true);
  });
});

describe('/_calls', () => {
  it('lists every request to a vendor as it came and in order', async () => {
    await using sandbox = await openSandbox();
    await sandbox.call('GET', `${REPO}/pulls?state=all&head=acme:x`);
    await sandbox.call('POST', `${REPO}/pulls`, { title: 'A', head: 'x', base: 'main' });

    const [first, second] = await sandbox.calls();

    expect(first).toMatchObject({
      seq: 1,
      vendor: 'github',
      method: 'GET',
      path: '/repos/acme/marketing-campaigns/pulls',
      status: 200,
    });
    expect(first).toMatchObject({ query: { state: 'all', head: 'acme:x' }, body: null });
    expect(second).toMatchObject({
      seq: 2,
      method: 'POST',
      body: { title: 'A', head: 'x', base: 'main' },
      status: 422,
    });
    expect(Date.parse(second?.at ?? '')).not.toBeNaN();
  });

  it('shows no credential but keeps an idempotency key', async () => {
    await using sandbox = await openSandbox();
    const headers = { ...CREDENTIAL, 'x-api-key': 'also-secret', cookie: 'session=secret', 'idempotency-key': 'key-1' };

    await sandbox.call('GET', `${REPO}?access_token=secret`, undefined, headers);

    const [call] = await sandbox.calls('github');
    expect(JSON.stringify(call)).not.toContain('secret');
    expect(call?.headers).toMatchObject({ authorization: '[redacted]', 'idempotency-key': 'key-1' });
  });

  it('leaves out the requests to the sandbox itself', async () => {
    await using sandbox = await openSandbox();
    await sandbox.ledger();

    expect(await sandbox.calls()).toEqual([]);
  });
});

describe('/_reset', () => {
  it('brings objects, calls and faults back to the fixtures', async () => {
    await using sandbox = await openSandbox();
    const before = await sandbox.ledger();
    const content = Buffer.from('hello').toString('base64');
    await sandbox.call('PUT', `${REPO}/contents/new.md`, { message: 'Add', content });
    await sandbox.fault({ vendor: 'github', fault: 'status', status: 503 });

    expect((await sandbox.call('POST', '/_reset')).status).toBe(204);

    expect((await sandbox.ledger()).map(({ seq, id }) => [seq, id])).toEqual(before.map(({ seq, id }) => [seq, id]));
    expect(await sandbox.calls()).toEqual([]);
    expect((await sandbox.call('GET', `${REPO}/contents/new.md`)).status).toBe(404);
    expect((await sandbox.call('GET', REPO)).status).toBe(200);
  });
});

describe('the sandbox', () => {
  it('names its vendors', async () => {
    await using sandbox = await openSandbox();

    expect((await sandbox.call('GET', '/')).body).toEqual({
      vendors: [
        'buffer',
        'figma',
        'github',
        'grafana',
        'notion',
        'sendgrid',
        'slack',
        'slm',
        'pages',
        'inventory',
        'payments',
      ],
    });
  });

  it('says what it has when asked for something else', async () => {
    await using sandbox = await openSandbox();

    const { status, body } = await sandbox.call('GET', '/nowhere');

    expect(status).toBe(404);
    expect(body).toEqual({ error: expect.stringContaining('GET /_ledger') });
  });

  it("answers an unknown path, a body that is no JSON and one over 1 MiB in the vendor's shape", async () => {
    await using sandbox = await openSandbox();
    const send = (body: string) =>
      fetch(`${sandbox.url}${REPO}/pulls`, {
        method: 'POST',
        headers: { ...CREDENTIAL, 'content-type': 'application/json' },
        body,
      });

    expect(await sandbox.call('GET', '/github/nowhere')).toMatchObject({ status: 404, body: { message: 'Not Found' } });
    expect(await sandbox.call('GET', '/sendgrid/v3/nowhere')).toMatchObject({
      status: 404,
      body: { errors: [{ message: 'not found' }] },
    });
    expect(await sandbox.call('GET', '/slm/v1/nowhere')).toMatchObject({
      status: 404,
      body: { error: { type: 'invalid_request_error' } },
    });
    const malformed = await send('{"title":');
    expect([malformed.status, await malformed.json()]).toMatchObject([400, { message: 'Problems parsing JSON' }]);
    const tooLarge = await send(JSON.stringify({ title: 'x'.repeat(1024 * 1024) }));
    expect([tooLarge.status, await tooLarge.json()]).toMatchObject([
      413,
      { message: expect.stringContaining('1048576') },
    ]);
  });

  it.each([
    ['github', REPO, { message: 'Requires authentication' }],
    ['sendgrid', '/sendgrid/v3/marketing/lists', { errors: [{ message: 'authorization required' }] }],
    ['slm', '/slm/v1/models', { error: { type: 'invalid_request_error' } }],
  ])('answers 401 in the shape of %s without a credential', async (_, path, body) => {
    await using sandbox = await openSandbox();

    expect(await sandbox.call('GET', path, undefined, {})).toMatchObject({ status: 401, body });
    expect((await sandbox.call('GET', path, undefined, { authorization: 'Bearer ' })).status).toBe(401);
  });
});
