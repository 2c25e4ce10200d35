// A process that migrates the database it is given from the directory it is given, and prints the files it ran.
import { createKnex, migrate } from '../../../src/postgres/index.ts';
import { silent } from '../../../src/kernel/index.ts';

const [url = '', directory] = process.argv.slice(2);
const knex = createKnex(url, { max: 2, name: 'migration-race' });
const ran = await migrate(knex, silent, directory);
process.stdout.write(`${JSON.stringify(ran)}\n`);
await knex.destroy();
