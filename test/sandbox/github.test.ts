import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CREDENTIAL, openSandbox, type TestSandbox } from './open-sandbox.ts';

const REPO = '/github/repos/acme/marketing-campaigns';
const BRANCH = 'campaign/spring';
const FILE = `${REPO}/contents/spring/content.json`;

interface Ref {
  object: { sha: string };
}
interface FileCommit {
  content: { sha: string } | null;
  commit: { sha: string; message: string };
}
interface Pull {
  number: number;
  state: string;
  title: string;
  closed_at: string | null;
  head: { ref: string; sha: string };
}

const base64 = (text: string) => Buffer.from(text).toString('base64');
const fieldError = (error: object) => ({
  status: 422,
  body: { message: 'Validation Failed', errors: [{ resource: 'PullRequest', ...error }] },
});

async function createBranch(sandbox: TestSandbox, branch = BRANCH): Promise<string> {
  const { sha } = (await sandbox.call<Ref>('GET', `${REPO}/git/ref/heads/main`)).body.object;
  const { status } = await sandbox.call('POST', `${REPO}/git/refs`, { ref: `refs/heads/${branch}`, sha });
  expect(status).toBe(201);
  return sha;
}

const putFile = (sandbox: TestSandbox, text: string, more: object = { branch: BRANCH }) =>
  sandbox.call<FileCommit>('PUT', FILE, { message: 'Write the content', content: base64(text), ...more });

async function createPull(sandbox: TestSandbox): Promise<Pull> {
  await createBranch(sandbox);
  await putFile(sandbox, 'a');
  return (await sandbox.call<Pull>('POST', `${REPO}/pulls`, { title: 'Spring', head: BRANCH, base: 'main' })).body;
}

describe('a repository', () => {
  it('is found by owner and name in any case', async () => {
    await using sandbox = await openSandbox();

    expect(await sandbox.call('GET', '/github/repos/Acme/Website')).toMatchObject({
      status: 200,
      body: { full_name: 'acme/website', default_branch: 'main' },
    });
  });

  it('is 404 when nobody has it', async () => {
    await using sandbox = await openSandbox();

    expect(await sandbox.call('GET', '/github/repos/acme/nothing')).toMatchObject({
      status: 404,
      body: { message: 'Not Found', status: '404' },
    });
    expect((await sandbox.call('GET', '/github/repos/acme/nothing/pulls')).status).toBe(404);
  });

  it('takes a token or a bearer credential and a program that says its name', async () => {
    await using sandbox = await openSandbox();
    const get = async (headers: Record<string, string>) => (await sandbox.call('GET', REPO, undefined, headers)).status;

    expect(await get({ authorization: 'token abc' })).toBe(200);
    expect(await get({ authorization: 'abc' })).toBe(401);
    expect(await get({ ...CREDENTIAL, 'user-agent': '' })).toBe(403);
  });
});

