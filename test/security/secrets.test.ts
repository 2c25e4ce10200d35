// A secret goes where its author put it, to the hosts and by the tool that it is for, and comes back as its reference.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { secretPlaces, type Json, type JsonObject, type Outcome, type SecretPlace } from '../../src/kernel/index.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { createHttp } from '../../src/tools/http.ts';
import { createMemory } from '../../src/tools/memory.ts';
import { createOutboundGuard } from '../../src/tools/outbound-guard.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { openSecrets } from '../../src/tools/secrets.ts';
import { slack } from '../../src/tools/slack.ts';
import { anInvocation } from '../tools/an-invocation.ts';
import { answerJson, startVendor, type Respond, type VendorServer } from '../tools/vendor-server.ts';

const VALUE = 'hunter2/and "more"';

interface Entry {
  readonly value?: string;
  readonly prefix?: string;
  readonly tool?: string;
  readonly hosts: readonly string[];
  readonly tenant?: string;
}

function write(entries: Readonly<Record<string, Entry>>): string {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-secrets-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const file = join(folder, 'secrets.yaml');
  const named = Object.entries(entries).map(([name, entry]) => [name, { value: VALUE, tool: 'http', ...entry }]);
  writeFileSync(file, JSON.stringify(Object.fromEntries(named)));
  chmodSync(file, 0o600);
  return file;
}

interface Call {
  readonly tool?: string;
  readonly action?: string;
  readonly args: JsonObject;
  /** Default: wherever the arguments have a reference. */
  readonly secrets?: readonly SecretPlace[];
  readonly tenant?: string;
}

/** Tools that may go to these servers, with these secrets of the tenant acme. */
function client(entries: Readonly<Record<string, Entry>>, ...servers: readonly VendorServer[]) {
  const guard = createOutboundGuard({ allow: servers.map(({ url }) => new URL(url).host) });
  const noDatabase = () => {
    throw new TypeError('not asked in this test');
  };
  const tools = [createHttp(guard), slack, createMemory(noDatabase)];
  const env = { SLACK_BOT_TOKEN: 'xoxb-of-this-test', SLACK_BASE_URL: servers[0]?.url };
  const secrets = openSecrets({ file: write(entries), environment: {}, tools, defaultTenant: 'acme' });
  const registry = createRegistry(tools, connectTools(tools, env), { secrets });
  return async ({
    tool = 'http',
    action = 'request',
    args,
    secrets: places = secretPlaces(args),
    ...rest
  }: Call): Promise<Outcome> => await registry.invoke(anInvocation({ tool, action, args, secrets: places, ...rest }));
}

const to = (server: VendorServer): Entry => ({ hosts: [server.url] });
const post = (server: VendorServer, args: JsonObject, path = '/x') => ({
  url: `${server.url}${path}`,
  method: 'POST',
  ...args,
});

const refused = (message: string) => ({
  ok: false,
  error: {
    code: 'SECRET_REFUSED',
    kind: 'refused',
    retryable: false,
    unknown: false,
    message: expect.stringContaining(message),
  },
});

