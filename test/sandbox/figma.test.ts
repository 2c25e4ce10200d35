import { crc32 } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openSandbox, type TestSandbox } from './open-sandbox.ts';

const TOKEN = { 'x-figma-token': 'figd_1' };
const FILE = '/figma/v1/files/harborBrand01';
const COMMENTS = `${FILE}/comments`;
const IMAGES = '/figma/v1/images/harborBrand01';

const ask = <T = Record<string, unknown>>(sandbox: TestSandbox, method: string, path: string, body?: unknown) =>
  sandbox.call<T>(method, path, body, TOKEN);
const post = async (sandbox: TestSandbox, body: object) =>
  (await ask<{ id: string }>(sandbox, 'POST', COMMENTS, body)).body;

/** The bytes behind the address that Figma gives for a node. */
async function pictureOf(sandbox: TestSandbox, query: string): Promise<Buffer> {
  const { body } = await ask<{ images: Record<string, string> }>(sandbox, 'GET', `${IMAGES}?${query}`);
  const response = await fetch(Object.values(body.images)[0] ?? '');
  expect(response.status).toBe(200);
  return Buffer.from(await response.arrayBuffer());
}

describe('an image', () => {
  it('is a PNG of the size of the component, times the scale', async () => {
    await using sandbox = await openSandbox();

    const png = await pictureOf(sandbox, 'ids=12:103&scale=2');

    expect(png.subarray(12, 16).toString()).toBe('IHDR');
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([2400, 1260]);
    expect(png.readUInt32BE(29)).toBe(crc32(png.subarray(12, 29)));
  });

  it('is a JPEG of that size too', async () => {
    await using sandbox = await openSandbox();

    const jpeg = await pictureOf(sandbox, 'ids=12:101&format=jpg');

    const frame = jpeg.indexOf(Buffer.from([0xff, 0xc0]));
    expect([jpeg.readUInt16BE(frame + 7), jpeg.readUInt16BE(frame + 5)]).toEqual([600, 200]);
    expect(jpeg.subarray(-2)).toEqual(Buffer.from([0xff, 0xd9]));
  });

  it('is null for a node that is not there', async () => {
    await using sandbox = await openSandbox();
    expect((await ask(sandbox, 'GET', `${IMAGES}?ids=12:101,9:9`)).body).toEqual({
      err: null,
      images: { '12:101': expect.stringMatching(/^http/), '9:9': null },
    });
  });

  it.each(['', 'ids=', 'ids=12:101&scale=5', 'ids=12:101&format=gif'])('is refused for "%s"', async (query) => {
    await using sandbox = await openSandbox();
    expect(await ask(sandbox, 'GET', `${IMAGES}?${query}`)).toMatchObject({ status: 400, body: { status: 400 } });
  });

  it('leaves nothing in the ledger', async () => {
    await using sandbox = await openSandbox();
    await pictureOf(sandbox, 'ids=12:101');
    expect(await sandbox.created()).toEqual([]);
  });
});

describe('a comment', () => {
  it('is posted anew at every request, and listed newest first', async () => {
    await using sandbox = await openSandbox();
    const pinned = { message: 'Copy', client_meta: { node_id: '12:101', node_offset: { x: 0, y: 0 } } };

    const first = await post(sandbox, pinned);
    const second = await post(sandbox, { message: 'Copy' });

    expect(second.id).not.toBe(first.id);
    expect((await ask(sandbox, 'GET', COMMENTS)).body).toMatchObject({
      comments: [
        { id: second.id, order_id: '2', client_meta: { x: 0, y: 0 } },
        { id: first.id, order_id: '1', file_key: 'harborBrand01' },
      ],
    });
    expect(await sandbox.created()).toMatchObject([
      { vendor: 'figma', kind: 'comment', id: first.id, key: null, data: { message: 'Copy', node_id: '12:101' } },
      { kind: 'comment', id: second.id, data: { node_id: null } },
    ]);
  });

  it('is answered by a reply, which is answered by none', async () => {
    await using sandbox = await openSandbox();
    const root = await post(sandbox, { message: 'Root' });

    const reply = await post(sandbox, { message: 'Reply', comment_id: root.id });

    expect(reply).toMatchObject({ parent_id: root.id, order_id: null });
    for (const comment_id of [reply.id, '1'])
      expect((await ask(sandbox, 'POST', COMMENTS, { message: 'x', comment_id })).status).toBe(400);
  });

  it.each([
    ['no message', {}],
    ['an empty message', { message: '' }],
    ['an unknown node', { message: 'x', client_meta: { node_id: '9:9', node_offset: { x: 0, y: 0 } } }],
  ])('is refused for %s', async (_, body) => {
    await using sandbox = await openSandbox();
    expect(await ask(sandbox, 'POST', COMMENTS, body)).toMatchObject({
      status: 400,
      body: { status: 400, err: expect.any(String) },
    });
    expect(await sandbox.created()).toEqual([]);
  });

  it('is deleted once', async () => {
    await using sandbox = await openSandbox();
    const { id } = await post(sandbox, { message: 'x' });

    expect((await ask(sandbox, 'DELETE', `${COMMENTS}/${id}`)).status).toBe(200);

    expect(await ask(sandbox, 'DELETE', `${COMMENTS}/${id}`)).toMatchObject({ status: 404, body: { status: 404 } });
    expect((await ask(sandbox, 'GET', COMMENTS)).body).toEqual({ comments: [] });
    expect(await sandbox.created()).toMatchObject([{ deletedAt: expect.any(String) }]);
  });
});

describe('figma', () => {
  it('refuses whoever brings no token of its kinds', async () => {
    await using sandbox = await openSandbox();
    const status = async (headers: Record<string, string>) =>
      (await sandbox.call('GET', `${FILE}/meta`, undefined, headers)).status;

    expect(await status({})).toBe(403);
    expect(await status({ authorization: 'Basic x' })).toBe(403);
    expect(await status({ authorization: 'Bearer x' })).toBe(200);
    expect(await status(TOKEN)).toBe(200);
  });

  it('knows no other file', async () => {
    await using sandbox = await openSandbox();
    for (const path of ['/figma/v1/files/other/comments', '/figma/v1/images/other?ids=1:1', '/figma/v1/elsewhere'])
      expect(await ask(sandbox, 'GET', path)).toMatchObject({ status: 404, body: { status: 404, err: 'Not found' } });
  });
});
