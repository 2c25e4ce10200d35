// `npm run db:reset`: removes the embedded cluster of the data directory with everything in it. An external database is never touched.
import { loadConfig, readEnvironment } from '../src/config.ts';
import { BreakwaterError } from '../src/kernel/index.ts';
import { removeEmbeddedCluster } from '../src/postgres/index.ts';

const config = loadConfig(readEnvironment());
if (config.databaseUrl !== undefined) {
  console.error('DBOS_SYSTEM_DATABASE_URL is set: an external database is dropped by its owner, not by this script.');
  process.exitCode = 2;
} else {
  await reset(config.dataDir);
}

async function reset(dataDir: string): Promise<void> {
  try {
    await removeEmbeddedCluster(dataDir);
    console.error(`Removed the database under ${dataDir}; the next start makes a new one.`);
  } catch (error) {
    if (!(error instanceof BreakwaterError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
