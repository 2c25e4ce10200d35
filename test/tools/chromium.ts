// Whether browser tests can run here: with the Chromium that CHROMIUM names or one of the system's; .ci/run installs it.
import type { ChromiumSearch } from '../../src/tools/find-chromium.ts';
import { findChromium } from '../../src/tools/find-chromium.ts';

const search: ChromiumSearch = { named: process.env.CHROMIUM };

/** Undefined where there is no browser. */
export const chromium: ChromiumSearch | undefined = await findChromium(search).then(
  () => search,
  () => undefined,
);

/** For the title of what is skipped without one. */
export const unlessSkipped = chromium ? '' : ' (skipped: no Chromium here; apt-get install chromium)';
