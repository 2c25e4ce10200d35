// The dashboard in a real browser: signed in, with everything that the page complains of, and with axe to say what is wrong with it.
import axe from 'axe-core';
import { existsSync } from 'node:fs';
import { chromium, type Browser, type Page } from 'playwright-core';

/** Chromium, as .ci/run installs it, or CHROMIUM naming one; undefined where there is none. */
export const executablePath = [
  process.env['CHROMIUM'],
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
].find((path) => path !== undefined && existsSync(path));

export interface Look {
  readonly width?: number;
  readonly colorScheme?: 'light' | 'dark';
}

export interface Visit {
  readonly page: Page;
  /** What the console said, what did not load, what the policy of the page forbade. */
  readonly complaints: string[];
}

export async function openBrowser(): Promise<Browser> {
  return await chromium.launch({ executablePath, args: ['--no-sandbox'] });
}

/** The page at this path, signed in with this key. */
export async function visit(
  browser: Browser,
  url: string,
  key: string,
  { width = 1280, colorScheme = 'light' }: Look = {},
): Promise<Visit> {
  const page = await browser.newPage({ viewport: { width, height: width < 700 ? 844 : 900 }, colorScheme });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('dialog', (dialog) => {
    complaints.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('request', (request) => {
    if (!request.url().startsWith(new URL(url).origin)) complaints.push(`asked ${request.url()}`);
  });
  await page.exposeFunction('complain', (text: string) => complaints.push(text));
  await page.addInitScript(`
    sessionStorage.setItem('breakwater.key', ${JSON.stringify(key)});
    document.addEventListener('securitypolicyviolation', (event) => complain('policy: ' + event.violatedDirective + ' ' + event.blockedURI));
  `);
  await page.goto(url);
  return { page, complaints };
}

/** What axe finds wrong, by rule and place. */
export async function violationsOn(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  return await page.evaluate<string[]>(
    `axe.run().then(({ violations }) => violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => id + ': ' + html)))`,
  );
}

/** Is it wider than the screen? */
export async function isTooWide(page: Page): Promise<boolean> {
  return await page.evaluate('document.documentElement.scrollWidth > innerWidth');
}
