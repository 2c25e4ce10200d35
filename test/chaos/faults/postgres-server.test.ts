// The private Postgres and the faults of a server: what its clients meet, and what is left when it is over.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { execute } from '../../support/database.ts';
import { Program } from '../../support/program.ts';
import { until } from '../../support/until.ts';
import { PostgresServer, type RestartMode } from './index.ts';

let server: PostgresServer;

beforeAll(async () => {
  server = await PostgresServer.start({ settings: { max_connections: '20' } });
  await execute(server.url, 'create table guest (name text)');
});

afterAll(async () => await server.stop());

async function connected(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: server.url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

// events.once would take the error that comes first for its own.
function endOf(client: pg.Client): Promise<void> {
  return new Promise((resolve) => {
    client.once('end', () => resolve());
  });
}

function failureOf(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => undefined,
    (error: unknown) => error,
  );
}

describe('a private Postgres', () => {
  it('is as durable as it comes', async () => {
    const { rows } = await execute(
      server.url,
      `select name, setting from pg_settings where name in ('fsync', 'synchronous_commit', 'full_page_writes')`,
    );

    expect(rows.map(({ setting }) => setting)).toEqual(['on', 'on', 'on']);
  });

  it.each<RestartMode>(['fast', 'immediate', 'kill9'])(
    'loses its sessions and no commit, and keeps its port, in a %s restart',
    async (mode) => {
      const client = await connected();
      const gone = endOf(client);
      await execute(server.url, `insert into guest values ('${mode}')`);

      const proof = await server.restart(mode, 50);

      await gone;
      expect(proof).toMatchObject({ fault: 'restart', what: `${mode}, down for 50 ms` });
      expect((await execute(server.url, `select * from guest where name = '${mode}'`)).rowCount).toBe(1);
    },
  );

  it('turns read-only under a session that is open, and back', async () => {
    const client = await connected();
    await server.readOnly(true);

    expect(await failureOf(client.query(`insert into guest values ('ann')`))).toMatchObject({ code: '25006' });

    await server.readOnly(false);
    await client.query(`insert into guest values ('ann')`);
    await client.end();
  });

  it('refuses logins, not the hand that allows them again', async () => {
    await server.refuseLogins(true);

    expect(await failureOf(connected())).toMatchObject({ code: '28000' });

    await server.refuseLogins(false);
    await (await connected()).end();
  });

  it('kills the sessions of the app, as many as asked, and says when there was none', async () => {
    const clients = [await connected(), await connected(), await connected()];
    const ends = clients.map((client) => endOf(client));

    expect(await server.killBackends(1)).toMatchObject({ what: '1 sessions' });
    await Promise.race(ends);
    await until(async () => (await server.killBackends())?.what === '2 sessions', { what: 'two to be left' });
    await Promise.all(ends);

    await until(async () => (await server.killBackends()) === undefined, { what: 'none to be left' });
  });

  it('has no connection left, until they are given back', async () => {
    {
      await using taken = await server.exhaustConnections();

      expect(taken.landed.what).toMatch(/^1\d taken$/);
      expect(await failureOf(connected())).toMatchObject({ code: '53300' });
      expect((await execute(server.adminUrl, 'select 1 as n')).rows).toEqual([{ n: 1 }]);
    }
    await until(async () => await (await connected()).end().then(() => true), { what: 'a free connection' });
  });

  it('is gone with the process that started it, also on Ctrl-C', async () => {
    const program = new Program(fileURLToPath(new URL('programs/keep-a-server.ts', import.meta.url)));
    const { log, url } = await program.nextJson<{ log: string; url: string }>();
    expect((await execute(url, 'select 1 as n')).rows).toEqual([{ n: 1 }]);

    await program.end('SIGINT');

    expect(program.child.signalCode).toBe('SIGINT');
    expect(existsSync(log)).toBe(false);
    expect(await failureOf(execute(url, 'select 1'))).toMatchObject({ code: 'ECONNREFUSED' });
  });
});
