// Looks for a browser where there is none, and says what comes of it. Without Vite, which resolves optional packages its own way.
import { FailureError } from '../../../src/kernel/index.ts';
import { findChromium } from '../../../src/tools/find-chromium.ts';

try {
  process.stdout.write(`${JSON.stringify({ found: await findChromium({ places: [] }) })}\n`);
} catch (error) {
  if (!(error instanceof FailureError)) throw error;
  process.stdout.write(`${JSON.stringify(error.failure)}\n`);
}
