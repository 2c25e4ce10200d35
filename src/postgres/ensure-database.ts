// Sees to it that the database a URL names exists, creating it through the server's `postgres` database.
import { codeOf } from './error-code.ts';
import { explainConnectFailure } from './connect-failure.ts';
import { withSession } from './one-session.ts';
import { createDatabase } from './server-store.ts';

const NO_SUCH_DATABASE = '3D000';
/** Two processes create it at once: the loser meets one or the other. */
const ALREADY_THERE: ReadonlySet<string | undefined> = new Set(['42P04', '23505']);

/** True when it was created just now. A server that cannot be reached is one clear `DATABASE` error. */
export async function createDatabaseIfMissing(url: string): Promise<boolean> {
  try {
    if (await databaseExists(url)) return false;
    const { name, maintenanceUrl } = maintenanceOf(url);
    return await withSession(maintenanceUrl, (client) => createOrLose(createDatabase(client, name)));
  } catch (error) {
    throw explainConnectFailure(url, error);
  }
}

async function databaseExists(url: string): Promise<boolean> {
  try {
    return await withSession(url, async () => true);
  } catch (error) {
    if (codeOf(error) === NO_SUCH_DATABASE) return false;
    throw error;
  }
}

async function createOrLose(creation: Promise<void>): Promise<boolean> {
  try {
    await creation;
    return true;
  } catch (error) {
    if (ALREADY_THERE.has(codeOf(error))) return false;
    throw error;
  }
}

function maintenanceOf(url: string): { name: string; maintenanceUrl: string } {
  const parsed = new URL(url);
  const name = decodeURIComponent(parsed.pathname.slice(1));
  parsed.pathname = '/postgres';
  return { name, maintenanceUrl: parsed.href };
}
