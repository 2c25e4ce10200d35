// Pages in a real Chromium: what is read, what is refused, and that no page holds a call up. The sites are real servers on loopback.
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createSandbox } from '../../sandbox/index.ts';
import type { Failure, JsonObject, Outcome } from '../../src/kernel/index.ts';
import { CANCELLED } from '../../src/tools/attempt-limits.ts';
import type { Invocation } from '../../src/tools/attempt.ts';
import { launchChromium, shareBrowser, type SharedBrowser } from '../../src/tools/browser.ts';
import { createOutboundGuard } from '../../src/tools/outbound-guard.ts';
import { createPlaywright } from '../../src/tools/playwright.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import type { VisitLimits } from '../../src/tools/visit-page.ts';
import { until } from '../support/until.ts';
import { chromium, unlessSkipped } from './chromium.ts';
import { startVendor, type Received, type VendorServer } from './vendor-server.ts';

interface Site {
  readonly pages: Readonly<Record<string, string | ((response: ServerResponse, request: Received) => void)>>;
}

const shared = shareBrowser(() => launchChromium(chromium ?? {}));
afterAll(() => shared.close());

function startSite({ pages }: Site): Promise<VendorServer> {
  return startVendor((response, request) => {
    const page = pages[request.path];
    if (typeof page === 'function') return page(response, request);
    response.writeHead(page === undefined ? 404 : 200, { 'content-type': 'text/html; charset=utf-8' });
    response.end(page === undefined ? 'nothing' : `<!doctype html><title>A page</title><body>${page}</body>`);
  });
}

/** The tool, allowed to visit these addresses and what lies in the sandbox. */
function browseTo(
  sites: readonly string[],
  {
    sandboxUrl,
    limits,
    browser = shared,
  }: { sandboxUrl?: string; limits?: Partial<VisitLimits>; browser?: SharedBrowser } = {},
) {
  const guard = createOutboundGuard({ sandboxUrl, allow: sites.map((url) => new URL(url).host) });
  const tool = createPlaywright({ guard, browser, limits });
  const registry = createRegistry([tool], new Map([['playwright', { state: 'internal' }]]));
  return (
    action: 'scrape_page' | 'screenshot',
    args: JsonObject,
    { signal, heartbeatMs }: Pick<Invocation, 'signal' | 'heartbeatMs'> = {},
  ): Promise<Outcome> =>
    registry.invoke({
      tool: 'playwright',
      action,
      args,
      key: 'a1'.repeat(20),
      suspect: false,
      timeoutMs: 25_000,
      tenant: 'acme',
      runId: 'run_1',
      signal,
      heartbeatMs,
    });
}

function valueOf(outcome: Outcome): unknown {
  if (!outcome.ok) throw new Error(`${outcome.error.code}: ${outcome.error.message}`);
  return outcome.value;
}

function failureIn(outcome: Outcome): Failure {
  if (outcome.ok) throw new Error('The call succeeded');
  return outcome.error;
}

