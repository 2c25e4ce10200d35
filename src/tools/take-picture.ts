// A picture of a page that fits into an outcome: PNG if it may, JPEG if it must.
import type { Page } from 'playwright-core';
import { failure, FailureError } from '../kernel/index.ts';
import { placeOf } from './visit-page.ts';

export interface Picture {
  readonly url: string;
  readonly title: string;
  readonly mime: 'image/png' | 'image/jpeg';
  readonly base64: string;
}

const MAX_BASE64_CHARS = 512 * 1024;
/** A page may be endless; nobody looks further down than this. */
const MAX_HEIGHT = 10_000;

const KINDS = [
  { mime: 'image/png', options: { type: 'png' } },
  { mime: 'image/jpeg', options: { type: 'jpeg', quality: 70 } },
] as const;

export async function takePicture(page: Page, fullPage: boolean): Promise<Picture> {
  const clip = { x: 0, y: 0, width: page.viewportSize()?.width ?? 0, height: MAX_HEIGHT };
  const shown = fullPage ? { fullPage, clip } : {};
  for (const { mime, options } of KINDS) {
    const picture = await page.screenshot({ ...options, ...shown, animations: 'disabled', timeout: 0 });
    const base64 = picture.toString('base64');
    if (base64.length <= MAX_BASE64_CHARS) return { url: page.url(), title: await page.title(), mime, base64 };
  }
  const remedy = fullPage ? 'leave out full_page or take a smaller width' : 'take a smaller width';
  const message = `The picture of ${placeOf(page.url())} is over 512 KiB even as JPEG; ${remedy}`;
  throw new FailureError(failure('PLAYWRIGHT_TOO_LARGE', message));
}
