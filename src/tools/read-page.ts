// What a page says: its title, its text, its links and what stands at given selectors. Cut to bounds; a page says what it likes.
import type { Page } from 'playwright-core';
import { failure, FailureError, messageOf, type Failure } from '../kernel/index.ts';

export interface Wanted {
  /** CSS by the name under which what it finds is answered. */
  readonly selectors: Readonly<Record<string, string>>;
  readonly maxChars: number;
}

export interface PageText {
  readonly url: string;
  readonly title: string;
  readonly text: string;
  readonly links: readonly PageLink[];
  /** One text where one element was found, a list where there were several, null where there was none. */
  readonly data: Readonly<Record<string, string | string[] | null>>;
}

export interface PageLink {
  readonly text: string;
  readonly url: string;
}

const MAX_LINKS = 100;
const MAX_LINK_CHARS = 1_000;
const MAX_MATCHES = 50;
const MAX_MATCH_CHARS = 2_000;

export async function readPage(page: Page, { selectors, maxChars }: Wanted): Promise<PageText> {
  const text = await page.locator('body').innerText();
  return {
    url: page.url(),
    title: (await page.title()).slice(0, MAX_LINK_CHARS),
    text: text.trim().slice(0, maxChars),
    links: await linksOf(page),
    data: await textsAt(page, selectors),
  };
}

// The part of an anchor element that is read, here where there is no DOM. A page may redefine what its elements answer.
interface Anchor {
  readonly href: unknown;
  readonly innerText: unknown;
}

async function linksOf(page: Page): Promise<PageLink[]> {
  const found = await page
    .locator('a[href]')
    .evaluateAll((anchors: Anchor[], max) => anchors.slice(0, max).map((a) => [a.innerText, a.href]), MAX_LINKS);
  return found
    .map(([text, href]) => ({ text: cut(text, MAX_LINK_CHARS), url: cut(href, MAX_LINK_CHARS) }))
    .filter(({ url }) => /^https?:/.test(url));
}

async function textsAt(page: Page, selectors: Wanted['selectors']): Promise<PageText['data']> {
  const entries = Object.entries(selectors).map(async ([name, css]) => {
    const texts = await page.locator(`css=${css}`).allInnerTexts();
    return [name, oneOrMany(texts.slice(0, MAX_MATCHES).map((text) => cut(text, MAX_MATCH_CHARS)))] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

function oneOrMany(texts: string[]): string | string[] | null {
  const [first = null] = texts;
  return texts.length > 1 ? texts : first;
}

function cut(text: unknown, max: number): string {
  return typeof text === 'string' ? text.trim().slice(0, max) : '';
}

/** Refuses what is no CSS, before the page is loaded: on the blank page only the selector can be wrong. */
export async function checkSelectors(page: Page, selectors: readonly string[]): Promise<void> {
  for (const css of selectors) {
    await page
      .locator(`css=${css}`)
      .count()
      .catch((error: unknown) => {
        throw new FailureError(notCss(css, messageOf(error)), { cause: error });
      });
  }
}

function notCss(css: string, why: string): Failure {
  const [line] = why.split('\n');
  return failure('PLAYWRIGHT_SELECTOR', `"${css}" is no CSS selector: ${line}`);
}
