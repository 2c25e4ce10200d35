// The one browser process that all pages share: started when first used, closed when nobody used it for a while.
import type { Browser } from 'playwright-core';
import { failure, FailureError, messageOf } from '../kernel/index.ts';
import { BROWSER_REMEDY, findChromium, type ChromiumSearch } from './find-chromium.ts';

export interface SharedBrowser {
  /** Starts the browser if need be. It stays open at least until `work` has ended. */
  use<T>(work: (browser: Browser) => Promise<T>): Promise<T>;
  /** Ends the process, whoever uses it. The next use would start another. */
  close(): Promise<void>;
}

const IDLE_MS = 60_000;

export function shareBrowser(launch: () => Promise<Browser>, idleMs = IDLE_MS): SharedBrowser {
  let running: Promise<Browser> | undefined;
  let users = 0;
  let idle: NodeJS.Timeout | undefined;

  const forget = (gone: Promise<Browser>): void => {
    if (running === gone) running = undefined;
  };
  const start = (): Promise<Browser> => {
    const starting = launch();
    starting.then(
      (browser) => browser.once('disconnected', () => forget(starting)),
      () => forget(starting),
    );
    return starting;
  };
  const close = async (): Promise<void> => {
    clearTimeout(idle);
    const closing = running;
    running = undefined;
    const [started] = await Promise.allSettled([closing]);
    if (started.status === 'fulfilled') await started.value?.close();
  };
  return {
    async use(work) {
      clearTimeout(idle);
      users += 1;
      try {
        running ??= start();
        return await work(await running);
      } finally {
        users -= 1;
        // A process that has nothing else to do need not wait for this: Chromium ends with its parent.
        if (users === 0) idle = setTimeout(() => void close(), idleMs).unref();
      }
    },
    close,
  };
}

/** Where a page without a proxy of its own would be sent: nobody listens on port 9. */
const NOWHERE = 'http://127.0.0.1:9';

/** What playwright-core does not set by itself. Everything here narrows: no way to the network past a page's proxy. */
const FLAGS = [
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--force-webrtc-ip-handling-policy=disable_non_proxied_udp',
  '--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1',
  '--js-flags=--max-old-space-size=512',
];

const START_TIMEOUT_MS = 20_000;

/** A headless Chromium with a fresh profile. It ends with this process, however that ends: its pipe to us breaks. */
export async function launchChromium(search: ChromiumSearch): Promise<Browser> {
  const path = await findChromium(search);
  const { chromium } = await import('playwright-core');
  try {
    return await chromium.launch({
      executablePath: path,
      args: FLAGS,
      // Chromium's own sandbox refuses to work for root.
      chromiumSandbox: process.getuid?.() !== 0,
      proxy: { server: NOWHERE },
      timeout: START_TIMEOUT_MS,
      // Stopping is the app's to decide.
      handleSIGINT: false,
      handleSIGTERM: false,
      handleSIGHUP: false,
    });
  } catch (error) {
    const [why = ''] = messageOf(error).split('\n');
    const message = `playwright's browser ${path} does not start (${why}); if it never does: ${BROWSER_REMEDY}`;
    const rest = { kind: 'theirs', retryable: true } as const;
    throw new FailureError(failure('PLAYWRIGHT_NOT_STARTED', message, rest), { cause: error });
  }
}
