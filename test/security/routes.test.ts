// Every route that is registered, for every kind of caller, on objects of the caller's tenant and of another; and every way to write its path.
import { request } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { execute } from '../support/database.ts';
import { openApi, type OpenApi } from './open-api.ts';
import { NOTHING, bodyOf, namesObject, objectsOf, pathOf, type Objects } from './route-calls.ts';
import { OF_THE_INSTALLATION, ROUTES, type RouteAccess } from './route-table.ts';
import { TENANTS, markOf, openTwoTenants, type TwoTenants } from './two-tenants.ts';

let world: TwoTenants;
let api: OpenApi;

beforeAll(async () => {
  world = await openTwoTenants('routes');
  api = await openApi(world);
});

afterAll(async () => {
  await api.close();
  await world.stop();
});

interface Caller {
  readonly name: string;
  /** Null: says nothing of itself. Undefined roles: nobody is let in so. */
  readonly key: string | null;
  readonly roles?: readonly string[];
}

const ROLES = ['viewer', 'author', 'starter', 'approver', 'operator', 'admin', 'marketing-lead'];

async function callersOfAcme(): Promise<Caller[]> {
  const keyFor = async (user: string, roles: readonly string[], lifetimeMs?: number) =>
    await world.api.keyFor(user, roles, { tenant: 'acme', lifetimeMs });
  const revoked = await keyFor('gone', ['admin']);
  await execute(
    world.superUrl,
    `update breakwater.api_key set revoked_at = clock_timestamp() where user_name = 'gone'`,
  );
  const withRoles = await Promise.all(
    ROLES.map(async (role) => ({ name: role, key: await keyFor(role, [role]), roles: [role] })),
  );
  return [
    { name: 'nobody', key: null },
    { name: 'unknown', key: 'bwk_unknown' },
    { name: 'expired', key: await keyFor('late', ['admin'], -1_000) },
    { name: 'revoked', key: revoked },
    { name: 'without a role', key: await keyFor('bare', []), roles: [] },
    ...withRoles,
  ];
}

