// One visit to one page: a context of its own behind a proxy of its own, bounded in time, bytes and requests, and gone at the end.
import type { Browser, BrowserContext, Page, Response, Route } from 'playwright-core';
import { failure, FailureError, formatDuration, messageOf, type Failure } from '../kernel/index.ts';
import type { Slots } from '../resilience/index.ts';
import type { SharedBrowser } from './browser.ts';
import { failureOfStatus, parseRetryAfter, sentAtMs, type RequestFact } from './http-failure.ts';
import type { OutboundGuard } from './outbound-guard.ts';
import { openPageProxy, type PageProxy } from './page-proxy.ts';

export interface VisitLimits {
  /** For the whole visit, from the first request to the last thing read. */
  readonly budgetMs: number;
  /** All that the page loads, as it came over the wire, and once more as it was unpacked. */
  readonly maxBytes: number;
  /** Requests beyond these are not made; the page does without. */
  readonly maxRequests: number;
  /** A page that is still loading after this is read as it stands. */
  readonly settleMs: number;
  /** How long an element is waited for. */
  readonly waitMs: number;
}

export const VISIT_LIMITS: VisitLimits = {
  budgetMs: 20_000,
  maxBytes: 10 * 1024 * 1024,
  maxRequests: 300,
  settleMs: 5_000,
  waitMs: 10_000,
};

/** What visits are made with. */
export interface Visitor {
  readonly browser: SharedBrowser;
  readonly guard: OutboundGuard;
  /** How many pages at once. */
  readonly slots: Slots;
  readonly limits: VisitLimits;
}

export interface Visit<T> {
  readonly url: string;
  /** Ends the visit. */
  readonly signal: AbortSignal;
  /** Told of whatever the page loads. */
  heartbeat(): void;
  readonly width: number;
  readonly height: number;
  /** Done before anything is loaded, such as checking selectors. */
  prepare?(page: Page): Promise<void>;
  read(page: Page): Promise<T>;
}

/**
 * What `read` made of the page. Throws a FailureError for whatever the page, its servers or its limits did, and the signal's
 * reason when aborted.
 */
export async function visitPage<T>(visitor: Visitor, visit: Visit<T>): Promise<T> {
  const { browser, guard, slots, limits } = visitor;
  return await slots.run('normal', visit.signal, async () => {
    const end = limitVisit(visit.signal, limits);
    try {
      // What may not be visited costs no browser.
      await end.orAbort(guard.check(visit.url));
      return await browser.use(async (running) => await inContext(running, guard, visit, limits, end));
    } catch (error) {
      throw isPlaywrights(error, visit.signal) ? new FailureError(broken(visit.url, error), { cause: error }) : error;
    } finally {
      end.clear();
    }
  });
}

/** How a visit ends before its time; the first to say why is heard. */
interface End {
  now(why: Failure): void;
  /** The work's result, or at once the reason for which the visit ended. */
  orAbort<T>(work: Promise<T>): Promise<T>;
  clear(): void;
}

function limitVisit(outer: AbortSignal, { budgetMs }: VisitLimits): End {
  const ended = Promise.withResolvers<never>();
  const now = (why: Failure): void => ended.reject(new FailureError(why));
  const aborted = (): void => ended.reject(outer.reason);
  const timer = setTimeout(() => now(slow(budgetMs)), budgetMs);
  if (outer.aborted) aborted();
  outer.addEventListener('abort', aborted, { once: true });
  return {
    now,
    orAbort: (work) => Promise.race([work, ended.promise]),
    clear() {
      clearTimeout(timer);
      outer.removeEventListener('abort', aborted);
    },
  };
}

function slow(budgetMs: number): Failure {
  const message = `The page was not read within ${formatDuration(budgetMs)}`;
  return failure('PLAYWRIGHT_TIMEOUT', message, { kind: 'timeout', retryable: true });
}

async function inContext<T>(
  browser: Browser,
  guard: OutboundGuard,
  visit: Visit<T>,
  limits: VisitLimits,
  end: End,
): Promise<T> {
  await using proxy = await openPageProxy(guard, heard(visit, countBytes(visit.url, limits.maxBytes, end)));
  const context = await browser.newContext({
    proxy: { server: proxy.url },
    viewport: { width: visit.width, height: visit.height },
    serviceWorkers: 'block',
    acceptDownloads: false,
  });
  try {
    return await end.orAbort(walk(context, proxy, visit, limits, end));
  } finally {
    await context.close();
  }
}

