// Requests as they really travel, and what every way of failing becomes.
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FailureError, type Failure } from '../../src/kernel/index.ts';
import { DEFAULT_HTTP_LIMITS, ToolClient, type HttpLimits, type ToolHttp } from '../../src/tools/http-client.ts';
import type { Refusal, Tool } from '../../src/tools/tool.ts';
import {
  answerHalf,
  answerJson,
  hangUp,
  startVendor,
  stayMute,
  type Respond,
  type VendorServer,
} from './vendor-server.ts';

const SECRET = 'tok_abcdef123456';
const thing = z.object({ id: z.string() });

const refusalIn = (body: unknown): Refusal | undefined =>
  refusal.safeParse(body).success ? { code: 'no', reason: 'it says no', kind: 'ours' } : undefined;
const refusal = z.object({ refused: z.literal(true) });

function createClient(
  baseUrl: string,
  limits?: Partial<HttpLimits>,
  refine?: NonNullable<Tool['vendor']>['failureOf'],
): ToolClient {
  const credentials = { names: ['ACME_TOKEN'], headers: () => ({ authorization: `Bearer ${SECRET}` }) };
  const tool: Tool = {
    name: 'acme',
    vendor: { baseUrl, credentials, refusalIn, ...(refine && { failureOf: refine }) },
    actions: {},
  };
  const headers = { authorization: `Bearer ${SECRET}`, 'x-api-version': '7' };
  const connection = {
    state: 'connected',
    baseUrl,
    headers,
    secrets: [SECRET],
    settings: {},
    sandboxed: false,
  } as const;
  return new ToolClient(tool, connection, { ...DEFAULT_HTTP_LIMITS, ...limits });
}

async function setup(respond: Respond, limits?: Partial<HttpLimits>) {
  const vendor = await startVendor(respond);
  const client = createClient(`${vendor.url}/base/`, limits);
  const controller = new AbortController();
  return {
    vendor,
    client,
    http: client.open(controller.signal),
    controller,
    async [Symbol.asyncDispose]() {
      await vendor[Symbol.asyncDispose]();
      await client.close();
    },
  };
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const error: unknown = await promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof FailureError)) throw new Error(`Expected a FailureError, got ${String(error)}`);
  return error.failure;
}

const post = (http: ToolHttp) => http.request('POST', ['things'], { json: { a: 1 }, expect: thing });
const get = (http: ToolHttp) => http.request('GET', ['things'], { expect: thing });

describe('a request', () => {
  it('carries method, encoded path, query, credentials and JSON', async () => {
    await using world = await setup(answerJson(201, { id: 'x' }));

    const made = await world.http.request('POST', ['things', 'a/b c?', 'ü'], {
      query: { page: 2, all: true, none: undefined },
      json: { name: 'n', absent: undefined },
      headers: { 'x-extra': 'yes' },
      expect: thing,
    });

    expect(made).toEqual({ id: 'x' });
    const [request] = world.vendor.received;
    expect(request).toMatchObject({
      method: 'POST',
      path: '/base/things/a%2Fb%20c%3F/%C3%BC?page=2&all=true',
      body: { name: 'n' },
    });
    expect(request?.headers).toMatchObject({
      authorization: `Bearer ${SECRET}`,
      'x-api-version': '7',
      'x-extra': 'yes',
      'content-type': 'application/json',
      accept: 'application/json',
      'user-agent': 'breakwater',
    });
  });

  it.each(['', '.', '..'])('refuses the path segment %j before anything is sent', async (segment) => {
    await using world = await setup(answerJson(200, { id: 'x' }));

    const failed = await failureOf(world.http.request('DELETE', ['things', segment, 'x'], { expect: z.unknown() }));

    expect(failed).toMatchObject({ code: 'INVALID_ARGUMENTS', retryable: false, unknown: false });
    expect(world.vendor.received).toEqual([]);
  });

  it('reuses connections', async () => {
    await using world = await setup(answerJson(200, { id: 'x' }));

    for (let count = 0; count < 20; count++) await get(world.http);

    expect(world.vendor.received).toHaveLength(20);
    expect(world.vendor.connections).toBeLessThan(5);
  });
});