describe.skipIf(!chromium)(`scrape_page${unlessSkipped}`, () => {
  it('reads title, text, links and what stands at selectors, after the scripts of the page ran', async () => {
    await using site = await startSite({
      pages: {
        '/': `<p class="price">€ 10</p><p class="price">€ 20</p><b id="name">x</b><a href="/about">About us</a>
              <script>document.getElementById('name').textContent = 'Tidewater'; alert('Hello'); confirm('Sure?')</script>`,
      },
    });
    const browse = browseTo([site.url]);

    const outcome = await browse('scrape_page', {
      url: `${site.url}/`,
      selectors: { prices: '.price', name: '#name', missing: '.none' },
    });

    expect(valueOf(outcome)).toEqual({
      url: `${site.url}/`,
      title: 'A page',
      text: expect.stringMatching(/€ 10\s+€ 20\s+Tidewater\s*About us/),
      links: [{ text: 'About us', url: `${site.url}/about` }],
      data: { prices: ['€ 10', '€ 20'], name: 'Tidewater', missing: null },
    });
  });

  it('waits for what a script adds later', async () => {
    const script = `fetch('/more').then((r) => r.text()).then((t) => { document.body.innerHTML += '<i class="late">' + t + '</i>' })`;
    await using site = await startSite({
      pages: { '/': `<script>${script}</script>`, '/more': (response) => response.end('here') },
    });
    const browse = browseTo([site.url]);

    const outcome = await browse('scrape_page', { url: site.url, wait_for: '.late', selectors: { late: '.late' } });

    expect(valueOf(outcome)).toMatchObject({ data: { late: 'here' } });
  });

  it('says what did not appear', async () => {
    await using site = await startSite({ pages: { '/': 'empty' } });
    const browse = browseTo([site.url], { limits: { waitMs: 200 } });

    const failed = failureIn(await browse('scrape_page', { url: site.url, wait_for: '.late' }));

    expect(failed).toMatchObject({ code: 'PLAYWRIGHT_NOT_THERE', kind: 'timeout', retryable: true, unknown: false });
    expect(failed.message).toContain('".late"');
  });

  it('refuses what is no selector before it visits anything', async () => {
    await using site = await startSite({ pages: { '/': 'empty' } });
    const browse = browseTo([site.url]);

    const failed = failureIn(await browse('scrape_page', { url: site.url, selectors: { price: '..price' } }));

    expect(failed).toMatchObject({ code: 'PLAYWRIGHT_SELECTOR', kind: 'ours', retryable: false });
    expect(site.received).toEqual([]);
  });

  it('keeps as much text as was asked for', async () => {
    await using site = await startSite({ pages: { '/': 'x'.repeat(5_000) } });

    const outcome = await browseTo([site.url])('scrape_page', { url: site.url, max_chars: 100 });

    expect(valueOf(outcome)).toMatchObject({ text: 'x'.repeat(100) });
  });

  it('follows a redirect to where it may go, and tells where that is', async () => {
    await using site = await startSite({
      pages: { '/old': (response) => response.writeHead(301, { location: '/new' }).end(), '/new': 'moved' },
    });

    const outcome = await browseTo([site.url])('scrape_page', { url: `${site.url}/old` });

    expect(valueOf(outcome)).toMatchObject({ url: `${site.url}/new`, text: 'moved' });
  });

  it.each([
    [404, {}, { code: 'PLAYWRIGHT_404', kind: 'ours', retryable: false }],
    [429, { 'retry-after': '7' }, { code: 'PLAYWRIGHT_429', kind: 'rate_limit', retryAfterMs: 7_000 }],
    [503, {}, { code: 'PLAYWRIGHT_503', kind: 'theirs', retryable: true }],
  ])('fails with the status %i of a page', async (status, headers, expected) => {
    await using site = await startSite({ pages: { '/': (response) => response.writeHead(status, headers).end('no') } });

    expect(failureIn(await browseTo([site.url])('scrape_page', { url: site.url }))).toMatchObject(expected);
  });

  it('fails with the reason where nobody listens', async () => {
    const gone = await startSite({ pages: {} });
    await gone[Symbol.asyncDispose]();

    const failed = failureIn(await browseTo([gone.url])('scrape_page', { url: gone.url }));

    expect(failed).toMatchObject({ code: 'PLAYWRIGHT_UNREACHABLE', retryable: true });
  });

  it('fails on a download', async () => {
    const headers = { 'content-type': 'application/zip', 'content-disposition': 'attachment; filename="a.zip"' };
    await using site = await startSite({ pages: { '/': (response) => response.writeHead(200, headers).end('PK') } });

    const failed = failureIn(await browseTo([site.url])('scrape_page', { url: site.url }));

    expect(failed.code).toBe('PLAYWRIGHT_NO_PAGE');
  });

  it('reads the made-up companies of the sandbox under their own addresses', async () => {
    const sandbox = await createSandbox({ port: 0 });
    const browse = browseTo([], { sandboxUrl: sandbox.url });

    const outcome = await browse('scrape_page', {
      url: 'https://tidewater.example/pricing',
      selectors: { prices: '.price' },
    });
    await sandbox.close();

    const month = expect.stringMatching(/^\$\d+\/month$/);
    expect(valueOf(outcome)).toMatchObject({
      url: 'http://tidewater.example/pricing',
      data: { prices: [month, month, month] },
    });
  });
});

