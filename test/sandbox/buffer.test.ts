import { describe, expect, it } from 'vitest';
import type { Clock } from '../../src/kernel/index.ts';
import { openSandbox, type TestSandbox } from './open-sandbox.ts';

const ORGANIZATION = '65f0c0de65f0c0de65f0c001';
const LINKEDIN = '65f0c0de65f0c0de65f0c101';
const TWITTER = '65f0c0de65f0c0de65f0c102';
const LOCKED = '65f0c0de65f0c0de65f0c103';
const NOW = Date.parse('2026-11-21T12:00:00Z');
const LATER = '2026-11-21T12:10:00.000Z';

function movingClock(): Clock & { move(ms: number): void } {
  let now = NOW;
  return {
    now: () => now,
    move: (ms) => {
      now += ms;
    },
  };
}

interface Answered {
  readonly data: Record<
    string,
    { __typename?: string; message?: string; post?: { id: string } & Record<string, unknown> }
  > | null;
  readonly errors?: { message: string; extensions: { code: string } }[];
}

const ask = async (sandbox: TestSandbox, query: string, variables = {}, headers?: Record<string, string>) =>
  (await sandbox.call<Answered>('POST', '/buffer/', { query, variables }, headers)).body;

const CREATE = `mutation ($input: CreatePostInput!) { createPost(input: $input) {
  __typename ... on PostActionSuccess { post { id text status dueAt via channel { service } } } ... on MutationError { message }
} }`;
const DELETE = `mutation ($id: PostId!) { deletePost(input: { id: $id }) {
  __typename ... on DeletePostSuccess { id } ... on MutationError { message }
} }`;
const LIST = `query ($input: PostsInput!, $first: Int, $after: String) { posts(input: $input, first: $first, after: $after) {
  edges { node { id text status } } pageInfo { hasNextPage endCursor }
} }`;

async function create(sandbox: TestSandbox, more: Record<string, unknown> = {}) {
  const usual = {
    channelId: LINKEDIN,
    text: 'Spring',
    schedulingType: 'automatic',
    mode: 'customScheduled',
    dueAt: LATER,
  };
  const { data } = await ask(sandbox, CREATE, { input: { ...usual, ...more } });
  return data?.['createPost'];
}

