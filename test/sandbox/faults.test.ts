import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { pathMatches } from '../../sandbox/faults.ts';
import { until } from '../support/until.ts';
import { CREDENTIAL, openSandbox, type TestSandbox } from './open-sandbox.ts';

const REPO = '/github/repos/acme/marketing-campaigns';
const FILE = `${REPO}/contents/notes.md`;

const putFile = (sandbox: TestSandbox) =>
  sandbox.call('PUT', FILE, { message: 'Add notes', content: Buffer.from('notes').toString('base64') });

/** Waits until a request has reached the vendor and found no answer yet. */
async function untilPending(sandbox: TestSandbox): Promise<void> {
  await until(async () => (await sandbox.calls()).some(({ status }) => status === null), { what: 'a pending call' });
}

describe('the fault "status"', () => {
  it.each([
    ['github', REPO, { message: expect.any(String), documentation_url: expect.any(String) }],
    ['sendgrid', '/sendgrid/v3/marketing/lists', { errors: [{ message: expect.any(String) }] }],
    ['slm', '/slm/v1/models', { error: { type: 'server_error', message: expect.any(String) } }],
  ])('answers in the error body of %s', async (vendor, path, body) => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor, fault: 'status', status: 503 });

    expect(await sandbox.call('GET', path)).toMatchObject({ status: 503, body });
  });

  it('has no effect', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'status' });

    expect((await putFile(sandbox)).status).toBe(500);

    expect(await sandbox.created()).toEqual([]);
    expect(await sandbox.calls()).toMatchObject([{ status: 500, fault: 'status' }]);
  });

  it('sends the headers it was given', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'status', status: 429, headers: { 'retry-after': '7' } });

    expect((await sandbox.call('GET', REPO)).headers.get('retry-after')).toBe('7');
  });

  it('strikes `times` times and no more', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'status', status: 502, times: 2 });

    const statuses = [];
    for (let attempt = 0; attempt < 3; attempt++) statuses.push((await sandbox.call('GET', REPO)).status);

    expect(statuses).toEqual([502, 502, 200]);
    expect((await sandbox.call('GET', '/_faults')).body).toEqual([]);
  });

  it('strikes until it is cleared when `times` is absent', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'status', status: 502 });

    expect((await sandbox.call('GET', REPO)).status).toBe(502);
    expect((await sandbox.call('GET', REPO)).status).toBe(502);
    expect((await sandbox.call('DELETE', '/_faults')).status).toBe(204);
    expect((await sandbox.call('GET', REPO)).status).toBe(200);
  });

  it('strikes only the vendor, method and path it names', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({
      vendor: 'github',
      match: { method: 'put', path: '/repos/*/contents/notes.md' },
      fault: 'status',
      status: 500,
    });

    expect((await sandbox.call('GET', FILE)).status).toBe(404);
    expect((await sandbox.call('GET', '/sendgrid/v3/marketing/lists')).status).toBe(200);
    expect((await putFile(sandbox)).status).toBe(500);
  });
});

describe('the faults of the connection', () => {
  it('resets before the effect', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'reset', times: 1 });

    await expect(putFile(sandbox)).rejects.toThrow('fetch failed');

    expect(await sandbox.created()).toEqual([]);
    expect(await sandbox.calls()).toMatchObject([{ method: 'PUT', status: null, fault: 'reset' }]);
  });

  it('resets after the effect, which stays', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'reset_after_effect', times: 1 });

    await expect(putFile(sandbox)).rejects.toThrow('fetch failed');

    expect(await sandbox.created()).toMatchObject([{ kind: 'file', data: { path: 'notes.md', content: 'notes' } }]);
    expect((await sandbox.call('GET', FILE)).status).toBe(200);
  });

  it('truncates the answer after the effect', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'truncate', times: 1 });

    await expect(putFile(sandbox)).rejects.toThrow('terminated');

    expect(await sandbox.created()).toHaveLength(1);
    expect(await sandbox.calls()).toMatchObject([{ status: 201, fault: 'truncate' }]);
  });

  it('delays the answer but not the effect', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'delay', delayMs: 500, times: 1 });

    const startedAt = performance.now();
    const reply = putFile(sandbox);
    await until(async () => (await sandbox.created()).length > 0, { what: 'the effect' });
    const effectAfterMs = performance.now() - startedAt;

    expect((await reply).status).toBe(201);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(490);
    expect(effectAfterMs).toBeLessThan(490);
  });
});