// A role of one's own makes an approver; whoever has a role may look.
function mayCall(roles: readonly string[], access: RouteAccess): boolean {
  const needed = access.split(' or ');
  if (access === 'public' || roles.includes('admin') || needed.some((role) => roles.includes(role))) return true;
  if (access === 'any') return roles.length > 0;
  return needed.includes('approver') && roles.includes('marketing-lead');
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** The path as it is given: no client tidies it up. A stream is left once it has begun. */
async function ask(
  key: string | null,
  method: string,
  path: string,
  sent: { headers?: object; body?: string } = {},
): Promise<Answer> {
  const { promise, resolve, reject } = Promise.withResolvers<Answer>();
  const { hostname, port } = new URL(api.url);
  const headers = { ...(key !== null && { authorization: `Bearer ${key}` }), ...sent.headers };
  const outgoing = request({ hostname, port, method, path, headers }, (response) => {
    const status = response.statusCode ?? 0;
    const chunks: Buffer[] = [];
    const done = (): void => resolve({ status, text: Buffer.concat(chunks).toString() });
    if (String(response.headers['content-type']).startsWith('text/event-stream')) {
      done();
      response.destroy();
      return;
    }
    response
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('end', done)
      .on('error', reject);
  });
  outgoing.on('error', reject).end(sent.body);
  return await promise;
}

const call = async (key: string | null, route: string, objects: Objects): Promise<Answer> =>
  await ask(key, route.split(' ')[0] ?? '', pathOf(route, objects), bodyOf(route, objects));

async function written(): Promise<unknown> {
  const { rows } = await execute(
    world.superUrl,
    `select (select count(*) from breakwater.run) as runs, (select count(*) from breakwater.approval_decision) as decisions,
            (select count(*) from breakwater.audit) as audits, (select count(*) from breakwater.definition) as definitions,
            (select string_agg(status, ' ' order by id) from breakwater.run) as statuses,
            (select string_agg(status, ' ' order by id) from breakwater.approval) as approvals`,
  );
  return rows[0];
}

const closed = Object.entries(ROUTES).filter(([, access]) => access !== 'public');
const reads = (route: string): boolean => route.startsWith('GET');

it('knows every route that is registered, and no other', () => {
  const registered = api.routes.filter((route) => !/^(?:HEAD|OPTIONS) /.test(route));

  expect([...new Set(registered)].toSorted()).toEqual(Object.keys(ROUTES).toSorted());
});

it('lets in who may come, to what is theirs, and tells nobody of what is not', async () => {
  const callers = await callersOfAcme();
  const [acme, beta] = TENANTS.map((tenant) => objectsOf(tenant, world.of[tenant]));
  const before = await written();
  const wrong: unknown[] = [];
  let asked = 0;
  const judge = (what: object, { status, text }: Answer, isRight: boolean): void => {
    asked++;
    if (!isRight || status >= 500) wrong.push({ ...what, status, text: text.slice(0, 200) });
  };
  for (const [route, access] of closed) {
    await Promise.all(
      callers.map(async ({ name, key, roles }) => {
        // What writes is asked for what is nowhere: being let in must have no effect.
        const own = await call(key, route, reads(route) && acme ? acme : NOTHING);
        const foreign = await call(key, route, beta ?? NOTHING);
        const isOpen = roles !== undefined && mayCall(roles, access) && !OF_THE_INSTALLATION.has(route);
        const refusal = roles === undefined ? 401 : 403;
        for (const [whose, answer] of [
          ['own', own],
          ['foreign', foreign],
        ] as const) {
          const { status, text } = answer;
          const what = { route, name, whose };
          if (!isOpen) judge(what, answer, status === refusal);
          else if (whose === 'own' && reads(route)) judge(what, answer, status === 200 || text.includes('No campaign'));
          else if (whose === 'own') judge(what, answer, status !== 401 && !text.includes('This needs the role'));
          else judge(what, answer, !namesObject(route) || status === 404);
          if (text.includes(markOf('beta'))) wrong.push({ ...what, text });
        }
      }),
    );
    const stranger = await call(world.of.beta.key, route, acme ?? NOTHING);
    if (namesObject(route)) judge({ route, name: 'stranger' }, stranger, stranger.status === 404);
    else if (stranger.text.includes(markOf('acme'))) wrong.push({ route, name: 'stranger', text: stranger.text });
  }

  expect(wrong).toEqual([]);
  expect(asked).toBeGreaterThan(closed.length * callers.length * 2);
  expect(await written()).toMatchObject({
    ...Object(before),
    audits: expect.anything(),
    definitions: expect.anything(),
  });
}, 120_000);

const swapCase = (path: string): string => path.replace('/v1/', '/V1/').replace(/[a-z]$/, (last) => last.toUpperCase());

/** Ways to write a path that a guard and a router might read differently. */
const TRICKS: readonly ((path: string) => string)[] = [
  (path) => `${path}/`,
  (path) => `${path}/x`,
  (path) => `${path}.json`,
  (path) => `${path};x`,
  (path) => `${path};.css`,
  (path) => `${path}%20`,
  (path) => `${path}%00`,
  (path) => `${path}%2f`,
  (path) => `${path}%23`,
  (path) => `${path}?_method=GET&access=public`,
  (path) => `/${path}`,
  (path) => `//health${path}`,
  (path) => path.replace('/v1/', '/v1//'),
  (path) => path.replace('/v1/', '/v1/./'),
  (path) => path.replace('/v1/', '/v1/%2e/'),
  (path) => path.replace('/v1/', '/v1%2f'),
  (path) => path.replace('/v1/', '/v1\\'),
  (path) => path.replace('/v1/', '/%76%31/'),
  (path) => `/health/..${path}`,
  (path) => `/health/%2e%2e${path}`,
  (path) => `/approve/x/..${path}`,
  (path) => `/approve/x%2f..%2f..${path}`,
  (path) => `http://public.example${path}`,
  swapCase,
];

const OVERRIDES: readonly Readonly<Record<string, string>>[] = [
  { 'x-http-method-override': 'GET' },
  { 'x-method-override': 'GET' },
  { 'x-original-url': '/health' },
  { 'x-rewrite-url': '/health' },
  { 'x-forwarded-prefix': '/health' },
  { 'x-forwarded-for': '127.0.0.1', forwarded: 'for=127.0.0.1' },
];

it('reads a path in one way: no way to write it opens more than the plain one', async () => {
  const viewer = await world.api.keyFor('looks', ['viewer'], { tenant: 'acme' });
  const objects = objectsOf('acme', world.of.acme);
  const before = await written();
  const opened: unknown[] = [];
  let asked = 0;
  const probe = async (key: string | null, method: string, path: string, sent: { headers?: object; body?: string }) => {
    const { status } = await ask(key, method, path, sent);
    asked++;
    if (status < 300 || status >= 500)
      opened.push({ who: key === null ? 'nobody' : 'viewer', method, path, status, sent });
  };
  for (const [route, access] of closed) {
    const [method = ''] = route.split(' ');
    const path = pathOf(route, objects);
    const sent = bodyOf(route, objects);
    for (const key of access === 'any' ? [null] : [null, viewer]) {
      await Promise.all([
        ...TRICKS.map(async (trick) => await probe(key, method, trick(path), sent)),
        ...OVERRIDES.map(
          async (headers) => await probe(key, method, path, { ...sent, headers: { ...sent.headers, ...headers } }),
        ),
        ...['HEAD', 'OPTIONS', 'PUT', 'PATCH', 'DELETE', 'TRACE'].map(async (other) => {
          // A viewer may look at what is read under the same path.
          if (key === null || other !== 'HEAD' || !(`GET ${route.split(' ')[1]}` in ROUTES))
            await probe(key, other, path, {});
        }),
      ]);
    }
  }

  expect(opened).toEqual([]);
  expect(asked).toBeGreaterThan(closed.length * TRICKS.length);
  expect(await written()).toEqual(before);
}, 120_000);

it('lets no header turn a public answer into another one', async () => {
  const plain = await ask(null, 'GET', '/health');

  for (const header of ['x-original-url', 'x-rewrite-url', 'x-forwarded-uri', 'x-http-method-override']) {
    expect(await ask(null, 'GET', '/health', { headers: { [header]: '/v1/runs' } })).toEqual(plain);
  }
});
