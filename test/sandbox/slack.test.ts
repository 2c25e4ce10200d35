import { describe, expect, it } from 'vitest';
import { openSandbox, type TestSandbox } from './open-sandbox.ts';
import { contractsNote, contractsPresent, loadContract } from './vendor-contract.ts';

const GENERAL = 'C01GENERAL01';

interface Message {
  readonly ts: string;
  readonly text: string;
  readonly blocks?: unknown;
  readonly metadata?: unknown;
  readonly files?: readonly { readonly id: string }[];
}

const call = async <T = Record<string, unknown>>(
  sandbox: TestSandbox,
  method: string,
  given: Record<string, unknown>,
) => (await sandbox.call<T & { ok: boolean; error?: string }>('POST', `/slack/api/${method}`, given)).body;

const post = (sandbox: TestSandbox, given: Record<string, unknown> = {}) =>
  call<{ ts: string; channel: string }>(sandbox, 'chat.postMessage', { channel: GENERAL, text: 'Hello', ...given });

const history = (sandbox: TestSandbox, given: Record<string, unknown> = {}) =>
  call<{ messages: Message[]; has_more: boolean; response_metadata?: { next_cursor: string } }>(
    sandbox,
    'conversations.history',
    { channel: GENERAL, ...given },
  );

describe('a call', () => {
  it.each([
    [{}, 'not_authed'],
    [{ authorization: 'Basic x' }, 'invalid_auth'],
  ])('with the headers %j is refused with status 200', async (headers, error) => {
    await using sandbox = await openSandbox();
    const reply = await sandbox.call('POST', '/slack/api/auth.test', {}, headers);
    expect(reply).toMatchObject({ status: 200, body: { ok: false, error } });
  });

  it.each([
    ['chat.explode', {}, 'unknown_method'],
    ['chat.postMessage', { text: 'x' }, 'invalid_arguments'],
    ['chat.postMessage', { channel: 'nowhere', text: 'x' }, 'channel_not_found'],
    ['chat.postMessage', { channel: GENERAL, text: ' ' }, 'no_text'],
    ['chat.postMessage', { channel: GENERAL, text: 'x'.repeat(40_001) }, 'msg_too_long'],
    ['chat.postMessage', { channel: GENERAL, text: 'x', metadata: '{' }, 'invalid_arguments'],
    ['chat.update', { channel: GENERAL, ts: '1700000000.000001', text: 'x' }, 'message_not_found'],
    ['chat.update', { channel: 'general', ts: '1700000000.000001', text: 'x' }, 'channel_not_found'],
    ['chat.delete', { channel: GENERAL, ts: '1700000000.000001' }, 'message_not_found'],
    ['conversations.history', { channel: GENERAL, cursor: 'bm8=' }, 'invalid_cursor'],
    ['conversations.info', { channel: 'C000000000' }, 'channel_not_found'],
    ['files.completeUploadExternal', { files: [{ id: 'F0' }] }, 'file_not_found'],
    ['files.info', { file: 'F0' }, 'file_not_found'],
    ['files.delete', { file: 'F0' }, 'file_not_found'],
  ])('of %s with %j is refused: %3$s', async (method, given, error) => {
    await using sandbox = await openSandbox();
    expect(await call(sandbox, method, given)).toMatchObject({ ok: false, error });
    expect(await sandbox.created()).toEqual([]);
  });

  it('takes its arguments from the query, a form or JSON', async () => {
    await using sandbox = await openSandbox();
    const { authorization } = { authorization: 'Bearer a-credential' };
    const form = { authorization, 'content-type': 'application/x-www-form-urlencoded' };
    const body = new URLSearchParams({ channel: 'general', text: 'x', blocks: '[{"type":"divider"}]' });

    const posted = await fetch(`${sandbox.url}/slack/api/chat.postMessage`, { method: 'POST', headers: form, body });
    const list = await sandbox.call('GET', `/slack/api/conversations.history?channel=${GENERAL}&limit=1`);

    expect(await posted.json()).toMatchObject({ ok: true });
    expect(list.body).toMatchObject({ messages: [{ text: 'x', blocks: [{ type: 'divider' }] }] });
  });
});

