import { describe, expect, it } from 'vitest';
import { openSandbox, type TestSandbox } from './open-sandbox.ts';

const SAVE = '/grafana/api/dashboards/db';
const AT_UID = '/grafana/api/dashboards/uid';

const save = (sandbox: TestSandbox, dashboard: object, more: object = {}) =>
  sandbox.call('POST', SAVE, { dashboard: { title: 'Spring', ...dashboard }, ...more });

describe('a dashboard', () => {
  it('is created at version 1 under the uid it brings, or under one that is made up', async () => {
    await using sandbox = await openSandbox();

    const named = await save(sandbox, { uid: 'bw-1' }, { folderUid: 'marketing' });
    const unnamed = await save(sandbox, { uid: null, title: 'Über alles!' });

    expect(named).toMatchObject({
      status: 200,
      body: { id: 1, uid: 'bw-1', version: 1, status: 'success', slug: 'spring', url: '/grafana/d/bw-1/spring' },
    });
    expect(unnamed.body).toMatchObject({ id: 2, uid: expect.stringMatching(/^[\w-]{1,40}$/), slug: 'ber-alles' });
    expect(await sandbox.created()).toMatchObject([
      { vendor: 'grafana', kind: 'dashboard', id: 'bw-1', key: null, data: { folder_uid: 'marketing' } },
      { kind: 'dashboard', id: unnamed.body['uid'] },
    ]);
  });

  it('is refused a second time under its uid, unless its version is known or it is to be overwritten', async () => {
    await using sandbox = await openSandbox();
    await save(sandbox, { uid: 'bw-1' });

    expect(await save(sandbox, { uid: 'bw-1' })).toMatchObject({ status: 412, body: { status: 'version-mismatch' } });
    expect(await save(sandbox, { uid: 'bw-1', version: 7 })).toMatchObject({ status: 412 });
    expect(await save(sandbox, { uid: 'bw-1', version: 1 })).toMatchObject({ status: 200, body: { version: 2 } });
    expect(await save(sandbox, { uid: 'bw-1' }, { overwrite: true })).toMatchObject({ body: { version: 3 } });
    expect(await sandbox.created()).toMatchObject([{ updatedAt: expect.any(String) }]);
  });

  it.each([
    ['no title', { title: ' ' }, {}, 'Dashboard title cannot be empty'],
    ['a uid over 40 letters', { uid: 'x'.repeat(41) }, {}, 'uid too long, max 40 characters'],
    ['a uid with other letters', { uid: 'a/b' }, {}, 'uid contains illegal characters'],
    ['an unknown folder', {}, { folderUid: 'nowhere' }, 'folder not found'],
    ['panels that are none', { panels: 'x' }, {}, 'bad request data'],
  ])('is refused for %s', async (_, dashboard, more, message) => {
    await using sandbox = await openSandbox();

    expect(await save(sandbox, dashboard, more)).toMatchObject({ status: 400, body: { message } });
    expect(await sandbox.created()).toEqual([]);
  });

  it('is read, found by title and tag, and shown to people', async () => {
    await using sandbox = await openSandbox();
    await save(
      sandbox,
      { uid: 'bw-1', tags: ['campaign'], panels: [{ title: 'Clicks & views' }] },
      { folderUid: 'marketing' },
    );
    await save(sandbox, { uid: 'bw-2', title: 'Autumn' });
    const found = async (query: string) =>
      (await sandbox.call<{ uid: string }[]>('GET', `/grafana/api/search?${query}`)).body.map(({ uid }) => uid);

    expect((await sandbox.call('GET', `${AT_UID}/bw-1`)).body).toMatchObject({
      dashboard: { id: 1, uid: 'bw-1', version: 1, title: 'Spring' },
      meta: { url: '/grafana/d/bw-1/spring', folderTitle: 'Marketing', version: 1 },
    });
    expect(await found('')).toEqual(['bw-2', 'bw-1']);
    expect(await found('query=spri')).toEqual(['bw-1']);
    expect(await found('tag=campaign')).toEqual(['bw-1']);
    expect((await sandbox.call<string>('GET', '/grafana/d/bw-1/spring', undefined, {})).body).toContain(
      'Clicks &#38; views',
    );
    expect((await sandbox.call('GET', '/grafana/d/bw-3', undefined, {})).status).toBe(404);
  });

  it('is deleted once', async () => {
    await using sandbox = await openSandbox();
    await save(sandbox, { uid: 'bw-1' });

    expect(await sandbox.call('DELETE', `${AT_UID}/bw-1`)).toMatchObject({
      status: 200,
      body: { id: 1, title: 'Spring' },
    });

    expect((await sandbox.call('DELETE', `${AT_UID}/bw-1`)).status).toBe(404);
    expect((await sandbox.call('GET', `${AT_UID}/bw-1`)).body).toEqual({ message: 'Dashboard not found' });
    expect(await sandbox.created()).toMatchObject([{ deletedAt: expect.any(String) }]);
  });
});

describe('grafana', () => {
  it('has folders', async () => {
    await using sandbox = await openSandbox();

    expect((await sandbox.call('GET', '/grafana/api/folders')).body).toMatchObject([{ uid: 'marketing' }, {}]);
    expect((await sandbox.call('GET', '/grafana/api/folders/marketing')).body).toMatchObject({ title: 'Marketing' });
    expect((await sandbox.call('GET', '/grafana/api/folders/nowhere')).status).toBe(404);
  });

  it('wants to know who asks, but for its health', async () => {
    await using sandbox = await openSandbox();
    const ask = (path: string, headers: Record<string, string>) => sandbox.call('GET', path, undefined, headers);

    expect(await ask('/grafana/api/search', {})).toMatchObject({ status: 401, body: { message: 'Unauthorized' } });
    expect((await ask('/grafana/api/search', { authorization: 'Bearer' })).status).toBe(401);
    expect((await ask('/grafana/api/health', {})).status).toBe(200);
  });
});
