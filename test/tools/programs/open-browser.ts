// Opens the browser, says which process it is, and waits to be killed.
import { launchChromium } from '../../../src/tools/browser.ts';

const browser = await launchChromium({ named: process.argv[2] });
const session = await browser.newBrowserCDPSession();
const { processInfo } = await session.send('SystemInfo.getProcessInfo');
console.log(JSON.stringify({ pid: processInfo.find(({ type }) => type === 'browser')?.id }));
await new Promise(() => {});
