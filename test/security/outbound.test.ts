// The outbound guard against a server that nobody may reach: it listens on loopback and must see no connection.
import { once } from 'node:events';
import { createServer, type Server } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureError, type Failure } from '../../src/kernel/index.ts';
import { createHttp } from '../../src/tools/http.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { createOutboundGuard, type OutboundOptions } from '../../src/tools/outbound-guard.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import { openNameServer } from './a-name-server.ts';
import { anInvocation } from '../tools/an-invocation.ts';
import { answerJson, startVendor } from '../tools/vendor-server.ts';

let canary: Server;
let hits = 0;
let port = 0;

beforeAll(async () => {
  canary = createServer((socket) => {
    hits += 1;
    socket.on('error', () => socket.destroy()).resume();
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n');
  });
  // Every address of the machine, whatever form it is called by.
  canary.listen(0);
  await once(canary, 'listening');
  const address = canary.address();
  if (address === null || typeof address === 'string') throw new Error('No TCP address');
  port = address.port;
});

afterAll(async () => {
  canary.close();
  await once(canary, 'close');
});

async function get(url: string, options: OutboundOptions = {}, redirects = 0): Promise<Failure | 'reached'> {
  const registry = createRegistry(
    [createHttp(createOutboundGuard(options))],
    new Map([['http', { state: 'internal' }]]),
  );
  const outcome = await registry.invoke(anInvocation({ tool: 'http', action: 'get', args: { url, redirects } }));
  return outcome.ok ? 'reached' : outcome.error;
}

/** A resolver that knows these names alone, and counts its questions. */
function resolverOf(names: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const resolve = (name: string): Promise<readonly string[]> => {
    asked.push(name);
    return Promise.resolve(names[name] ?? []);
  };
  return { asked, resolve };
}

const refusal = { code: 'OUTBOUND_REFUSED', kind: 'refused', retryable: false, unknown: false };

describe('the canary', () => {
  it('hears whoever is let through', async () => {
    const before = hits;
    expect(await get(`http://127.0.0.1:${port}/`, { allow: [`127.0.0.1:${port}`] })).toBe('reached');
    expect(hits).toBe(before + 1);
  });
});