describe('an answer outside 2xx', () => {
  it.each([
    [401, 'ours', false, false],
    [403, 'ours', false, false],
    [404, 'ours', false, false],
    [409, 'ours', false, false],
    [422, 'ours', false, false],
    [408, 'timeout', true, false],
    [429, 'rate_limit', true, false],
    [500, 'theirs', true, true],
    [503, 'theirs', true, true],
  ])('%i is %s, retryable: %s, unknown: %s', async (status, kind, retryable, unknown) => {
    await using world = await setup(answerJson(status, { message: 'no' }));
    const failed = await failureOf(post(world.http));
    expect(failed).toMatchObject({
      code: `ACME_${status}`,
      kind,
      retryable,
      unknown,
      message: expect.stringContaining(': no'),
    });
  });

  it('keeps the wait that Retry-After asks for', async () => {
    await using world = await setup(answerJson(429, {}, { 'retry-after': '3' }));
    expect((await failureOf(post(world.http))).retryAfterMs).toBe(3_000);
  });

  it('is a failure when it is a redirect, which is not followed', async () => {
    await using elsewhere = await startVendor(answerJson(200, { id: 'stolen' }));
    await using world = await setup((response) => response.writeHead(302, { location: elsewhere.url }).end());

    expect(await failureOf(get(world.http))).toMatchObject({ code: 'ACME_302', retryable: false });
    expect(elsewhere.received).toEqual([]);
  });

  it('never shows the credentials, even when the vendor echoes them', async () => {
    await using world = await setup(answerJson(400, { message: `bad header Bearer ${SECRET}` }));

    const failed = await failureOf(post(world.http));

    expect(failed.message).toContain('bad header Bearer [redacted]');
    expect(JSON.stringify(failed)).not.toContain(SECRET);
  });

  it('may be read differently by the tool', async () => {
    await using vendor = await startVendor(answerJson(409, {}));
    const client = createClient(vendor.url, {}, (status) => (status === 409 ? { retryable: true } : undefined));

    const failed = await failureOf(post(client.open(new AbortController().signal)));

    expect(failed).toMatchObject({ code: 'ACME_409', retryable: true });
    await client.close();
  });
});

describe('an answer that is not what was promised', () => {
  it("is the vendor's failure when it is not JSON", async () => {
    await using world = await setup((response) => response.end('<html>'));
    expect(await failureOf(post(world.http))).toMatchObject({ code: 'ACME_MALFORMED', retryable: true, unknown: true });
    expect(await failureOf(get(world.http))).toMatchObject({ code: 'ACME_MALFORMED', retryable: true, unknown: false });
  });

  it('names the member that does not fit, not its value', async () => {
    await using world = await setup(answerJson(200, { id: { private: 'diary' } }));

    const { message } = await failureOf(post(world.http));

    expect(message).toContain('id: ');
    expect(message).not.toContain('diary');
  });

  it('leaves the effect open when it is cut off', async () => {
    await using world = await setup(answerHalf);
    expect(await failureOf(post(world.http))).toMatchObject({ code: 'ACME_NO_ANSWER', retryable: true, unknown: true });
  });

  it('is refused when it is larger than the cap', async () => {
    await using world = await setup(answerJson(200, { id: 'x'.repeat(2_000) }), { maxAnswerBytes: 1_000 });
    expect(await failureOf(post(world.http))).toMatchObject({
      code: 'ACME_TOO_LARGE',
      retryable: false,
      unknown: true,
    });
  });
});

describe('no answer', () => {
  it('after the request was sent leaves the effect open', async () => {
    await using world = await setup(hangUp);
    expect(await failureOf(post(world.http))).toMatchObject({ code: 'ACME_NO_ANSWER', retryable: true, unknown: true });
    expect(world.vendor.received).toHaveLength(1);
  });

  it('from a closed port means that nothing was sent', async () => {
    const vendor = await startVendor(stayMute);
    await vendor[Symbol.asyncDispose]();
    const client = createClient(vendor.url);

    const failed = await failureOf(post(client.open(new AbortController().signal)));

    expect(failed).toMatchObject({ code: 'ACME_UNREACHABLE', kind: 'theirs', retryable: true, unknown: false });
    await client.close();
  });

  it('from an unknown host means that nothing was sent', async () => {
    const client = createClient('http://nowhere.invalid');
    const failed = await failureOf(post(client.open(new AbortController().signal)));
    expect(failed).toMatchObject({ code: 'ACME_UNREACHABLE', unknown: false });
    await client.close();
  });

  it('within the silence limit is a timeout', async () => {
    await using world = await setup(stayMute, { silenceTimeoutMs: 100 });
    expect(await failureOf(post(world.http))).toMatchObject({ code: 'ACME_NO_ANSWER', kind: 'timeout', unknown: true });
  });

  it('before an abort throws the reason of the abort', async () => {
    const reason = new Error('enough');
    const { promise, resolve } = Promise.withResolvers<void>();
    await using world = await setup(() => resolve());

    const answer = post(world.http);
    await promise;
    world.controller.abort(reason);

    await expect(answer).rejects.toBe(reason);
  });
});