describe('a branch', () => {
  it('is created from a commit, read and deleted', async () => {
    await using sandbox = await openSandbox();

    const sha = await createBranch(sandbox);

    expect((await sandbox.call<Ref>('GET', `${REPO}/git/ref/heads/${BRANCH}`)).body).toMatchObject({
      ref: `refs/heads/${BRANCH}`,
      object: { sha },
    });
    expect(await sandbox.created()).toMatchObject([
      { kind: 'branch', key: null, data: { repository: 'acme/marketing-campaigns', branch: BRANCH, sha } },
    ]);

    expect((await sandbox.call('DELETE', `${REPO}/git/refs/heads/${encodeURIComponent(BRANCH)}`)).status).toBe(204);

    expect((await sandbox.call('GET', `${REPO}/git/ref/heads/${BRANCH}`)).status).toBe(404);
    expect(await sandbox.created()).toMatchObject([{ kind: 'branch', deletedAt: expect.any(String) }]);
  });

  it('cannot be created twice, whatever key the request carries', async () => {
    await using sandbox = await openSandbox();
    const sha = await createBranch(sandbox);
    const again = { ref: `refs/heads/${BRANCH}`, sha };

    const reply = await sandbox.call('POST', `${REPO}/git/refs`, again, { ...CREDENTIAL, 'idempotency-key': 'k' });

    expect(reply).toMatchObject({ status: 422, body: { message: 'Reference already exists' } });
    expect(await sandbox.created()).toHaveLength(1);
  });

  it.each([
    ['an unknown commit', { ref: 'refs/heads/x', sha: '0'.repeat(40) }, 'Object does not exist'],
    ['a bare name', { ref: 'x', sha: '0' }, `Reference name must start with 'refs/'.`],
    ['a name that git refuses', { ref: 'refs/heads/a b', sha: '0' }, 'refs/heads/a b is not a valid ref name.'],
    ['no commit', { ref: 'refs/heads/x' }, `Invalid request.\n\n"sha" wasn't supplied.`],
    ['no body', undefined, `Invalid request.\n\n"ref" wasn't supplied.`],
  ])('is refused for %s', async (_, body, message) => {
    await using sandbox = await openSandbox();

    expect(await sandbox.call('POST', `${REPO}/git/refs`, body)).toMatchObject({ status: 422, body: { message } });
    expect(await sandbox.created()).toEqual([]);
  });

  it('cannot be deleted when it is gone or the default', async () => {
    await using sandbox = await openSandbox();
    const remove = async (branch: string) => (await sandbox.call('DELETE', `${REPO}/git/refs/heads/${branch}`)).body;

    expect(await remove('gone')).toMatchObject({ message: 'Reference does not exist' });
    expect(await remove('main')).toMatchObject({ message: 'Cannot delete the default branch' });
  });

  it('takes its files along and closes its pull request', async () => {
    await using sandbox = await openSandbox();
    const { number } = await createPull(sandbox);

    await sandbox.call('DELETE', `${REPO}/git/refs/heads/${BRANCH}`);

    expect((await sandbox.created()).map(({ kind, deletedAt }) => [kind, deletedAt === undefined])).toEqual([
      ['branch', false],
      ['file', false],
      ['pull', false],
    ]);
    expect((await sandbox.call('GET', `${REPO}/pulls/${number}`)).body).toMatchObject({
      state: 'closed',
      head: { ref: BRANCH },
    });
    expect((await sandbox.call('PATCH', `${REPO}/pulls/${number}`, { state: 'open' })).status).toBe(422);
  });
});