describe('an address that is not public', () => {
  it.each(
    `
      127.0.0.1 127.0.0.1. 127.1 127.0.1 2130706433 0x7f000001 0x7f.1 017700000001 0177.0.0.1 0 0.0.0.0
      %31%32%37.0.0.1 ①②⑦.0.0.1 １２７.0.0.1 127。0。0。1 127.000.000.001 [::1] [::] [0:0:0:0:0:0:0:1] [::ffff:127.0.0.1]
      [::ffff:7f00:1] [0:0:0:0:0:ffff:127.0.0.1] [::127.0.0.1] [64:ff9b::127.0.0.1] [2002:7f00:1::]
      [fe80::1] [fc00::1] [fd00:ec2::254] [ff02::1] localhost LOCALHOST localhost. lOcAlHoSt 10.0.0.1
      172.16.0.1 192.168.0.1 169.254.169.254 100.100.100.200 168.63.129.16 224.0.0.1 255.255.255.255
      192.0.0.192 0xA9FEA9FE 2852039166 0251.0376.0251.0376 0xa9.0xfe.0xa9.0xfe 169.254.43518 169.16689662 0xA9.254.0251.254
      127.00000.1 127.0x0.0x0.1 0x7F.0X0.0.0X01 0x7f.0.1 00177.0.0.1 0000000000000177.0.0.1 127.0.0.001 127.255.255.254 4294967295
      0x0 00 0.0 0x00000000 10.1 012.0.0.1 0xa000001 167772161 172.1048577 0xac.0x10.1 192.168.257 0xc0a80101 3232235777
      100.64.0.1 0x64.64.1 198.18.0.1 203.0.113.7 240.0.0.1 169.254.170.2 169.254.0.1
      [::ffff:0:127.0.0.1] [::ffff:169.254.169.254] [::ffff:a9fe:a9fe] [::FFFF:7F00:0001] [::7f00:1] [::0.0.0.0] [::ffff:0.0.0.0]
      [0000:0000:0000:0000:0000:0000:0000:0001] [0::1] [::0:1] [64:ff9b::a9fe:a9fe] [64:ff9b:1::7f00:1] [2002:a9fe:a9fe::]
      [2001:0:4136:e378:8000:63bf:3fff:fdd2] [100::1] [fec0::1] [fdff::1] [ff01::1] [2001:db8::7] [5f00::1] [3fff::1]
      ｌｏｃａｌｈｏｓｔ ⓛⓞⓒⓐⓛⓗⓞⓢⓣ lo%63alhost 127.0.0.1%2e ₁₂₇.0.0.1 127｡0｡0｡1 127．0．0．1
    `
      .trim()
      .split(/\s+/),
  )('is refused as %s', async (host) => {
    const before = hits;

    expect(await get(`http://${host}:${port}/`, { ports: [port] })).toMatchObject(refusal);
    expect(await get(`http://${host}/`)).toMatchObject(refusal);

    expect(hits).toBe(before);
  });

  it.each([
    'http://example.com@127.0.0.1:PORT/',
    'http://example.com:80@127.0.0.1:PORT/',
    'http://user:pass@127.0.0.1:PORT/',
    'http://127.0.0.1:PORT\\@example.com/',
    'http://127.0.0.1:PORT#@example.com/',
    'http://127.0.0.1:PORT?@example.com/',
    'http:127.0.0.1:PORT/',
    'http:\\\\127.0.0.1:PORT/',
    ' \thttp://127.0.0.1:PORT/\n',
    'ht\ntp://127.0.0.1:PORT/',
    'https://127.0.0.1:PORT/',
    'http://example.com%40127.0.0.1:PORT/',
    'http://127.0.0.1%00.example.com:PORT/',
    'http://127.0.0.1%2f.example.com:PORT/',
    'http://[fe80::1%25eth0]:PORT/',
    'http://[::1%25lo]:PORT/',
    'http://[::1%lo]:PORT/',
    'http://[::ffff:127.0.0.1%25lo]:PORT/',
    'http://0x7f000001:PORT@127.0.0.1:PORT/',
    'http://example.com:80#@127.0.0.1:PORT@127.0.0.1:PORT/',
    'http:///127.0.0.1:PORT/',
    'http:////127.0.0.1:PORT/',
    'HTTP://127.0.0.1:PORT/',
    'http://\u200b127.0.0.1:PORT/',
    'http://127.0.0.1\u00ad:PORT/',
    'http://127.0.0\u3002 1:PORT/',
    'http://a:b:c@127.0.0.1:PORT/',
    'http://@127.0.0.1:PORT/',
    'http://:@127.0.0.1:PORT/',
  ])('is refused behind the trick %j', async (trick) => {
    const before = hits;
    expect(await get(trick.replace('PORT', String(port)), { ports: [port] })).toMatchObject(refusal);
    expect(hits).toBe(before);
  });

  it.each([
    ['one', ['127.0.0.1']],
    ['one in IPv6', ['::1']],
    ['a mapped one', ['::ffff:127.0.0.1']],
    ['one among public ones', ['8.8.8.8', '127.0.0.1']],
    ['no address', ['localhost']],
  ])('is refused when a name stands for %s', async (_, addresses) => {
    const before = hits;
    const { resolve } = resolverOf({ 'inside.test': addresses });
    expect(await get(`http://inside.test:${port}/`, { ports: [port], resolve })).toMatchObject(refusal);
    expect(hits).toBe(before);
  });

  it.each([301, 302, 303, 307, 308])('is refused as the target of a %i', async (status) => {
    const before = hits;
    const location = `http://127.0.0.1:${port}/latest/meta-data`;
    await using outside = await startVendor(answerJson(status, {}, { location }));
    const { host } = new URL(outside.url);

    expect(await get(outside.url, { allow: [host], ports: [port] }, 3)).toMatchObject(refusal);

    expect(outside.received).toHaveLength(1);
    expect(hits).toBe(before);
  });

  it.each([
    'http://169.254.169.254/latest/meta-data/iam/security-credentials/',
    'http://metadata.google.internal/computeMetadata/v1/',
    'http://[fd00:ec2::254]/latest/meta-data/',
    'http://100.100.100.200/latest/meta-data/',
    '//127.0.0.1:PORT/',
    '\\\\127.0.0.1:PORT\\',
    'http://2130706433:PORT/',
    'http://[::ffff:7f00:1]:PORT/',
    'http://user@127.0.0.1:PORT/',
    'file:///etc/passwd',
    'gopher://127.0.0.1:PORT/',
    'ftp://127.0.0.1:PORT/',
    'data:text/plain,x',
    'javascript:alert(1)',
  ])('is refused as the target %s of a redirect', async (target) => {
    const before = hits;
    const location = target.replace('PORT', String(port));
    await using outside = await startVendor(answerJson(302, {}, { location }));
    const { resolve } = resolverOf({ 'metadata.google.internal': ['169.254.169.254'] });

    const options = { allow: [new URL(outside.url).host], ports: [port, 80], resolve };
    expect(await get(outside.url, options, 3)).toMatchObject(refusal);

    expect(outside.received).toHaveLength(1);
    expect(hits).toBe(before);
  });

  it('is refused at the end of several redirects, wherever they lead in between', async () => {
    const before = hits;
    await using last = await startVendor(answerJson(307, {}, { location: `http://127.1:${port}/` }));
    await using first = await startVendor(answerJson(308, {}, { location: `${last.url}/on` }));
    const allow = [first, last].map(({ url }) => new URL(url).host);

    expect(await get(first.url, { allow, ports: [port] }, 3)).toMatchObject(refusal);

    expect([first.received.length, last.received.length]).toEqual([1, 1]);
    expect(hits).toBe(before);
  });

  it('is refused when a name server changes its mind between the check and the next request', async () => {
    const before = hits;
    const meanings = ['8.8.8.8', '127.0.0.1'];
    await using names = await openNameServer(() => meanings.shift() ?? '127.0.0.1');
    const guard = createOutboundGuard({ ports: [port], resolve: async (name) => await names.resolver.resolve4(name) });

    // Where it connects to is what was checked: the name is not asked again.
    expect(await guard.check(`http://rebind.test:${port}/`)).toMatchObject({ address: '8.8.8.8' });
    await expect(guard.check(`http://rebind.test:${port}/`)).rejects.toThrow('not on the public internet');
    const options = { ports: [port], resolve: async (name: string) => await names.resolver.resolve4(name) };
    expect(await get(`http://rebind.test:${port}/`, options)).toMatchObject(refusal);

    expect(names.asked).toBe(3);
    expect(hits).toBe(before);
  });

  it('is refused as the second meaning of a name, on the way of a redirect', async () => {
    const before = hits;
    const meanings = [['8.8.8.8'], ['127.0.0.1']];
    const resolve = () => Promise.resolve(meanings.shift() ?? []);
    const guard = createOutboundGuard({ ports: [port], resolve });

    expect(await guard.check(`http://rebind.test:${port}/`)).toMatchObject({ address: '8.8.8.8' });
    await expect(guard.check(`http://rebind.test:${port}/`)).rejects.toThrow('not on the public internet');
    expect(hits).toBe(before);
  });
});

