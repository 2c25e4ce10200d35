// The life of the shared browser process, with a real one.
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { launchChromium, shareBrowser } from '../../src/tools/browser.ts';
import { Program } from '../support/program.ts';
import { until } from '../support/until.ts';
import { chromium, unlessSkipped } from './chromium.ts';

const launch = () => launchChromium(chromium ?? {});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return false;
    throw error;
  }
}

describe.skipIf(!chromium)(`the shared browser${unlessSkipped}`, () => {
  it('is one for all who use it at once', async () => {
    const browser = shareBrowser(launch);

    const [one, two] = await Promise.all([browser.use(async (used) => used), browser.use(async (used) => used)]);

    expect(one).toBe(two);
    await browser.close();
    expect(one.isConnected()).toBe(false);
  });

  it('ends when nobody used it for a while, and starts again for the next', async () => {
    const browser = shareBrowser(launch, 50);
    const first = await browser.use(async (used) => used);
    await until(() => !first.isConnected(), { what: 'the idle browser to end' });

    const second = await browser.use(async (used) => used.isConnected());

    expect(second).toBe(true);
    await browser.close();
  });

  it('does not end while it is used', async () => {
    const browser = shareBrowser(launch, 1);
    const first = await browser.use(async (used) => used);

    // A whole page, opened and closed, takes longer than the idle time.
    const connected = await browser.use(async (used) => {
      await (await used.newPage()).close();
      return used.isConnected();
    });

    expect(connected).toBe(true);
    await until(() => !first.isConnected(), { what: 'the idle browser to end' });
    await browser.close();
  });

  it('is started anew after it died', async () => {
    const browser = shareBrowser(launch);
    await browser.use(async (used) => await used.close());

    expect(await browser.use(async (used) => used.isConnected())).toBe(true);
    await browser.close();
  });

  it('is asked for again after a start that failed', async () => {
    let starts = 0;
    const browser = shareBrowser(async () => {
      starts += 1;
      if (starts === 1) throw new Error('no memory');
      return await launch();
    });
    await expect(browser.use(async (used) => used)).rejects.toThrow('no memory');

    expect(await browser.use(async (used) => used.isConnected())).toBe(true);
    await browser.close();
  });

  it('goes with a process that is killed', async () => {
    const program = new Program(
      join(import.meta.dirname, 'programs/open-browser.ts'),
      chromium?.named ? [chromium.named] : [],
    );
    const { pid } = await program.nextJson<{ pid: number }>();
    expect(isAlive(pid)).toBe(true);

    await program.end('SIGKILL');

    await until(() => !isAlive(pid), { what: 'the browser to end' });
  });
});