describe('a secret', () => {
  it('goes out in headers, in the query and as deep in a body as it stands, with its prefix', async () => {
    await using server = await startVendor(answerJson(200, {}));
    const call = client({ a: to(server), b: { ...to(server), value: 'bearer-token', prefix: 'Bearer ' } }, server);

    const reference = 'secret://a';
    await call({
      args: post(server, {
        headers: { Authorization: 'secret://b' },
        query: { q: reference },
        json: { a: [reference] },
      }),
    });
    await call({ action: 'get', args: { url: `${server.url}/y?z=1`, query: { q: reference } } });

    const query = new URLSearchParams({ q: VALUE }).toString();
    expect(server.received).toMatchObject([
      { path: `/x?${query}`, headers: { authorization: 'Bearer bearer-token' }, body: { a: [VALUE] } },
      { path: `/y?z=1&${query}` },
    ]);
  });

  it('comes back as its reference, in what is answered and in why it failed', async () => {
    const echo: Respond = (response, { headers, path }) =>
      answerJson(path === '/ok' ? 200 : 400, { message: `no: ${String(headers['x-token'])}`, [VALUE]: 1 })(response, {
        method: '',
        path,
        headers,
        body: 0,
      });
    await using server = await startVendor(echo);
    const call = client({ a: to(server) }, server);
    const args = { headers: { 'x-token': 'secret://a' } };

    const answered = await call({ args: post(server, args, '/ok') });
    const failed = await call({ args: post(server, args, '/no') });

    expect(answered).toMatchObject({ ok: true, value: { body: { message: 'no: secret://a', 'secret://a': 1 } } });
    expect(failed).toMatchObject({ error: { message: expect.stringContaining('no: secret://a') } });
  });

  it('leaves no half of it where a message is cut', async () => {
    let before = 270;
    const echo: Respond = (...exchange) => answerJson(400, { message: `${'x'.repeat(before)}${VALUE}` })(...exchange);
    await using server = await startVendor(echo);
    const call = client({ a: to(server) }, server);
    for (; before <= 300; before += 1) {
      const failed = await call({ args: post(server, { headers: { t: 'secret://a' } }) });

      expect(JSON.stringify(failed)).not.toContain(VALUE.slice(0, 4));
    }
  });

  it('is worth nothing where it came from an input', async () => {
    await using server = await startVendor(answerJson(200, {}));
    const call = client({ a: to(server), b: to(server) }, server);
    const written = [{ path: ['headers', 'x-a'], name: 'a' }];
    const headers = { 'x-a': 'secret://a' };

    const outcomes = [
      await call({ args: post(server, { headers }), secrets: [] }),
      await call({ args: post(server, { headers, json: { a: 'secret://a' } }), secrets: written }),
      await call({ args: post(server, { headers: { 'x-a': 'secret://b' } }), secrets: written }),
      await call({ args: post(server, { headers: { 'x-b': 'secret://a' } }), secrets: written }),
    ];

    for (const outcome of outcomes) expect(outcome).toMatchObject(refused('came from an input or an answer'));
    expect(server.received).toEqual([]);
  });

  it('is no secret inside a longer text', async () => {
    await using server = await startVendor(answerJson(200, {}));

    await client({ a: to(server) }, server)({ args: post(server, { json: { text: 'see secret://a' } }) });

    expect(server.received).toMatchObject([{ body: { text: 'see secret://a' } }]);
  });

  it('is refused to another tool, to another tenant, and where it is not sent', async () => {
    await using server = await startVendor(answerJson(200, { ok: true }));
    const call = client({ a: to(server), theirs: { ...to(server), tenant: 'beta' } }, server);
    const message = { channel: 'C1', text: 'secret://a' };

    expect(await call({ tool: 'slack', action: 'send_message', args: message })).toMatchObject(
      refused('is for the tool "http"'),
    );
    expect(await call({ args: post(server, { text: 'secret://theirs' }) })).toMatchObject(refused('is not known'));
    expect(await call({ args: post(server, { text: 'secret://a' }), tenant: 'beta' })).toMatchObject(
      refused('is not known'),
    );
    expect(await call({ args: { url: 'secret://a', method: 'POST' } })).toMatchObject(refused('cannot be sent there'));
    const remember = { tool: 'memory', action: 'remember', args: { text: 'secret://a' } };
    expect(await call(remember)).toMatchObject(refused('cannot be sent there'));
    expect(server.received).toEqual([]);
  });

  it('is refused to hosts that it is not for, though others get theirs', async () => {
    await using server = await startVendor(answerJson(200, {}));
    const elsewhere = { hosts: ['api.partner.example', 'https://127.0.0.1'] };
    const call = client({ a: elsewhere, b: to(server) }, server);

    const outcome = await call({ args: post(server, { headers: { a: 'secret://a', b: 'secret://b' } }) });

    expect(outcome).toMatchObject(
      refused(`secret://a may go to https://api.partner.example or https://127.0.0.1, not to ${server.url}`),
    );
    expect(server.received).toEqual([]);
  });

  it.each([301, 302, 303, 307, 308])('is not carried on to another host by a %i', async (status) => {
    await using other = await startVendor(answerJson(200, {}));
    const headers = { location: `${other.url}/here` };
    await using server = await startVendor((response) => response.writeHead(status, headers).end());
    const call = client({ a: to(server) }, server, other);

    const outcome = await call({ args: post(server, { json: { a: 'secret://a' }, redirects: 3 }) });

    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'SECRET_REFUSED', message: expect.stringContaining(`not to ${other.url}`) },
    });
    expect(server.received).toHaveLength(1);
    expect(other.received).toEqual([]);
  });

  it('goes to the vendor of its tool, if that is one of its hosts', async () => {
    await using server = await startVendor(answerJson(200, { ok: true, channel: 'C1', ts: '1.1' }));
    const own = { tool: 'slack', ...to(server) };
    const call = client({ own, lost: { tool: 'slack', hosts: ['slack.com'] } }, server);
    const send = async (text: string) =>
      await call({ tool: 'slack', action: 'send_message', args: { channel: 'C1', text } });

    expect(await send('secret://lost')).toMatchObject(refused('secret://lost may go to https://slack.com'));
    expect(server.received).toEqual([]);
    await send('secret://own');

    expect(JSON.stringify(server.received)).toContain(JSON.stringify(VALUE).slice(1, -1));
  });

  it('hides the credentials of tools as well, in answers too', async () => {
    await using server = await startVendor(answerJson(200, { text: 'Bearer xoxb-of-this-test' }));

    const outcome = await client({}, server)({ args: post(server, {}) });

    expect(outcome).toMatchObject({ ok: true, value: { body: { text: '[redacted]' } } });
  });
});

describe('arguments', () => {
  const text = fc.oneof(fc.constantFrom('secret://a', 'secret://b', 'secret://', 'plain'), fc.string());
  const { json } = fc.letrec<{ json: Json }>((tie) => ({
    json: fc.oneof(
      { maxDepth: 3 },
      text,
      fc.integer(),
      fc.array(tie('json'), { maxLength: 3 }),
      fc.dictionary(fc.stringMatching(/^[a-z]{1,3}$/), tie('json'), { maxKeys: 3 }),
    ),
  }));

  it('are sent with a secret at every place that was written, or not at all', async () => {
    await using server = await startVendor(answerJson(200, {}));
    const call = client({ a: to(server), b: to(server) }, server);

    await fc.assert(
      fc.asyncProperty(json, fc.boolean(), async (body, forget) => {
        const before = server.received.length;
        const args = post(server, { json: body });
        const places = secretPlaces(args);
        const outcome = await call({ args, secrets: forget ? places.slice(1) : places });

        const sent = JSON.stringify(server.received.slice(before)[0]?.body ?? null);
        if (forget && places.length > 0) expect(outcome.ok || server.received.length > before).toBe(false);
        else expect(sent.split(JSON.stringify(VALUE)).length - 1).toBe(places.length);
      }),
      { numRuns: 60 },
    );
  });
});
