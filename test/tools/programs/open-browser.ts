// Opens the browser, says which process it is, and waits to be killed.
import { launchChromium } from '../../../src/tools/browser.ts';

const browser = await launchChromium({ named: process.argv[2] });
const session = await browser.newBrowserCDPSession();
const { processInfo } = await session.send('SystemInfo.getProcessInfo');
process.stdout.write(`${JSON.stringify({ pid: processInfo.find(({ type }) => type === 'browser')?.id })}\n`);
await new Promise(() => {});