describe('a file', () => {
  it('is created on its branch only, under the id git gives it', async () => {
    await using sandbox = await openSandbox();
    await createBranch(sandbox);

    const { status, body } = await putFile(sandbox, 'Grüße');

    const sha = createHash('sha1').update(`blob 7\0Grüße`).digest('hex');
    expect(status).toBe(201);
    expect(body).toMatchObject({ content: { sha }, commit: { message: 'Write the content' } });
    expect((await sandbox.call('GET', `${FILE}?ref=${BRANCH}`)).body).toMatchObject({
      sha,
      encoding: 'base64',
      content: `${base64('Grüße')}\n`,
    });
    expect((await sandbox.call('GET', FILE)).status).toBe(404);
    expect((await sandbox.created()).at(-1)).toMatchObject({
      kind: 'file',
      data: { branch: BRANCH, path: 'spring/content.json', content: 'Grüße', sha },
    });
  });

  it('breaks long content into lines', async () => {
    await using sandbox = await openSandbox();
    await putFile(sandbox, 'x'.repeat(100), {});

    const { content } = (await sandbox.call<{ content: string }>('GET', FILE)).body;

    expect(content.split('\n').map(({ length }) => length)).toEqual([60, 60, 16, 0]);
    expect(Buffer.from(content, 'base64').toString()).toBe('x'.repeat(100));
  });

  it('is changed only by who names the blob it replaces', async () => {
    await using sandbox = await openSandbox();
    const sha = (await putFile(sandbox, 'one', {})).body.content?.sha;

    expect(await putFile(sandbox, 'two', {})).toMatchObject({
      status: 422,
      body: { message: `Invalid request.\n\n"sha" wasn't supplied.` },
    });
    expect(await putFile(sandbox, 'two', { sha: '0'.repeat(40) })).toMatchObject({
      status: 409,
      body: { message: `spring/content.json does not match ${'0'.repeat(40)}` },
    });
    expect((await putFile(sandbox, 'two', { sha })).status).toBe(200);

    expect(await sandbox.created()).toMatchObject([
      { kind: 'file', updatedAt: expect.any(String), data: { content: 'two' } },
    ]);
  });

  it('is deleted with its blob named in the body or the query, and is a new object when it comes again', async () => {
    await using sandbox = await openSandbox();
    const sha = (await putFile(sandbox, 'one', {})).body.content?.sha;

    expect((await sandbox.call('DELETE', FILE, { message: 'Remove' })).status).toBe(422);
    expect((await sandbox.call('DELETE', FILE, { message: 'Remove', sha: 'stale' })).status).toBe(409);
    expect((await sandbox.call<FileCommit>('DELETE', FILE, { message: 'Remove', sha })).body).toMatchObject({
      content: null,
    });
    expect((await sandbox.call('DELETE', FILE, { message: 'Remove', sha })).status).toBe(404);
    await putFile(sandbox, 'two', {});
    const second = (await sandbox.call<{ sha: string }>('GET', FILE)).body.sha;
    expect((await sandbox.call('DELETE', `${FILE}?message=Remove&sha=${second}`)).status).toBe(200);

    expect((await sandbox.created()).map(({ data, deletedAt }) => [data['content'], deletedAt === undefined])).toEqual([
      ['one', false],
      ['two', false],
    ]);
  });

  it.each([
    ['a branch that is not there', { branch: 'nowhere' }, 404, 'Branch nowhere not found'],
    ['content that is no base64', { content: '%' }, 422, 'content is not valid Base64'],
    ['a message of the wrong type', { message: 1 }, 422, "For 'properties/message'"],
  ])('is refused for %s', async (_, more, status, message) => {
    await using sandbox = await openSandbox();

    expect(await putFile(sandbox, 'x', more)).toMatchObject({
      status,
      body: { message: expect.stringContaining(message) },
    });
    expect(await sandbox.created()).toEqual([]);
  });

  it('is listed by the folder it is in', async () => {
    await using sandbox = await openSandbox();
    await putFile(sandbox, 'x', {});
    const names = async (path: string) =>
      (await sandbox.call<{ type: string; path: string }[]>('GET', `${REPO}/contents${path}`)).body.map(
        ({ type, path: at }) => `${type} ${at}`,
      );

    expect(await names('')).toEqual(['dir spring', 'file README.md']);
    expect(await names('/spring')).toEqual(['file spring/content.json']);
  });

  it('is in the history of its branch', async () => {
    await using sandbox = await openSandbox();
    const { sha } = (await putFile(sandbox, 'x', {})).body.commit;
    const list = async (query: string) =>
      (await sandbox.call<{ sha: string }[]>('GET', `${REPO}/commits${query}`)).body.map((commit) => commit.sha);

    expect(await list('?path=spring/content.json')).toEqual([sha]);
    expect(await list('')).toHaveLength(2);
    expect((await sandbox.call('GET', `${REPO}/commits/main`)).body).toMatchObject({
      sha,
      commit: { message: 'Write the content' },
    });
    expect((await sandbox.call('GET', `${REPO}/commits/nowhere`)).status).toBe(404);
    expect((await sandbox.call('GET', `${FILE}?ref=nowhere`)).body).toMatchObject({
      message: 'No commit found for the ref nowhere',
    });
  });
});