describe('the fault "hang"', () => {
  it('answers only once the faults are cleared', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'hang' });

    const reply = putFile(sandbox);
    await untilPending(sandbox);
    expect(await sandbox.created()).toEqual([]);
    await sandbox.call('DELETE', '/_faults');

    expect((await reply).status).toBe(201);
  });

  it('has no effect when the client leaves', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'hang' });
    const socket = connect(Number(new URL(sandbox.url).port), '127.0.0.1');
    const body = JSON.stringify({ message: 'Add', content: '' });
    const head = [
      `PUT ${FILE} HTTP/1.1`,
      'host: sandbox',
      'user-agent: test',
      `authorization: ${CREDENTIAL.authorization}`,
    ];
    socket.write([...head, `content-length: ${body.length}`, '', body].join('\r\n'));
    await untilPending(sandbox);

    socket.resetAndDestroy();
    await once(socket, 'close');
    await sandbox.call('DELETE', '/_faults');

    expect((await sandbox.call('GET', FILE)).status).toBe(404);
    expect(await sandbox.created()).toEqual([]);
  });

  it('ends without effect at a reset of the sandbox', async () => {
    await using sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'hang' });

    const reply = expect(putFile(sandbox)).rejects.toThrow('fetch failed');
    await untilPending(sandbox);
    await sandbox.call('POST', '/_reset');

    await reply;
    expect(await sandbox.created()).toEqual([]);
  });

  it('does not keep the sandbox from closing', async () => {
    const sandbox = await openSandbox();
    await sandbox.fault({ vendor: 'github', fault: 'hang' });

    const reply = expect(putFile(sandbox)).rejects.toThrow('fetch failed');
    await untilPending(sandbox);
    await sandbox[Symbol.asyncDispose]();

    await reply;
  });
});

describe('a fault that is not understood', () => {
  it.each([
    ['an unknown vendor', { vendor: 'githb', fault: 'reset' }, 'did you mean "github"?'],
    ['an unknown fault', { vendor: 'github', fault: 'explode' }, 'Invalid option'],
    ['an unknown key', { vendor: 'github', fault: 'reset', probability: 0.5 }, 'probability'],
    ['a delay without its length', { vendor: 'github', fault: 'delay' }, 'delayMs'],
    ['a status for another fault', { vendor: 'github', fault: 'reset', status: 500 }, 'status'],
    ['a success as error status', { vendor: 'github', fault: 'status', status: 200 }, '300'],
    ['no times at all', { vendor: 'github', fault: 'reset', times: 0 }, 'times'],
    ['nothing', undefined, 'expected object'],
  ])('is refused: %s', async (_, fault, reason) => {
    await using sandbox = await openSandbox();

    const { status, body } = await sandbox.call('POST', '/_faults', fault);

    expect(status).toBe(400);
    expect(body).toEqual({ error: expect.stringContaining(reason) });
    expect((await sandbox.call('GET', '/_faults')).body).toEqual([]);
  });
});

describe('pathMatches', () => {
  it.each([
    ['/repos/acme', '/repos/acme'],
    ['/repos/acme/', '/repos/acme'],
    ['/repos/acme', '/repos/acme/website/pulls'],
    ['/github/repos/acme', '/repos/acme/website'],
    ['/repos/*/pulls', '/repos/acme/website/pulls'],
    ['*/pulls', '/repos/acme/website/pulls'],
    ['*', '/anything'],
    ['/', '/anything'],
    ['/a*b*c', '/axbxbxc'],
  ])('%s strikes %s', (wanted, path) => {
    expect(pathMatches(wanted, 'github', path)).toBe(true);
  });

  it.each([
    ['/repos/acme', '/repos/acme-two'],
    ['/repos/acme/pulls', '/repos/acme'],
    ['/repos/*/pulls', '/repos/acme/pulls/1'],
    ['/a*a', '/a'],
    ['/ab*bc', '/abc'],
    ['/a*x*c', '/abc'],
  ])('%s does not strike %s', (wanted, path) => {
    expect(pathMatches(wanted, 'github', path)).toBe(false);
  });
});
