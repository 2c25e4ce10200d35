// Pages as people see them: a real Chromium reads a page's text or takes its picture. https://playwright.dev/docs/api/class-page
import type { Page } from 'playwright-core';
import { z } from 'zod';
import { failure, FailureError } from '../kernel/index.ts';
import { createSlots } from '../resilience/index.ts';
import type { SharedBrowser } from './browser.ts';
import { defineAction } from './define-action.ts';
import type { OutboundGuard } from './outbound-guard.ts';
import { checkSelectors, readPage } from './read-page.ts';
import { takePicture } from './take-picture.ts';
import type { Tool } from './tool.ts';
import { isTimeout, placeOf, visitPage, VISIT_LIMITS, type VisitLimits, type Visitor } from './visit-page.ts';

/** One Chromium bears few pages well; further calls wait. */
const MAX_PAGES = 4;
const DESKTOP = { width: 1_280, height: 800 } as const;

const url = z.string().min(1).max(8_192).describe('The whole address, http or https');
const css = z.string().min(1).max(1_000);

const scrapeInput = z.strictObject({
  url,
  selectors: z
    .record(z.string().min(1).max(100), css)
    .default({})
    .refine((selectors) => Object.keys(selectors).length <= 20, 'takes at most 20 selectors')
    .describe('CSS selectors by name; what they find is answered under these names in data'),
  wait_for: css.optional().describe('Wait until an element fits this CSS selector, for pages that fill in later'),
  max_chars: z.int().min(1).max(100_000).default(20_000).describe('How much of the text to keep'),
});
const text = z.string();
const scrapeOutput = z.object({
  url: z.string().describe('Where the page was in the end, after redirects'),
  title: text,
  text: text.describe('What a reader sees'),
  links: z.array(z.object({ text, url: z.string() })),
  data: z
    .record(z.string(), z.union([text, z.array(text), z.null()]))
    .describe('By the name of each selector: the text, a list where several elements fit, null where none does'),
});

function scrapePage(visitor: Visitor) {
  return defineAction({
    description:
      'Opens a page in a browser, scripts and all, and reads its text, its links and what stands at selectors.',
    input: scrapeInput,
    output: scrapeOutput,
    effect: false,
    keyedBy: 'none',
    async run({ signal, heartbeat }, { url: address, selectors, wait_for: awaited, max_chars: maxChars }) {
      return await visitPage(visitor, {
        url: address,
        signal,
        heartbeat,
        ...DESKTOP,
        prepare: (page) =>
          checkSelectors(page, [...Object.values(selectors), ...(awaited === undefined ? [] : [awaited])]),
        async read(page) {
          if (awaited !== undefined) await waitFor(page, awaited, visitor.limits.waitMs);
          return await readPage(page, { selectors, maxChars });
        },
      });
    },
  });
}

async function waitFor(page: Page, selector: string, timeout: number): Promise<void> {
  await page
    .locator(`css=${selector}`)
    .first()
    .waitFor({ state: 'attached', timeout })
    .catch((error: unknown) => {
      if (!isTimeout(error)) throw error;
      const message = `"${selector}" did not appear on ${placeOf(page.url())}`;
      const rest = { kind: 'timeout', retryable: true } as const;
      throw new FailureError(failure('PLAYWRIGHT_NOT_THERE', message, rest), { cause: error });
    });
}

const screenshotInput = z.strictObject({
  url,
  full_page: z.boolean().default(false).describe('All of the page (10,000 pixels at most), not just the first screen'),
  width: z.int().min(200).max(2_560).default(DESKTOP.width).describe('Of the window, in pixels'),
});
const screenshotOutput = z.object({
  url: z.string().describe('Where the page was in the end, after redirects'),
  title: text,
  mime: z.enum(['image/png', 'image/jpeg']).describe('JPEG where a PNG would be too large'),
  base64: z.string(),
});

function screenshot(visitor: Visitor) {
  return defineAction({
    description: 'Opens a page in a browser and takes its picture, at most 512 KiB of base64.',
    input: screenshotInput,
    output: screenshotOutput,
    effect: false,
    keyedBy: 'none',
    async run({ signal, heartbeat }, { url: address, full_page: fullPage, width }) {
      const { height } = DESKTOP;
      return await visitPage(visitor, {
        url: address,
        signal,
        heartbeat,
        width,
        height,
        read: (page) => takePicture(page, fullPage),
      });
    },
  });
}

export interface PlaywrightParts {
  readonly guard: OutboundGuard;
  /** Started by the first call, closed with the tool. */
  readonly browser: SharedBrowser;
  readonly limits?: Partial<VisitLimits>;
}

export function createPlaywright({ guard, browser, limits }: PlaywrightParts) {
  const visitor = { browser, guard, slots: createSlots(MAX_PAGES), limits: { ...VISIT_LIMITS, ...limits } };
  return {
    name: 'playwright',
    actions: { scrape_page: scrapePage(visitor), screenshot: screenshot(visitor) },
    close: browser.close,
  } satisfies Tool;
}