describe.skipIf(!chromium)(`a page that misbehaves${unlessSkipped}`, () => {
  it('does not reach a private address by a redirect', async () => {
    await using canary = await startSite({ pages: { '/': 'secret' } });
    await using site = await startSite({
      pages: { '/': (response) => response.writeHead(302, { location: canary.url }).end() },
    });

    const failed = failureIn(await browseTo([site.url])('scrape_page', { url: site.url }));

    expect(failed).toMatchObject({ code: 'OUTBOUND_REFUSED', kind: 'refused', retryable: false });
    expect(failed.message).toContain(new URL(canary.url).host);
    expect(canary.connections).toBe(0);
  });

  it('does not reach a private address from within, by whatever means, and is read all the same', async () => {
    await using canary = await startSite({ pages: { '/': 'secret' } });
    const { port } = new URL(canary.url);
    const tries = `
      <img src="${canary.url}/img"><iframe src="${canary.url}/frame"></iframe><link rel="preconnect" href="${canary.url}">
      <script>
        fetch('http://localhost:${port}/fetch', { mode: 'no-cors' }).catch(() => {});
        navigator.sendBeacon('${canary.url}/beacon', 'x');
        new WebSocket('ws://127.0.0.1:${port}/ws');
        window.open('${canary.url}/popup');
        new Worker(URL.createObjectURL(new Blob(['fetch("${canary.url}/worker", { mode: "no-cors" })'])));
      </script>`;
    await using site = await startSite({ pages: { '/': `fine ${tries}` } });

    const outcome = await browseTo([site.url])('scrape_page', { url: site.url });

    expect(valueOf(outcome)).toMatchObject({ text: 'fine' });
    expect(canary.connections).toBe(0);
  });

  it('is cut off when it is too large', async () => {
    let sent = 0;
    const endless = (response: ServerResponse) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      const fill = () => {
        while (sent < 50 * 1024 * 1024) {
          sent += 64 * 1024;
          if (!response.write(`<p>${'x'.repeat(64 * 1024)}</p>`)) return;
        }
        response.end();
      };
      response.on('drain', fill);
      fill();
    };
    await using site = await startSite({ pages: { '/': endless } });

    const failed = failureIn(await browseTo([site.url])('scrape_page', { url: site.url }));

    expect(failed).toMatchObject({ code: 'PLAYWRIGHT_TOO_LARGE', kind: 'theirs', retryable: false });
    expect(sent).toBeLessThan(30 * 1024 * 1024);
  });

  it('is cut off when it unpacks to too much', async () => {
    const bomb = gzipSync(`<p>${'x'.repeat(1_000)}</p>\n`.repeat(50_000));
    const headers = { 'content-type': 'text/html', 'content-encoding': 'gzip' };
    await using site = await startSite({ pages: { '/': (response) => response.writeHead(200, headers).end(bomb) } });

    const failed = failureIn(await browseTo([site.url])('scrape_page', { url: site.url }));

    expect(failed.code).toBe('PLAYWRIGHT_TOO_LARGE');
  });

  it.each([
    ['never answers', { '/': () => {} }],
    ['never ends its script', { '/': '<script>for (;;) {}</script>' }],
  ])('that %s is given up after its budget', async (_, pages) => {
    await using site = await startSite({ pages });
    const browse = browseTo([site.url], { limits: { budgetMs: 1_500 } });

    const failed = failureIn(await browse('scrape_page', { url: site.url }));

    expect(failed).toMatchObject({ code: 'PLAYWRIGHT_TIMEOUT', kind: 'timeout', retryable: true });
    expect(failed.message).toContain('1.5s');
  });

  it('is read as it stands when it never stops loading', async () => {
    await using site = await startSite({ pages: { '/': 'shown <img src="/slow">', '/slow': () => {} } });
    const browse = browseTo([site.url], { limits: { settleMs: 300 } });

    expect(valueOf(await browse('scrape_page', { url: site.url }))).toMatchObject({ text: 'shown' });
  });

  it('is refused requests beyond its number', async () => {
    const images = Array.from({ length: 20 }, (_, n) => `<img src="/${n}.png">`).join('');
    await using site = await startSite({ pages: { '/': images } });

    valueOf(await browseTo([site.url], { limits: { maxRequests: 5 } })('scrape_page', { url: site.url }));

    expect(site.received).toHaveLength(5);
  });

  it('that trickles in lives beyond its heartbeat, and one that hangs is STALLED', async () => {
    // Longer than a busy machine is silent, shorter than the whole page takes.
    const heartbeatMs = 2_000;
    const trickle = (response: ServerResponse): void => {
      const words = ['<p>slow', ' but', ' sure', ' and', ' whole', '</p>'];
      response.writeHead(200, { 'content-type': 'text/html' });
      const timer = setInterval(() => {
        const word = words.shift();
        if (word !== undefined) return void response.write(word);
        clearInterval(timer);
        response.end();
      }, heartbeatMs / 4);
    };
    await using site = await startSite({ pages: { '/': 'well', '/slow': trickle, '/hang': () => undefined } });
    const browse = browseTo([site.url]);
    // The browser's own start is no sign of the page's life.
    await browse('scrape_page', { url: site.url });

    const slow = await browse('scrape_page', { url: `${site.url}/slow` }, { heartbeatMs });
    const hanging = await browse('scrape_page', { url: `${site.url}/hang` }, { heartbeatMs });

    expect(valueOf(slow)).toMatchObject({ text: 'slow but sure and whole' });
    expect(failureIn(hanging)).toMatchObject({ code: 'STALLED', kind: 'timeout', retryable: true, unknown: false });
  });

  it('is left at once when the run stops, and the next page finds the browser well', async () => {
    let hangup: Promise<unknown> | undefined;
    await using site = await startSite({
      pages: {
        '/hang': (response) => {
          hangup = once(response, 'close');
        },
        '/': 'well',
      },
    });
    const browse = browseTo([site.url]);
    const stop = new AbortController();
    const leaving = browse('scrape_page', { url: `${site.url}/hang` }, { signal: stop.signal });
    await until(() => hangup !== undefined, { what: 'the page to be asked for' });

    const before = performance.now();
    stop.abort(CANCELLED);

    expect(failureIn(await leaving)).toMatchObject({ code: 'CANCELLED', kind: 'cancelled', unknown: false });
    await hangup;
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(valueOf(await browse('scrape_page', { url: site.url }))).toMatchObject({ text: 'well' });
  });
});