describe('a name', () => {
  it('is resolved once, and the connection goes where it was resolved to', async () => {
    await using inside = await startVendor(answerJson(200, {}));
    const host = `nowhere.invalid:${new URL(inside.url).port}`;
    const { asked, resolve } = resolverOf({ 'nowhere.invalid': ['127.0.0.1'] });

    expect(await get(`http://${host}/a`, { allow: [host], resolve })).toBe('reached');

    expect(asked).toEqual(['nowhere.invalid']);
    expect(inside.received).toMatchObject([{ path: '/a', headers: { host } }]);
  });

  it('that nobody knows may be known later', async () => {
    const unresolved = { code: 'OUTBOUND_UNRESOLVED', kind: 'theirs', retryable: true, unknown: false };
    const { resolve } = resolverOf({});
    expect(await get('http://nobody.test/', { resolve })).toMatchObject(unresolved);
    expect(await get('http://nobody.invalid/')).toMatchObject(unresolved);
  });
});

describe('a port', () => {
  it.each([22, 25, 5_432, 6_379, 8_080])('%i is refused although the host is public', async (other) => {
    expect(await get(`http://8.8.8.8:${other}/`)).toMatchObject(refusal);
  });

  it('is admitted only with the host it was allowed for', async () => {
    const before = hits;
    const allow = [`127.0.0.1:${port + 1}`, '127.0.0.1', `other.test:${port}`];
    expect(await get(`http://127.0.0.1:${port}/`, { allow })).toMatchObject(refusal);
    expect(hits).toBe(before);
  });

  it('need not be named for an allowed host on the usual ones', async () => {
    const { resolve } = resolverOf({ 'wiki.internal': ['10.0.0.7'] });
    const guard = createOutboundGuard({ allow: ['wiki.internal'], resolve });

    expect(await guard.check('https://Wiki.Internal./page')).toMatchObject({ address: '10.0.0.7' });
    await expect(guard.check('https://sub.wiki.internal/')).rejects.toThrow('cannot be reached');
    await expect(guard.check('https://wiki.internal:8443/')).rejects.toThrow('port 8443 is none of 80, 443');
  });
});