describe('changed', () => {
  async function changedAfter(respond: Respond, act: (http: ToolHttp) => Promise<unknown>): Promise<boolean> {
    await using world = await setup(respond);
    await act(world.http).catch((error: unknown) => {
      if (!(error instanceof FailureError)) throw error;
    });
    return world.http.changed;
  }

  it('is false until a request may have changed something', async () => {
    expect(await changedAfter(answerJson(200, { id: 'x' }), get)).toBe(false);
    expect(await changedAfter(answerJson(422, {}), post)).toBe(false);
    expect(await changedAfter(answerJson(500, {}), get)).toBe(false);
    expect(
      await changedAfter(answerJson(200, { id: 'x' }), (http) =>
        http.request('POST', ['search'], { changes: false, expect: thing }),
      ),
    ).toBe(false);
  });

  it('is true after a write that was answered, or got no answer', async () => {
    expect(await changedAfter(answerJson(200, { id: 'x' }), post)).toBe(true);
    expect(await changedAfter(answerJson(200, { nothing: 'fits' }), post)).toBe(true);
    expect(await changedAfter(answerJson(502, {}), post)).toBe(true);
    expect(await changedAfter(hangUp, post)).toBe(true);
  });

  it.each([
    ['no answer', hangUp],
    ['a refusal in the answer', answerJson(200, { refused: true })],
  ])('stays true when what follows the write is only a read with %s', async (_, second) => {
    const respond: Respond = (response, request) =>
      (request.method === 'POST' ? answerJson(200, { id: 'x' }) : second)(response, request);

    const changed = await changedAfter(respond, async (http) => {
      await post(http);
      await get(http);
    });

    expect(changed).toBe(true);
  });
});

describe('signs of life', () => {
  const PART_BYTES = 64 * 1024;

  it('are every part of a large body that is sent, and every part of an answer', async () => {
    await using world = await setup(answerJson(200, { id: 'x' }));
    let beats = 0;
    const beat = () => {
      beats += 1;
    };
    const http = world.client.open(world.controller.signal, { beat });
    const json = { text: 'é'.repeat(2 * PART_BYTES) };

    await http.request('POST', ['things'], { json, expect: thing });

    const length = Buffer.byteLength(JSON.stringify(json));
    expect(world.vendor.received).toMatchObject([{ body: json, headers: { 'content-length': String(length) } }]);
    expect(beats).toBeGreaterThanOrEqual(Math.ceil(length / PART_BYTES) + 2);
  });
});

describe('find and remove', () => {
  async function with404(act: (http: ToolHttp) => Promise<unknown>): Promise<unknown> {
    await using world = await setup(answerJson(404, { message: 'Not Found' }));
    return await act(world.http);
  }
  const world200 = async (act: (http: ToolHttp, vendor: VendorServer) => Promise<unknown>) => {
    await using world = await setup((response) => response.writeHead(204).end());
    return await act(world.http, world.vendor);
  };

  it('find takes 404 for "not there"', async () => {
    expect(await with404((http) => http.find(['things', '1'], { expect: thing }))).toBeUndefined();
  });

  it('remove takes 404 for "nothing left"', async () => {
    expect(await with404((http) => http.remove(['things', '1']))).toBe(false);
    expect(await world200((http) => http.remove(['things', '1']))).toBe(true);
  });

  it('both fail on anything else', async () => {
    await using world = await setup(answerJson(403, {}));
    expect(await failureOf(world.http.find(['things'], { expect: thing }))).toMatchObject({ code: 'ACME_403' });
    expect(await failureOf(world.http.remove(['things']))).toMatchObject({ code: 'ACME_403' });
  });
});
