// Slack's adapter against the double of its API.
import { describe, expect, it } from 'vitest';
import { newRunId, sha256 } from '../../src/kernel/index.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { slack } from '../../src/tools/slack.ts';
import { slackRefusalIn } from '../../src/tools/slack-refusal.ts';
import { anInvocation } from './an-invocation.ts';
import { KEY, openSandboxWorld, type Call } from './sandbox-world.ts';
import { answerJson, startVendor, type Respond } from './vendor-server.ts';

const REVIEWS = 'C01MKTREVIEW';
const send: Call = { action: 'send_message', args: { channel: 'marketing-reviews', text: 'Please review' } };
const upload: Call = {
  action: 'upload_file',
  args: { channel: '#marketing', filename: 'brief.md', content: '# Brief', title: 'Spring brief' },
};
const MARK = `[bw:${KEY.slice(0, 12)}]`;

const openWorld = () => openSandboxWorld(slack);

describe('send_message', () => {
  it.each(['marketing-reviews', '#marketing-reviews', REVIEWS])(
    'posts to %s and carries the key unseen',
    async (channel) => {
      await using world = await openWorld();

      const sent = await world.done({ ...send, args: { channel, text: 'Please review' } });

      expect(sent).toEqual({ channel: REVIEWS, ts: expect.stringMatching(/^\d{10}\.\d{6}$/) });
      const metadata = { event_type: 'breakwater_act', event_payload: { key: KEY } };
      expect(await world.standing()).toMatchObject([
        {
          kind: 'message',
          id: sent['ts'],
          data: { channel_name: 'marketing-reviews', text: 'Please review', metadata },
        },
      ]);
    },
  );

  it('posts blocks', async () => {
    await using world = await openWorld();
    const blocks = [{ type: 'section', text: { type: 'mrkdwn', text: '*Spring*' } }];

    await world.done({ ...send, args: { channel: REVIEWS, blocks } });

    expect(await world.standing()).toMatchObject([{ data: { blocks } }]);
  });

  it('posts one message when the answer is lost', async () => {
    await using world = await openWorld();
    await world.fault({ match: { path: '/api/chat.postMessage' }, fault: 'reset_after_effect', times: 1 });

    const first = await world.call(send);
    const second = await world.call({ ...send, suspect: true });

    expect(first).toMatchObject({ ok: false, error: { code: 'SLACK_NO_ANSWER', retryable: true, unknown: true } });
    const [message, ...others] = await world.created();
    expect(second).toEqual({ ok: true, value: { channel: REVIEWS, ts: message?.id } });
    expect(others).toEqual([]);
  });

  it('finds its message behind a hundred others, and takes no other for it', async () => {
    await using world = await openWorld();
    const sent = await world.done(send);
    for (let index = 0; index < 105; index += 1) await world.done({ ...send, key: sha256(String(index)) });

    expect(await world.probe(send)).toEqual({ found: 'effect', value: sent });
    expect(await world.probe({ ...send, key: sha256('another act') })).toEqual({ found: 'nothing' });
    expect(await world.probe({ ...send, args: { ...send.args, channel: 'general' } })).toEqual({ found: 'nothing' });
  });

  it('reads no message from before its run', async () => {
    await using world = await openWorld();
    const runId = newRunId(Date.now());

    await world.registry.invoke(anInvocation({ tool: 'slack', ...send, suspect: true, runId }));

    const history = (await world.calls()).find(({ path }) => path === '/api/conversations.history');
    const oldest = Number(history?.query['oldest']) * 1_000;
    expect(Date.now() - oldest).toBeGreaterThanOrEqual(10 * 60_000);
    expect(Date.now() - oldest).toBeLessThan(11 * 60_000);
    expect(await world.created()).toHaveLength(1);
  });

  it('says what helps when there is no such channel, and that nothing happened', async () => {
    await using world = await openWorld();

    expect(await world.call({ ...send, args: { channel: 'nowhere', text: 'x' } })).toMatchObject({
      ok: false,
      error: {
        code: 'SLACK_CHANNEL_NOT_FOUND',
        message: expect.stringMatching(/chat\.postMessage: channel_not_found \(is the name/),
        kind: 'ours',
        retryable: false,
        unknown: false,
      },
    });
    expect(await world.probe({ ...send, args: { channel: 'nowhere', text: 'x' } })).toEqual({ found: 'nothing' });
  });

  it.each([
    [{ channel: REVIEWS }, 'needs text or blocks'],
    [{ channel: 'U024BE7LH', text: 'x' }, 'is a person'],
    [{ channel: REVIEWS, text: '' }, '/text'],
    [{ channel: REVIEWS, text: 'x', colour: 'red' }, 'colour'],
  ])('refuses %j before anything is sent', async (args, message) => {
    await using world = await openWorld();

    expect(await world.call({ ...send, args })).toMatchObject({
      ok: false,
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining(message) },
    });
    expect(await world.calls()).toEqual([]);
  });

  it('keeps the wait that Slack asks for', async () => {
    await using world = await openWorld();
    await world.fault({ fault: 'status', status: 429, headers: { 'retry-after': '2' }, times: 1 });

    expect(await world.call(send)).toMatchObject({
      error: { code: 'SLACK_429', kind: 'rate_limit', retryable: true, retryAfterMs: 2_000, unknown: false },
    });
  });
});