interface Page {
  readonly edges: { node: { id: string; text: string; status: string } }[];
  readonly pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

async function list(sandbox: TestSandbox, input: Record<string, unknown> = {}, paging: Record<string, unknown> = {}) {
  const { data } = await ask(sandbox, LIST, { input: { organizationId: ORGANIZATION, ...input }, ...paging });
  return data?.['posts'] as unknown as Page;
}

const textsOf = ({ edges }: Page) => edges.map(({ node }) => node.text).join('');

describe('a request', () => {
  it('without a credential is refused with status 200', async () => {
    await using sandbox = await openSandbox();
    const refused = await ask(sandbox, '{ account { id } }', {}, { 'content-type': 'application/json' });
    expect(refused).toMatchObject({ data: null, errors: [{ extensions: { code: 'UNAUTHORIZED' } }] });
  });

  it.each([
    ['{ account { password } }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{ account ', 'GRAPHQL_VALIDATION_FAILED'],
    [`{ channel(input: { id: "nowhere" }) { id } }`, 'NOT_FOUND'],
    [`{ channels(input: { organizationId: "none" }) { id } }`, 'NOT_FOUND'],
    [`{ posts(input: { organizationId: "none" }) { pageInfo { hasNextPage } } }`, 'NOT_FOUND'],
    [`{ post(input: { id: "none" }) { id } }`, 'NOT_FOUND'],
    [`mutation { createPost(input: { text: "x" }) { __typename } }`, 'GRAPHQL_VALIDATION_FAILED'],
  ])('of %s is refused: %s', async (query, code) => {
    await using sandbox = await openSandbox();
    const { data, errors } = await ask(sandbox, query);
    expect({ data, code: errors?.[0]?.extensions.code }).toEqual({ data: null, code });
  });

  it.each([
    ['GET', '/', undefined, 405],
    ['POST', '/1/updates.json', {}, 404],
    ['POST', '/', { text: 'x' }, 400],
  ])('%s %s is refused', async (method, path, body, status) => {
    await using sandbox = await openSandbox();
    expect((await sandbox.call(method, `/buffer${path}`, body)).status).toBe(status);
  });
});

describe('the account', () => {
  it('has an organization with channels, one of them locked', async () => {
    await using sandbox = await openSandbox();

    const account = await ask(sandbox, '{ account { email organizations { id name channelCount } } }');
    const channels = await ask(
      sandbox,
      `query ($input: ChannelsInput!) { channels(input: $input) { id service isLocked } }`,
      {
        input: { organizationId: ORGANIZATION, filter: { isLocked: true } },
      },
    );

    expect(account.data).toMatchObject({ account: { organizations: [{ id: ORGANIZATION, channelCount: 3 }] } });
    expect(channels.data).toEqual({ channels: [{ id: LOCKED, service: 'mastodon', isLocked: true }] });
  });
});

describe('a post', () => {
  it('is scheduled, and twice when it is sent twice: nothing in it is a key', async () => {
    await using sandbox = await openSandbox({ clock: movingClock() });

    const made = await create(sandbox);
    await create(sandbox);

    const post = { text: 'Spring', status: 'scheduled', dueAt: LATER, via: 'api', channel: { service: 'linkedin' } };
    expect(made).toMatchObject({ __typename: 'PostActionSuccess', post });
    expect(await sandbox.created()).toMatchObject([{ kind: 'post', key: null, id: made?.post?.id }, { kind: 'post' }]);
  });

  it.each([
    [{ channelId: 'nowhere' }, 'NotFoundError', 'Channel not found'],
    [{ channelId: LOCKED }, 'InvalidInputError', 'This channel is locked'],
    [{ text: ' ' }, 'InvalidInputError', 'Text or an asset is required'],
    [{ channelId: TWITTER, text: 'x'.repeat(281) }, 'InvalidInputError', 'Text is longer than 280 characters'],
    [{ dueAt: null }, 'InvalidInputError', 'dueAt is required for customScheduled'],
    [{ dueAt: '2026-11-21T12:00:00Z' }, 'InvalidInputError', 'dueAt must be in the future'],
  ])('is refused with %j', async (more, __typename, message) => {
    await using sandbox = await openSandbox({ clock: movingClock() });
    expect(await create(sandbox, more)).toEqual({ __typename, message });
    expect(await sandbox.created()).toEqual([]);
  });

  it.each([
    ['shareNow', 'sent', '2026-11-21T12:00:00.000Z'],
    ['addToQueue', 'scheduled', '2026-11-21T13:00:00.000Z'],
    ['shareNext', 'scheduled', '2026-11-21T13:00:00.000Z'],
  ])('in the mode %s is %s', async (mode, status, dueAt) => {
    await using sandbox = await openSandbox({ clock: movingClock() });
    expect(await create(sandbox, { mode, dueAt: null })).toMatchObject({ post: { status, dueAt } });
  });

  it('may be a draft, which is never sent', async () => {
    const clock = movingClock();
    await using sandbox = await openSandbox({ clock });
    await create(sandbox, { saveToDraft: true });
    clock.move(3_600_000);
    expect(await sandbox.created()).toMatchObject([{ data: { status: 'draft' } }]);
  });

  it('is sent when it is due', async () => {
    const clock = movingClock();
    await using sandbox = await openSandbox({ clock });
    await create(sandbox);

    clock.move(600_000 - 1);
    expect(await sandbox.created()).toMatchObject([{ data: { status: 'scheduled', sent_at: null } }]);
    clock.move(1);

    expect(await sandbox.created()).toMatchObject([{ data: { status: 'sent', sent_at: LATER } }]);
    expect((await list(sandbox)).edges).toMatchObject([{ node: { status: 'sent' } }]);
  });

  it('is deleted once', async () => {
    await using sandbox = await openSandbox({ clock: movingClock() });
    const id = (await create(sandbox))?.post?.id;

    expect((await ask(sandbox, DELETE, { id })).data).toEqual({ deletePost: { __typename: 'DeletePostSuccess', id } });

    expect((await ask(sandbox, DELETE, { id })).data).toMatchObject({
      deletePost: { __typename: 'VoidMutationError' },
    });
    expect(await sandbox.created()).toMatchObject([{ deletedAt: expect.any(String) }]);
  });
});

describe('the list of posts', () => {
  async function openFilled() {
    const clock = movingClock();
    const sandbox = await openSandbox({ clock });
    for (const [text, minutes] of [
      ['a', 40],
      ['b', 20],
      ['c', 30],
    ] as const) {
      const dueAt = new Date(NOW + minutes * 60_000).toISOString();
      await create(sandbox, { text, dueAt, channelId: text === 'b' ? TWITTER : LINKEDIN });
      clock.move(60_000);
    }
    return sandbox;
  }

  it('comes in the order asked for, by time due when none was', async () => {
    await using sandbox = await openFilled();
    expect(textsOf(await list(sandbox))).toBe('bca');
    expect(textsOf(await list(sandbox, { sort: [{ field: 'createdAt', direction: 'desc' }] }))).toBe('cba');
  });

  it.each([
    [{ channelIds: [TWITTER] }, 'b'],
    [{ status: ['sent'] }, ''],
    [{ dueAt: { start: new Date(NOW + 30 * 60_000).toISOString() } }, 'ca'],
    [{ dueAt: { end: new Date(NOW + 30 * 60_000).toISOString() } }, 'bc'],
    [{ createdAt: { start: new Date(NOW + 60_000).toISOString(), end: new Date(NOW + 60_000).toISOString() } }, 'b'],
  ])('can be narrowed to %j', async (filter, texts) => {
    await using sandbox = await openFilled();
    expect(textsOf(await list(sandbox, { filter }))).toBe(texts);
  });

  it('comes page by page', async () => {
    await using sandbox = await openFilled();
    const first = await list(sandbox, {}, { first: 2 });
    const second = await list(sandbox, {}, { first: 2, after: first.pageInfo.endCursor });
    expect([first, second].map(textsOf)).toEqual(['bc', 'a']);
    expect([first, second].map(({ pageInfo }) => pageInfo.hasNextPage)).toEqual([true, false]);
  });
});