describe('credentials in an address', () => {
  it.each(['http://ann:secret@8.8.8.8/', 'https://ann@8.8.8.8/', 'https://:secret@8.8.8.8/'])(
    'are refused although the host is public: %s',
    async (url) => {
      await expect(createOutboundGuard().check(url)).rejects.toThrow('send them in a header');
    },
  );
});

describe('a scheme', () => {
  it.each([
    'file:///etc/passwd',
    'ftp://8.8.8.8/',
    'gopher://8.8.8.8/',
    'data:text/html,x',
    'javascript:alert(1)',
    'ws://8.8.8.8/',
    'wss://8.8.8.8/',
    'FILE:///etc/passwd',
    'file://localhost/etc/passwd',
    'file://8.8.8.8/share',
    'file:/etc/passwd',
    'gopher://127.0.0.1:6379/_FLUSHALL',
    'dict://127.0.0.1:11211/stats',
    'ldap://8.8.8.8/',
    'ldaps://8.8.8.8/',
    'sftp://8.8.8.8/',
    'tftp://8.8.8.8/x',
    'jar:http://8.8.8.8/a!/b',
    'blob:http://8.8.8.8/x',
    'view-source:http://8.8.8.8/',
    'about:blank',
    'unix:/var/run/docker.sock',
    'http+unix://%2Fvar%2Frun%2Fdocker.sock/v1',
    'netdoc:///etc/passwd',
    'php://filter/resource=x',
    'mailto:a@b.example',
    'x:8.8.8.8',
    'url:http://8.8.8.8/',
    'postgres://127.0.0.1/breakwater',
  ])('is refused when it is not HTTP: %s', async (url) => {
    expect(await get(url)).toMatchObject(refusal);
  });

  it.each(['', 'example.com', '//example.com', 'http://', 'http://[::1', 'http://exa mple.com/', 'http://a.b:99999/'])(
    'is missing in %j, which is no URL',
    async (url) => {
      await expect(createOutboundGuard().check(url)).rejects.toBeInstanceOf(FailureError);
    },
  );
});

describe('the sandbox', () => {
  it('serves made-up companies under their own names', async () => {
    await using sandbox = await openSandbox();
    const guard = createOutboundGuard({ sandboxUrl: sandbox.url });

    for (const url of ['https://tidewater.example/launch?x=1', 'http://Tidewater.EXAMPLE./launch?x=1']) {
      const { url: to, mappedFrom, address } = await guard.check(url);
      expect({ to: to.href, address }).toEqual({
        to: `${sandbox.url}/pages/tidewater/launch?x=1`,
        address: '127.0.0.1',
      });
      expect(mappedFrom?.hostname).toMatch(/^tidewater\.example\.?$/);
    }
    expect(await get('https://northquay.example/pricing', { sandboxUrl: sandbox.url })).toBe('reached');
    expect(await sandbox.calls('pages')).toMatchObject([{ path: '/northquay/pricing', status: 200 }]);
  });

  it('is admitted by its own address, and nothing else beside it', async () => {
    const before = hits;
    await using sandbox = await openSandbox();

    expect(await get(`${sandbox.url}/pages/harbor`, { sandboxUrl: sandbox.url })).toBe('reached');
    expect(await get(`http://127.0.0.1:${port}/`, { sandboxUrl: sandbox.url, ports: [port] })).toMatchObject(refusal);
    expect(await get(sandbox.url)).toMatchObject(refusal);

    expect(hits).toBe(before);
  });

  it.each(['/%2e%2e/%2e%2e/_ledger', '/../../_ledger', '/..%2f..%2f_ledger', '/%2e%2e%2f_ledger', '//_ledger'])(
    'is not left for its control routes by the path %s',
    async (path) => {
      await using sandbox = await openSandbox();
      const { url } = await createOutboundGuard({ sandboxUrl: sandbox.url }).check(`https://harbor.example${path}`);
      expect(url.href.startsWith(`${sandbox.url}/pages/harbor/`)).toBe(true);
    },
  );

  it.each(['https://a.b.example/', 'https://harbor.example:8443/', 'https://harbor.example.com/', 'https://example/'])(
    'does not stand in for %s',
    async (url) => {
      await using sandbox = await openSandbox();
      const { resolve } = resolverOf({});
      await expect(createOutboundGuard({ sandboxUrl: sandbox.url, resolve }).check(url)).rejects.toBeInstanceOf(
        FailureError,
      );
    },
  );
});