describe.skipIf(!chromium)(`a run that stops while the browser starts${unlessSkipped}`, () => {
  it('visits nothing', async () => {
    await using site = await startSite({ pages: { '/': 'never seen' } });
    const stop = new AbortController();
    const starting = shareBrowser(async () => {
      const started = await launchChromium(chromium ?? {});
      stop.abort(CANCELLED);
      return started;
    });
    const browse = browseTo([site.url], { browser: starting });

    const failed = failureIn(await browse('scrape_page', { url: site.url }, { signal: stop.signal }));
    await starting.close();

    expect(failed.code).toBe('CANCELLED');
    expect(site.received).toEqual([]);
  });
});

describe.skipIf(!chromium)(`screenshot${unlessSkipped}`, () => {
  const picture = z.object({ mime: z.string(), base64: z.base64() });

  async function shoot(page: string, args: JsonObject = {}) {
    await using site = await startSite({ pages: { '/': page } });
    const outcome = await browseTo([site.url])('screenshot', { url: site.url, ...args });
    const { mime, base64 } = picture.parse(valueOf(outcome));
    return { mime, base64, bytes: Buffer.from(base64, 'base64') };
  }

  /** https://www.w3.org/TR/png-3/#11IHDR */
  function sizeOf(png: Buffer) {
    expect(png.subarray(0, 8)).toEqual(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1'));
    return { width: png.readUInt32BE(16), height: png.readUInt32BE(20) };
  }

  const TALL = '<body style="margin:0"><div style="height:3000px;background:teal"></div>';

  it('is a PNG of the first screen, as wide as asked for', async () => {
    const { mime, bytes } = await shoot(TALL, { width: 400 });

    expect(mime).toBe('image/png');
    expect(sizeOf(bytes)).toEqual({ width: 400, height: 800 });
  });

  it('is a PNG of the whole page when asked for', async () => {
    expect(sizeOf((await shoot(TALL, { full_page: true })).bytes)).toEqual({ width: 1_280, height: 3_000 });
  });

  it('ends at 10,000 pixels', async () => {
    const endless = '<body style="margin:0"><div style="height:40000px"></div>';

    expect(sizeOf((await shoot(endless, { full_page: true })).bytes)).toEqual({ width: 1_280, height: 10_000 });
  });

  it('is a JPEG where a PNG would be over 512 KiB', async () => {
    const { mime, base64, bytes } = await shoot(noise(400));

    expect(mime).toBe('image/jpeg');
    expect(base64.length).toBeLessThanOrEqual(512 * 1024);
    expect(bytes.subarray(0, 3)).toEqual(Buffer.from([0xff, 0xd8, 0xff]));
  });

  it('is refused with a remedy where even a JPEG is over 512 KiB', async () => {
    await using site = await startSite({ pages: { '/': noise(1_280) } });

    const failed = failureIn(await browseTo([site.url])('screenshot', { url: site.url, full_page: true }));

    expect(failed).toMatchObject({ code: 'PLAYWRIGHT_TOO_LARGE', kind: 'ours', retryable: false });
    expect(failed.message).toContain('leave out full_page');
  });

  // Nothing compresses random pixels.
  function noise(size: number): string {
    const seed = randomBytes(4).readUInt32BE();
    return `<canvas width=${size} height=${size}></canvas><script>
      const c = document.querySelector('canvas').getContext('2d'), i = c.createImageData(${size}, ${size});
      let s = ${seed};
      for (let n = 0; n < i.data.length; n++) i.data[n] = n % 4 === 3 ? 255 : (s = (s * 1664525 + 1013904223) >>> 0) >>> 24;
      c.putImageData(i, 0, 0);
    </script>`;
  }
});