function heard(visit: { heartbeat(): void }, count: (bytes: number) => void): (bytes: number) => void {
  return (bytes) => {
    visit.heartbeat();
    count(bytes);
  };
}

function countBytes(url: string, maxBytes: number, end: End): (count: number) => void {
  let left = maxBytes;
  return (count) => {
    left -= count;
    if (left < 0) end.now(tooLarge(url, maxBytes));
  };
}

function tooLarge(url: string, maxBytes: number): Failure {
  const message = `${placeOf(url)} loads more than ${maxBytes / 1024 / 1024} MiB; the visit was cut off`;
  return failure('PLAYWRIGHT_TOO_LARGE', message, { kind: 'theirs' });
}

async function walk<T>(
  context: BrowserContext,
  proxy: PageProxy,
  visit: Visit<T>,
  limits: VisitLimits,
  end: End,
): Promise<T> {
  const page = await context.newPage();
  page.on('requestfinished', () => visit.heartbeat());
  await visit.prepare?.(page);
  await narrow(context, page, visit.url, limits, end);
  await goTo(page, proxy, visit.url);
  await page.waitForLoadState('load', { timeout: limits.settleMs }).catch(unlessTimeout);
  return await visit.read(page);
}

// The page stays alone and loads no more than it may.
async function narrow(
  context: BrowserContext,
  page: Page,
  url: string,
  { maxBytes, maxRequests }: VisitLimits,
  end: End,
): Promise<void> {
  let requests = 0;
  await context.route('**/*', async (route) => {
    requests += 1;
    const passed = requests > maxRequests ? route.abort('blockedbyclient') : letThrough(route);
    await passed.catch((error: unknown) => end.now(broken(url, error)));
  });
  context.on('page', (popup) => void popup.close());
  page.on('crash', () => end.now(broken(url, new Error('it crashed'))));
  const unpacked = countBytes(url, maxBytes, end);
  const session = await context.newCDPSession(page);
  session.on('Network.dataReceived', ({ dataLength }) => unpacked(dataLength));
  await session.send('Network.enable');
}

/** Nobody but the sandbox answers in .example, and it speaks plain http. https://www.rfc-editor.org/rfc/rfc2606 */
const SECURE_EXAMPLE = /^https:(?=\/\/[a-z0-9-]+\.example(?:[/?#]|$))/;

async function letThrough(route: Route): Promise<void> {
  const url = route.request().url();
  if (!SECURE_EXAMPLE.test(url)) return await route.continue();
  await route.fulfill({ status: 307, headers: { location: url.replace(SECURE_EXAMPLE, 'http:') } });
}

// Playwright throws plain Errors, with a message and nothing else, for whatever a page or the browser did.
function isPlaywrights(error: unknown, signal: AbortSignal): error is Error {
  if (!(error instanceof Error) || error instanceof FailureError || error === signal.reason) return false;
  return !(error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError);
}

async function goTo(page: Page, proxy: PageProxy, url: string): Promise<void> {
  let last = url;
  page.on('request', (request) => {
    if (request.isNavigationRequest() && request.frame() === page.mainFrame()) last = request.url();
  });
  const response = await load(page, url).catch((error: unknown) => {
    throw new FailureError(proxy.failureAt(last) ?? broken(last, error), { cause: error });
  });
  const status = response?.status() ?? 200;
  if (status < 400) return;
  const headers = response?.headers() ?? {};
  const retryAfterMs = parseRetryAfter(headers['retry-after'], sentAtMs(headers));
  throw new FailureError(failureOfStatus(factOf(last), { status, retryAfterMs }));
}

async function load(page: Page, url: string): Promise<Response | null> {
  return await page.goto(url, { waitUntil: 'domcontentloaded', timeout: 0 });
}

// Only people read the message; its first line says the most.
function broken(url: string, error: unknown): Failure {
  const [line = ''] = messageOf(error).split('\n');
  const message = `${placeOf(url)} could not be read: ${line}`;
  return failure('PLAYWRIGHT_NO_PAGE', message, { kind: 'theirs', retryable: true });
}

function unlessTimeout(error: unknown): void {
  if (!isTimeout(error)) throw error;
}

export function isTimeout(error: unknown): boolean {
  return error instanceof Error && error.name === 'TimeoutError';
}

function factOf(url: string): RequestFact {
  return { tool: 'playwright', method: 'GET', path: placeOf(url), changes: false };
}

// Without the query: people put credentials there.
export function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
