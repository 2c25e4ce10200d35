// Looks for a browser where there is none, and says what comes of it. Without Vite, which resolves optional packages its own way.
import { FailureError } from '../../../src/kernel/index.ts';
import { findChromium } from '../../../src/tools/find-chromium.ts';

try {
  console.log(JSON.stringify({ found: await findChromium({ places: [] }) }));
} catch (error) {
  if (!(error instanceof FailureError)) throw error;
  console.log(JSON.stringify(error.failure));
}
