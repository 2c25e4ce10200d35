// A process that opens the cluster of the data directory it is given, says what it got, and leaves on SIGTERM.
import { once } from 'node:events';
import { openEmbeddedCluster } from '../../../src/postgres/index.ts';

const [dataDir = ''] = process.argv.slice(2);
const { url, port, adopted, folder, stop } = await openEmbeddedCluster(dataDir);
process.stdout.write(`${JSON.stringify({ url, port, adopted, folder })}\n`);

const alive = setInterval(() => undefined, 60_000);
await once(process, 'SIGTERM');
clearInterval(alive);
process.stdout.write(`${JSON.stringify({ stopped: await stop() })}\n`);