describe('a message', () => {
  it('keeps its metadata and shows it to whoever asks', async () => {
    await using sandbox = await openSandbox();
    const metadata = { event_type: 'made', event_payload: { key: 'k' } };

    await post(sandbox, { channel: '#general', metadata });

    expect((await history(sandbox)).messages[0]).not.toHaveProperty('metadata');
    expect((await history(sandbox, { include_all_metadata: true })).messages).toMatchObject([{ metadata }]);
  });

  it('is posted again when it is sent again: metadata is no idempotency key', async () => {
    await using sandbox = await openSandbox();
    const metadata = { event_type: 'made', event_payload: { key: 'k' } };
    await post(sandbox, { metadata });
    await post(sandbox, { metadata });
    expect(await sandbox.created()).toMatchObject([{ key: null }, { key: null }]);
  });

  it('is known by a time that no other has', async () => {
    await using sandbox = await openSandbox({ clock: { now: () => 1_700_000_000_000 } });
    const times = [await post(sandbox), await post(sandbox), await post(sandbox)].map(({ ts }) => ts);
    expect(times).toEqual(['1700000000.000000', '1700000000.000001', '1700000000.000002']);
  });

  it('loses its blocks to a new text and keeps its text under new blocks', async () => {
    await using sandbox = await openSandbox();
    const blocks = [{ type: 'divider' }];
    const { ts } = await post(sandbox, { blocks });

    await call(sandbox, 'chat.update', { channel: GENERAL, ts, text: 'New' });
    expect((await history(sandbox)).messages[0]).not.toHaveProperty('blocks');
    await call(sandbox, 'chat.update', { channel: GENERAL, ts, blocks });

    expect((await history(sandbox)).messages).toMatchObject([{ text: 'New', blocks }]);
    expect(await sandbox.created()).toMatchObject([{ updatedAt: expect.any(String), data: { text: 'New', blocks } }]);
  });

  it('is deleted once', async () => {
    await using sandbox = await openSandbox();
    const { ts } = await post(sandbox);

    expect(await call(sandbox, 'chat.delete', { channel: GENERAL, ts })).toEqual({ ok: true, channel: GENERAL, ts });
    expect(await call(sandbox, 'chat.delete', { channel: GENERAL, ts })).toMatchObject({ error: 'message_not_found' });
    expect((await history(sandbox)).messages).toEqual([]);
    expect(await sandbox.created()).toMatchObject([{ kind: 'message', id: ts, deletedAt: expect.any(String) }]);
  });
});

describe('the history', () => {
  it('comes newest first, page by page', async () => {
    await using sandbox = await openSandbox();
    for (const text of ['a', 'b', 'c']) await post(sandbox, { text });

    const first = await history(sandbox, { limit: 2 });
    const second = await history(sandbox, { limit: 2, cursor: first.response_metadata?.next_cursor });

    expect(first).toMatchObject({ has_more: true, messages: [{ text: 'c' }, { text: 'b' }] });
    expect(second).toMatchObject({ has_more: false, messages: [{ text: 'a' }] });
    expect(second).not.toHaveProperty('response_metadata');
  });

  it('can be cut at both ends', async () => {
    await using sandbox = await openSandbox();
    const times = [];
    for (const text of ['a', 'b', 'c']) times.push((await post(sandbox, { text })).ts);
    const textsOf = async (given: Record<string, unknown>) =>
      (await history(sandbox, given)).messages.map(({ text }) => text).join('');

    expect(await textsOf({ oldest: times[0] })).toBe('cb');
    expect(await textsOf({ oldest: times[0], inclusive: true })).toBe('cba');
    expect(await textsOf({ latest: times[1] })).toBe('a');
    expect(await textsOf({ oldest: times[0], latest: times[2] })).toBe('b');
  });
});