describe('an answer with ok: false', () => {
  async function outcomeOf(respond: Respond) {
    await using vendor = await startVendor(respond);
    const registry = createRegistry(
      [slack],
      connectTools([slack], { SLACK_BOT_TOKEN: 'xoxb-secret-token', SLACK_BASE_URL: vendor.url }),
    );
    try {
      return await registry.invoke(anInvocation({ tool: 'slack', ...send }));
    } finally {
      await registry.close();
    }
  }

  it.each([
    ['ratelimited', 'rate_limit', true, false],
    ['internal_error', 'theirs', true, true],
    ['fatal_error', 'theirs', true, true],
    ['service_unavailable', 'theirs', true, true],
    ['not_in_channel', 'ours', false, false],
    ['invalid_auth', 'ours', false, false],
    ['a_word_nobody_knows', 'ours', false, false],
  ])('%s is %s', async (error, kind, retryable, unknown) => {
    expect(await outcomeOf(answerJson(200, { ok: false, error }))).toMatchObject({
      ok: false,
      error: { code: `SLACK_${error.toUpperCase()}`, kind, retryable, unknown },
    });
  });

  it('names the scope that is missing', () => {
    expect(slackRefusalIn({ ok: false, error: 'missing_scope', needed: 'chat:write' })?.reason).toBe(
      'missing_scope (give the app the scope chat:write and install it again)',
    );
  });

  it('waits as long as its header says', async () => {
    expect(await outcomeOf(answerJson(200, { ok: false, error: 'ratelimited' }, { 'retry-after': '3' }))).toMatchObject(
      {
        error: { retryAfterMs: 3_000 },
      },
    );
  });

  it('repeats no secret', async () => {
    const outcome = await outcomeOf(answerJson(200, { ok: false, error: 'xoxb-secret-token' }));
    expect(outcome).toHaveProperty('error.message', expect.stringContaining('[redacted]'));
  });

  it.each([[{ ok: 'no' }], ['<html>'], [[]], [null]])('is not seen in %j, which is malformed', async (body) => {
    expect(slackRefusalIn(body)).toBeUndefined();
    expect(await outcomeOf(answerJson(200, body))).toMatchObject({
      ok: false,
      error: { code: 'SLACK_MALFORMED', unknown: true },
    });
  });
});

describe('update_message', () => {
  it('replaces the content and leaves the key, so that the message is still found', async () => {
    await using world = await openWorld();
    const sent = await world.done(send);

    expect(await world.done({ action: 'update_message', args: { ...sent, text: 'Approved' } })).toEqual(sent);

    expect(await world.standing()).toMatchObject([{ id: sent['ts'], data: { text: 'Approved' } }]);
    expect(await world.probe(send)).toEqual({ found: 'effect', value: sent });
  });

  it('fails when the message is gone', async () => {
    await using world = await openWorld();
    const args = { channel: REVIEWS, ts: '1700000000.000001', text: 'x' };

    expect(await world.call({ action: 'update_message', args })).toMatchObject({
      error: { code: 'SLACK_MESSAGE_NOT_FOUND', retryable: false },
    });
  });
});

describe('delete_message', () => {
  it.each(['known', 'unknown'])('takes a message back whose outcome is %s, once or twice', async (outcome) => {
    await using world = await openWorld();
    const result = await world.done(send);
    const act = { ...send, undoAction: 'delete_message', ...(outcome === 'known' && { result }) };

    expect(await world.undo(act)).toEqual({ ok: true, value: { deleted: true } });
    expect(await world.undo(act)).toEqual({ ok: true, value: { deleted: false } });
    expect(await world.standing()).toEqual([]);
  });

  it.each(['marketing-reviews', 'nowhere'])('is content when nothing was posted in %s', async (channel) => {
    await using world = await openWorld();
    expect(await world.undo({ ...send, args: { channel, text: 'x' }, undoAction: 'delete_message' })).toEqual({
      ok: true,
      value: { deleted: false },
    });
  });

  it('leaves the messages of other acts', async () => {
    await using world = await openWorld();
    await world.done({ ...send, key: sha256('other') });

    await world.undo({ ...send, undoAction: 'delete_message' });

    expect(await world.standing()).toHaveLength(1);
  });
});