describe('a pull request', () => {
  it('is opened, counted and recorded', async () => {
    await using sandbox = await openSandbox();

    const pull = await createPull(sandbox);

    expect(pull).toMatchObject({
      number: 1,
      state: 'open',
      merged: false,
      commits: 1,
      changed_files: 1,
      additions: 1,
      deletions: 0,
    });
    expect((await sandbox.created()).at(-1)).toMatchObject({
      kind: 'pull',
      id: 'acme/marketing-campaigns#1',
      data: { number: 1, title: 'Spring', head: BRANCH, base: 'main', state: 'open' },
    });
  });

  it.each([
    ['no title', { title: undefined }, { code: 'missing_field', field: 'title' }],
    ['an unknown head', { head: 'nowhere' }, { code: 'invalid', field: 'head' }],
    ['an unknown base', { base: 'nowhere' }, { code: 'invalid', field: 'base' }],
    [
      'a head without commits of its own',
      { head: 'empty' },
      { code: 'custom', message: 'No commits between main and empty' },
    ],
    ['a head that has one open', {}, { code: 'custom', message: `A pull request already exists for acme:${BRANCH}.` }],
  ])('is refused for %s', async (_, more, error) => {
    await using sandbox = await openSandbox();
    await createPull(sandbox);
    await createBranch(sandbox, 'empty');

    const reply = await sandbox.call('POST', `${REPO}/pulls`, {
      title: 'Again',
      head: `acme:${BRANCH}`,
      base: 'main',
      ...more,
    });

    expect(reply).toMatchObject(fieldError(error));
    expect((await sandbox.created()).filter(({ kind }) => kind === 'pull')).toHaveLength(1);
  });

  it('is refused without a head', async () => {
    await using sandbox = await openSandbox();

    expect(await sandbox.call('POST', `${REPO}/pulls`, { title: 'A', base: 'main' })).toMatchObject({
      status: 422,
      body: { message: `Invalid request.\n\n"head" wasn't supplied.` },
    });
  });

  it('is listed by state, head and base; a head without its owner filters nothing', async () => {
    await using sandbox = await openSandbox();
    const { number } = await createPull(sandbox);
    const list = async (query: string) =>
      (await sandbox.call<Pull[]>('GET', `${REPO}/pulls?${query}`)).body.map((pull) => pull.number);

    expect(await list(`head=acme:${BRANCH}&state=open`)).toEqual([number]);
    expect(await list('head=acme:other')).toEqual([]);
    expect(await list('head=other')).toEqual([number]);
    expect(await list('base=other')).toEqual([]);
    expect(await list('state=closed')).toEqual([]);
    expect(await list('per_page=1&page=2')).toEqual([]);
  });

  it('is changed, closed and reopened', async () => {
    await using sandbox = await openSandbox();
    const { number } = await createPull(sandbox);
    const patch = async (changes: object) =>
      (await sandbox.call<Pull>('PATCH', `${REPO}/pulls/${number}`, changes)).body;
    const entry = async () => (await sandbox.created()).find(({ kind }) => kind === 'pull');

    expect(await patch({ title: 'Summer' })).toMatchObject({ title: 'Summer', state: 'open' });
    expect(await patch({ state: 'closed' })).toMatchObject({ state: 'closed', closed_at: expect.any(String) });
    expect(await entry()).toMatchObject({ deletedAt: expect.any(String), data: { state: 'closed', title: 'Summer' } });

    expect(await patch({ state: 'open' })).toMatchObject({ state: 'open', closed_at: null });
    expect(await entry()).not.toHaveProperty('deletedAt');
  });

  it('follows its branch while it is open', async () => {
    await using sandbox = await openSandbox();
    const { number, head } = await createPull(sandbox);
    const { sha } = (await sandbox.call<{ sha: string }>('GET', `${FILE}?ref=${BRANCH}`)).body;

    const { commit } = (await putFile(sandbox, 'b', { branch: BRANCH, sha })).body;

    const now = (await sandbox.call<Pull>('GET', `${REPO}/pulls/${number}`)).body;
    expect(now.head.sha).toBe(commit.sha);
    expect(now.head.sha).not.toBe(head.sha);
    expect((await sandbox.call('GET', `${REPO}/pulls/7`)).status).toBe(404);
  });
});