describe('a file', () => {
  const place = (sandbox: TestSandbox, length: number) =>
    call<{ upload_url: string; file_id: string }>(sandbox, 'files.getUploadURLExternal', { filename: 'a.md', length });

  async function upload(sandbox: TestSandbox, text: string, given: Record<string, unknown> = {}): Promise<string> {
    const { upload_url, file_id: id } = await place(sandbox, text.length);
    await fetch(upload_url, { method: 'POST', headers: { 'content-type': 'application/octet-stream' }, body: text });
    await call(sandbox, 'files.completeUploadExternal', { files: [{ id, title: 'A' }], ...given });
    return id;
  }

  it('is none until it is completed', async () => {
    await using sandbox = await openSandbox();
    const { file_id: id, upload_url } = await place(sandbox, 5);

    expect(await call(sandbox, 'files.completeUploadExternal', { files: [{ id }] })).toMatchObject({
      error: 'file_not_found',
    });
    expect((await fetch(upload_url, { method: 'POST', body: 'four' })).status).toBe(400);
    expect((await fetch(`${upload_url}0`, { method: 'POST', body: 'five!' })).status).toBe(404);
    expect((await fetch(upload_url, { method: 'POST', body: 'five!' })).status).toBe(200);
    expect(await sandbox.created()).toEqual([]);
    expect(await call(sandbox, 'files.completeUploadExternal', { files: [{ id }] })).toMatchObject({ ok: true });
    expect(await call(sandbox, 'files.completeUploadExternal', { files: [{ id }] })).toMatchObject({ ok: false });
    expect(await sandbox.created()).toMatchObject([{ kind: 'file', id, data: { title: 'a.md', channel: null } }]);
  });

  it('is shared in a channel by a message that goes with it', async () => {
    await using sandbox = await openSandbox();

    const id = await upload(sandbox, '# A', { channel_id: GENERAL });

    expect((await history(sandbox)).messages).toMatchObject([{ files: [{ id, title: 'A' }] }]);
    expect(await call(sandbox, 'files.info', { file: id })).toMatchObject({
      file: { id, size: 3, channels: [GENERAL] },
    });
    await call(sandbox, 'files.delete', { file: id });
    expect((await history(sandbox)).messages).toEqual([]);
    expect(await sandbox.created()).toMatchObject([
      { kind: 'file', deletedAt: expect.any(String), data: { content: '# A' } },
    ]);
  });

  it('is listed newest first, page by page', async () => {
    await using sandbox = await openSandbox();
    const ids = [await upload(sandbox, 'a'), await upload(sandbox, 'b', { channel_id: GENERAL })];
    const list = async (given: Record<string, unknown>) =>
      await call<{ files: { id: string }[]; paging: unknown }>(sandbox, 'files.list', given);

    expect(await list({ count: 1 })).toMatchObject({ files: [{ id: ids[1] }], paging: { total: 2, pages: 2 } });
    expect(await list({ count: 1, page: 2 })).toMatchObject({ files: [{ id: ids[0] }] });
    expect((await list({ channel: GENERAL })).files).toHaveLength(1);
    expect((await list({ ts_from: Date.now() / 1_000 + 60 })).files).toEqual([]);
  });
});

describe.runIf(contractsPresent)(`Slack's own description${contractsNote}`, () => {
  it('has the answers as they are', async () => {
    await using sandbox = await openSandbox();
    const contract = await loadContract('slack.json', '/api');
    const expectReply = async (operation: string, method: string, given: Record<string, unknown>) => {
      const reply = await call(sandbox, method, given);
      expect(contract.replyFaults(operation, 200, reply), JSON.stringify(reply)).toEqual([]);
      return reply;
    };
    const { ts } = await expectReply('chat_postMessage', 'chat.postMessage', { channel: GENERAL, text: 'x' });

    await expectReply('conversations_list', 'conversations.list', {});
    await expectReply('conversations_info', 'conversations.info', { channel: GENERAL });
    await expectReply('conversations_history', 'conversations.history', { channel: GENERAL });
    await expectReply('chat_update', 'chat.update', { channel: GENERAL, ts, text: 'y' });
    await expectReply('chat_delete', 'chat.delete', { channel: GENERAL, ts });
    await expectReply('auth_test', 'auth.test', {});
  });
});
