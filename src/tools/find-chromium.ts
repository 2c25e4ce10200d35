// Finds a Chromium to drive: the one that was named, one where systems put it, or the one that npm can bring.
import { existsSync, statSync } from 'node:fs';
import { failure, FailureError } from '../kernel/index.ts';

export interface ChromiumSearch {
  /** The path in BREAKWATER_CHROMIUM; then no other is looked for. */
  readonly named?: string;
  /** Where systems put it; first come, first taken. */
  readonly places?: readonly string[];
}

const USUAL_PLACES = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
  '/usr/bin/google-chrome-stable',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
];

/** The path of one. Throws a FailureError, PLAYWRIGHT_NO_BROWSER, that says how to get it. */
export async function findChromium({ named, places = USUAL_PLACES }: ChromiumSearch): Promise<string> {
  if (named !== undefined) {
    if (existsSync(named)) return named;
    throw noBrowser(`there is no ${named}, which BREAKWATER_CHROMIUM names`);
  }
  const path = places.find((place) => existsSync(place)) ?? (await fromPackage());
  if (path === undefined) throw noBrowser('no Chromium was found');
  return path;
}

// Its own flags are left out: they are made for a page one trusts, and turn the browser's protections off.
async function fromPackage(): Promise<string | undefined> {
  try {
    const { default: chromium } = await import('@sparticuz/chromium');
    const path = await chromium.executablePath();
    // It unpacks to a fixed name in the temporary folder, where others may have put theirs.
    if (statSync(path).uid === process.getuid?.()) return path;
    throw noBrowser(`${path} belongs to another user`);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ERR_MODULE_NOT_FOUND') return undefined;
    throw error;
  }
}

/** How to get a browser, as the end of a sentence. */
export const BROWSER_REMEDY =
  'run "apt-get install chromium" or "npm install @sparticuz/chromium", or set BREAKWATER_CHROMIUM to the path of one';

function noBrowser(why: string): FailureError {
  const message = `playwright has no browser: ${why}; ${BROWSER_REMEDY}`;
  return new FailureError(failure('PLAYWRIGHT_NO_BROWSER', message, { kind: 'refused' }));
}
