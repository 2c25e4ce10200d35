// Starts a private Postgres, says where it is, and waits for whatever comes.
import { PostgresServer } from '../postgres-server.ts';

const { log, url } = await PostgresServer.start();
process.stdout.write(`${JSON.stringify({ log, url })}\n`);
setInterval(() => undefined, 60_000);