describe('upload_file', () => {
  it('uploads text and shares it in the channel', async () => {
    await using world = await openWorld();

    const uploaded = await world.done(upload);

    expect(uploaded).toMatchObject({ title: `Spring brief ${MARK}`, permalink: expect.stringMatching(/^http/) });
    expect(await world.standing()).toMatchObject([
      { kind: 'file', id: uploaded['id'], data: { name: 'brief.md', channel: 'C01MARKETING', content: '# Brief' } },
    ]);
  });

  it('uploads bytes as they are, whatever they look like', async () => {
    await using world = await openWorld();
    for (const bytes of [Buffer.from([0, 255, 128, 10]), Buffer.from('{"no": json'), Buffer.from('grün')]) {
      const args = { channel: 'general', filename: 'a.bin', content_base64: bytes.toString('base64') };
      await world.done({ action: 'upload_file', args, key: sha256(bytes.toString('hex')) });
    }
    expect((await world.standing()).map(({ data }) => data['size'])).toEqual([4, 11, 5]);
  });

  it('keeps credentials from the place that takes the bytes', async () => {
    await using world = await openWorld();

    await world.done(upload);

    const sent = (await world.calls()).find(({ path }) => path.startsWith('/upload/'));
    expect(sent?.headers).not.toHaveProperty('authorization');
  });

  it('sends bytes only where Slack takes them', async () => {
    const elsewhere = { ok: true, upload_url: 'http://127.0.0.1:9/upload', file_id: 'F1' };
    await using vendor = await startVendor(answerJson(200, elsewhere));
    const env = { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_BASE_URL: vendor.url };
    const registry = createRegistry([slack], connectTools([slack], env));

    const outcome = await registry.invoke(
      anInvocation({ tool: 'slack', action: 'upload_file', args: { ...upload.args, channel: REVIEWS } }),
    );
    await registry.close();

    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'SLACK_MALFORMED', message: expect.stringContaining("not one of the vendor's"), unknown: false },
    });
  });

  it.each(['/upload/v1', '/api/files.completeUploadExternal'])(
    'makes one file when the answer from %s is lost',
    async (path) => {
      await using world = await openWorld();
      await world.fault({ match: { path }, fault: 'reset_after_effect', times: 1 });

      const first = await world.call(upload);
      const second = await world.call({ ...upload, suspect: true });

      expect(first).toMatchObject({ ok: false, error: { code: 'SLACK_NO_ANSWER', retryable: true } });
      expect(second).toMatchObject({ ok: true, value: { title: `Spring brief ${MARK}` } });
      expect(await world.created()).toHaveLength(1);
    },
  );

  it('is not in doubt when only the bytes arrived: nobody sees them', async () => {
    await using world = await openWorld();
    await world.fault({ match: { path: '/api/files.completeUploadExternal' }, fault: 'status', status: 429, times: 1 });
    expect(await world.call(upload)).toMatchObject({ error: { code: 'SLACK_429', unknown: false } });
  });

  it('cuts a long title, not a character', async () => {
    await using world = await openWorld();
    const { title } = await world.done({ ...upload, args: { ...upload.args, title: `x${'🌱'.repeat(150)}` } });
    expect(title).toMatch(/^x🌱{90} \[bw:[0-9a-f]{12}\]$/u);
  });

  it('asks for one content', async () => {
    await using world = await openWorld();
    const { content: _, ...without } = upload.args;
    for (const args of [without, { ...upload.args, content_base64: 'eA==' }]) {
      expect(await world.call({ ...upload, args })).toMatchObject({ error: { code: 'INVALID_ARGUMENTS' } });
    }
  });
});

describe('delete_file', () => {
  it.each(['known', 'unknown'])('takes a file back whose outcome is %s, once or twice', async (outcome) => {
    await using world = await openWorld();
    const result = await world.done(upload);
    const act = { ...upload, undoAction: 'delete_file', ...(outcome === 'known' && { result }) };

    expect(await world.undo(act)).toEqual({ ok: true, value: { deleted: true } });
    expect(await world.undo(act)).toEqual({ ok: true, value: { deleted: false } });
    expect(await world.standing()).toEqual([]);
  });
});

describe('list_channels', () => {
  const list = (args: Call['args'] = {}): Call => ({ action: 'list_channels', args });

  it('names every public channel', async () => {
    await using world = await openWorld();
    const { channels } = await world.done(list());
    expect(channels).toEqual(
      [
        ['C01GENERAL01', 'general'],
        ['C01MARKETING', 'marketing'],
        [REVIEWS, 'marketing-reviews'],
      ].map(([id, name]) => ({ id, name, is_private: false, is_member: true })),
    );
  });

  it('stops at the limit', async () => {
    await using world = await openWorld();
    expect(await world.done(list({ limit: 2 }))).toMatchObject({
      channels: [{ name: 'general' }, { name: 'marketing' }],
    });
  });

  it('follows cursors to the end', async () => {
    const page = (name: string, next: string) => ({
      ok: true,
      channels: [{ id: `C0${name}`, name }],
      response_metadata: { next_cursor: next },
    });
    await using vendor = await startVendor((response, request) => {
      const body = request.path.includes('cursor=two') ? page('b', '') : page('a', 'two');
      answerJson(200, body)(response, request);
    });
    const registry = createRegistry(
      [slack],
      connectTools([slack], { SLACK_BOT_TOKEN: 'xoxb-1', SLACK_BASE_URL: `${vendor.url}/api/` }),
    );

    const outcome = await registry.invoke(anInvocation({ tool: 'slack', action: 'list_channels', args: {} }));
    await registry.close();

    expect(outcome).toMatchObject({ ok: true, value: { channels: [{ name: 'a' }, { name: 'b' }] } });
    expect(vendor.received.map(({ path }) => path.split('?')[0])).toEqual(Array(2).fill('/api/conversations.list'));
  });
});
