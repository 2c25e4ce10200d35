// Fifty secrets of every shape, and the search for them in everything that the app writes and answers.
import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';

export interface Canary {
  readonly name: string;
  readonly value: string;
  /** What is in front of it when it is sent. */
  readonly prefix: string;
  readonly tool: 'http' | 'careless';
  /** Letters and digits of it, which no way of writing it changes but base64. */
  readonly core: string;
}

const SHAPES: readonly ((core: string) => string)[] = [
  (core) => core,
  (core) => `${core}/+==`,
  (core) => `"${core}\\`,
  (core) => `<${core}&>`,
  (core) => `Basic ${core}`,
  (core) => `${core}é`,
  (core) => `${core}%20~!`,
  (core) => `${core}-_.`,
];

export function makeCanaries(count: number): Canary[] {
  return Array.from({ length: count }, (_, index) => {
    const core = `Q${crypto.randomUUID().replaceAll('-', '').slice(0, 22)}Z`;
    const value = (SHAPES[index % SHAPES.length] ?? ((text) => text))(core);
    const tool = index % 5 === 4 ? 'careless' : 'http';
    return { name: `canary-${index}`, value, core, tool, prefix: index % 7 === 6 ? 'Bearer ' : '' };
  });
}

export interface SecretsOnDisk {
  readonly file: string;
  readonly environment: Readonly<Record<string, string>>;
}

/** A third each in the file itself, in files of their own and in the environment; beside them one that nobody sends. */
export function writeSecrets(canaries: readonly Canary[], host: string, unsent: string): SecretsOnDisk {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-secrets-'));
  const environment: Record<string, string> = {};
  const entries = canaries.map(({ name, value, prefix, tool }, index) => {
    const bound = { prefix, tool, hosts: [host] };
    if (index % 3 === 0) return [name, { value, ...bound }];
    if (index % 3 === 1) {
      writeFileSync(join(folder, name), `${value}\n`);
      return [name, { file: name, ...bound }];
    }
    environment[`CANARY_${index}`] = value;
    return [name, { env: `CANARY_${index}`, ...bound }];
  });
  entries.push(['unsent', { value: unsent, prefix: '', tool: 'http', hosts: [host] }]);
  const file = join(folder, 'secrets.yaml');
  writeFileSync(file, JSON.stringify(Object.fromEntries(entries)));
  chmodSync(file, 0o600);
  return { file, environment };
}

/** The names of the canaries in a text, as they are, cut off, or inside base64. */
export function canariesIn(text: string, canaries: readonly Canary[]): string[] {
  return canaries
    .filter(({ core }) => [core.slice(0, 9), ...inBase64(core)].some((form) => text.includes(form)))
    .map(({ name }) => name);
}

// Whatever stands before and after it.
function inBase64(core: string): string[] {
  return ['', 'x', 'xx'].map((before) => Buffer.from(`${before}${core}`).toString('base64').slice(4, -4));
}

/** Every row of every table of ours and of DBOS, as text. */
export async function dumpDatabase(url: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables = await client.query<{ name: string }>(
      `select format('%I.%I', schemaname, tablename) as name
         from pg_tables where schemaname not in ('pg_catalog', 'information_schema')`,
    );
    const dumps: string[] = [];
    for (const { name } of tables.rows) {
      const { rows } = await client.query<{ row: string }>(`select t::text as row from ${name} t`);
      dumps.push(`${name}\n${rows.map(({ row }) => row).join('\n')}`);
    }
    return dumps.join('\n');
  } finally {
    await client.end();
  }
}
