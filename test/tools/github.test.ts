// GitHub's adapter against the double of its API.
import { describe, expect, it } from 'vitest';
import { github } from '../../src/tools/github.ts';
import { KEY, openSandboxWorld, type Call, type SandboxWorld } from './sandbox-world.ts';
import { answerJson, startVendor } from './vendor-server.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { createRegistry } from '../../src/tools/registry.ts';

const repository = { owner: 'acme', repo: 'marketing-campaigns' };
const branch = { ...repository, branch: 'campaign/spring' };
const createBranch: Call = { action: 'create_branch', args: branch };
const writeFile: Call = {
  action: 'create_or_update_file',
  args: { ...branch, path: 'content/a b.md', content: 'Frühling' },
};
const openPull: Call = { action: 'create_pull_request', args: { ...repository, title: 'Spring', head: branch.branch } };

const readFile = (world: SandboxWorld, path: string, ref = branch.branch) =>
  world.call({ action: 'get_file_content', args: { ...repository, path, ref } });

async function withBranch(): Promise<SandboxWorld> {
  const world = await openSandboxWorld(github);
  await world.done({ ...createBranch, key: 'c3'.repeat(20) });
  return world;
}

async function withFile(): Promise<SandboxWorld> {
  const world = await withBranch();
  await world.done({ ...writeFile, key: 'd4'.repeat(20) });
  return world;
}

describe('requests', () => {
  it("carry GitHub's headers and the token", async () => {
    const file = { type: 'file', path: 'x', sha: 's', size: 1, encoding: 'base64', content: 'eA==\n' };
    await using vendor = await startVendor(answerJson(200, file));
    const registry = createRegistry(
      [github],
      connectTools([github], { GITHUB_TOKEN: 'ghp_secret', GITHUB_BASE_URL: vendor.url }),
    );

    const outcome = await registry.invoke({
      tool: 'github',
      action: 'get_file_content',
      args: { ...repository, path: 'docs/x y.md', ref: 'main' },
      key: KEY,
      suspect: false,
      timeoutMs: 5_000,
      tenant: 'acme',
      runId: 'run_1',
    });

    expect(outcome).toEqual({ ok: true, value: { path: 'docs/x y.md', sha: 's', content: 'x' } });
    const [request] = vendor.received;
    expect(request).toMatchObject({
      method: 'GET',
      path: '/repos/acme/marketing-campaigns/contents/docs/x%20y.md?ref=main',
    });
    expect(request?.headers).toMatchObject({
      authorization: 'Bearer ghp_secret',
      accept: 'application/vnd.github+json',
      'x-github-api-version': '2022-11-28',
    });
    await registry.close();
  });

  it('cannot leave the repository through a path', async () => {
    await using world = await openSandboxWorld(github);

    const outcome = await readFile(world, '../../other/contents/secret');

    expect(outcome).toMatchObject({ ok: false, error: { code: 'INVALID_ARGUMENTS' } });
    expect(await world.calls()).toEqual([]);
  });
});

describe('create_branch', () => {
  it('starts at the head of another branch', async () => {
    await using world = await openSandboxWorld(github);

    expect(await world.done(createBranch)).toMatchObject({ branch: 'campaign/spring' });
    expect(await world.standing()).toMatchObject([{ kind: 'branch' }]);
  });

  it('fails on a branch that exists, and leaves nothing to undo', async () => {
    await using world = await withBranch();
    expect(await world.call(createBranch)).toMatchObject({
      ok: false,
      error: { code: 'GITHUB_422', retryable: false, unknown: false },
    });
  });

  it('fails when the branch to start from is missing', async () => {
    await using world = await openSandboxWorld(github);
    const outcome = await world.call({ ...createBranch, args: { ...branch, from: 'nowhere' } });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'GITHUB_404', message: expect.stringContaining('"nowhere"') },
    });
  });

  it('is found again after its answer was lost, even when the other branch has moved on', async () => {
    await using world = await openSandboxWorld(github);
    await world.fault({ match: { method: 'POST' }, fault: 'reset_after_effect', times: 1 });

    expect(await world.call(createBranch)).toMatchObject({
      ok: false,
      error: { code: 'GITHUB_NO_ANSWER', unknown: true },
    });
    await world.done({
      action: 'create_or_update_file',
      args: { ...repository, path: 'new.md', content: 'x' },
      key: 'e5'.repeat(20),
    });
    const again = await world.call({ ...createBranch, suspect: true });

    expect(again).toMatchObject({ ok: true, value: { branch: 'campaign/spring' } });
    expect((await world.created()).filter(({ kind }) => kind === 'branch')).toHaveLength(1);
  });

  it('is undone by deleting the branch, once or twice', async () => {
    await using world = await openSandboxWorld(github);
    const result = await world.done(createBranch);

    expect(await world.undo({ ...createBranch, undoAction: 'delete_branch', result })).toEqual({
      ok: true,
      value: { deleted: true },
    });
    expect(await world.undo({ ...createBranch, undoAction: 'delete_branch' })).toEqual({
      ok: true,
      value: { deleted: false },
    });
    expect(await world.standing()).toEqual([]);
  });
});

describe('create_or_update_file', () => {
  it('creates a file, with the key in its commit', async () => {
    await using world = await withBranch();

    expect(await world.done(writeFile)).toMatchObject({ created: true, previous: null, branch: 'campaign/spring' });
    expect(await readFile(world, 'content/a b.md')).toMatchObject({ ok: true, value: { content: 'Frühling' } });
  });

  it('updates a file and keeps what it was', async () => {
    await using world = await withFile();

    const updated = await world.done({ ...writeFile, args: { ...writeFile.args, content: 'Sommer' } });

    expect(updated).toMatchObject({
      created: false,
      previous: { content_base64: Buffer.from('Frühling').toString('base64') },
    });
    expect(await readFile(world, 'content/a b.md')).toMatchObject({ value: { content: 'Sommer' } });
  });

  it('writes nothing when the content is there already, and then has nothing to undo', async () => {
    await using world = await withFile();

    const result = await world.done(writeFile);

    expect(result).toMatchObject({ commit_sha: null });
    expect(await world.undo({ ...writeFile, undoAction: 'delete_file', result })).toBe('nothing to undo');
  });

  it('is found again by its key after its answer was lost', async () => {
    await using world = await withFile();
    const update = { ...writeFile, args: { ...writeFile.args, content: 'Sommer' } };
    await world.fault({ match: { method: 'PUT' }, fault: 'reset_after_effect', times: 1 });

    expect(await world.call(update)).toMatchObject({ ok: false, error: { unknown: true } });
    const again = await world.call({ ...update, suspect: true });

    expect(again).toMatchObject({
      ok: true,
      value: { created: false, previous: { content_base64: Buffer.from('Frühling').toString('base64') } },
    });
    expect((await world.calls()).filter(({ method }) => method === 'PUT')).toHaveLength(2);
  });

  it('is told alike by the act and by a look for it', async () => {
    await using world = await withBranch();

    const acted = await world.done(writeFile);

    expect(await world.done({ ...writeFile, suspect: true })).toEqual(acted);
  });

  it("does not take another's file of the same content for its own", async () => {
    await using world = await withFile();
    expect(await world.call({ ...writeFile, suspect: true })).toMatchObject({ ok: true, value: { commit_sha: null } });
  });

  it('is undone by deleting what it created', async () => {
    await using world = await withBranch();
    const result = await world.done(writeFile);

    expect(await world.undo({ ...writeFile, undoAction: 'delete_file', result })).toEqual({
      ok: true,
      value: { deleted: true, restored: false },
    });
    expect(await readFile(world, 'content/a b.md')).toMatchObject({ ok: false, error: { code: 'GITHUB_404' } });
    expect(await world.undo({ ...writeFile, undoAction: 'delete_file', result })).toMatchObject({
      value: { deleted: false },
    });
  });

  it.each([true, false])('is undone by putting back what it replaced (outcome known: %s)', async (known) => {
    await using world = await withFile();
    const update = { ...writeFile, args: { ...writeFile.args, content: 'Sommer' } };
    const result = await world.done(update);

    const undone = await world.undo({ ...update, undoAction: 'delete_file', ...(known && { result }) });

    expect(undone).toEqual({ ok: true, value: { deleted: false, restored: true } });
    expect(await readFile(world, 'content/a b.md')).toMatchObject({ value: { content: 'Frühling' } });
  });

  it("leaves another's file alone when its own write never happened", async () => {
    await using world = await withFile();

    expect(await world.undo({ ...writeFile, undoAction: 'delete_file' })).toEqual({
      ok: true,
      value: { deleted: false, restored: false },
    });
    expect(await readFile(world, 'content/a b.md')).toMatchObject({ ok: true });
  });
});

describe('create_pull_request', () => {
  it('opens one and is undone by closing it, once or twice', async () => {
    await using world = await withFile();
    const result = await world.done(openPull);

    expect(result).toMatchObject({
      number: expect.any(Number),
      url: expect.stringContaining('/pull/'),
      head: 'campaign/spring',
      base: 'main',
    });
    for (let time = 0; time < 2; time++) {
      expect(await world.undo({ ...openPull, undoAction: 'close_pull_request', result })).toMatchObject({
        ok: true,
        value: { closed: true },
      });
    }
    expect((await world.standing()).filter(({ kind }) => kind === 'pull')).toEqual([]);
  });

  it('is found again by its key after its answer was lost', async () => {
    await using world = await withFile();
    await world.fault({ match: { method: 'POST', path: '/repos/*/pulls' }, fault: 'reset_after_effect', times: 1 });

    expect(await world.call(openPull)).toMatchObject({ ok: false, error: { unknown: true } });
    expect(await world.call({ ...openPull, suspect: true })).toMatchObject({ ok: true });
    expect((await world.created()).filter(({ kind }) => kind === 'pull')).toHaveLength(1);
  });

  it('is closed by its key when its number is unknown, and only if it is ours', async () => {
    await using world = await withFile();
    await world.done(openPull);

    expect(await world.undo({ ...openPull, key: 'f6'.repeat(20), undoAction: 'close_pull_request' })).toMatchObject({
      value: { closed: false },
    });
    expect(await world.undo({ ...openPull, undoAction: 'close_pull_request' })).toMatchObject({
      value: { closed: true },
    });
  });

  it('asks for a number, or for head and key', async () => {
    await using world = await openSandboxWorld(github);
    const outcome = await world.call({ action: 'close_pull_request', args: { ...repository, head: 'x' } });
    expect(outcome).toMatchObject({
      ok: false,
      error: { code: 'INVALID_ARGUMENTS', message: expect.stringContaining('needs number') },
    });
  });
});

describe('failures', () => {
  const at = (seconds: number) => String(Math.floor(Date.now() / 1_000) + seconds);

  it('take 403 with an exhausted limit for "too many", with the wait until it resets', async () => {
    await using world = await openSandboxWorld(github);
    const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': at(60) };
    await world.fault({ fault: 'status', status: 403, headers, times: 1 });

    const outcome = await world.call(createBranch);

    expect(outcome).toMatchObject({ ok: false, error: { code: 'GITHUB_403', kind: 'rate_limit', retryable: true } });
    expect(outcome).toHaveProperty('error.retryAfterMs', expect.closeTo(60_000, -4));
  });

  it('take 403 otherwise for a lack of rights', async () => {
    await using world = await openSandboxWorld(github);
    await world.fault({ fault: 'status', status: 403, times: 1 });
    expect(await world.call(createBranch)).toMatchObject({
      error: { code: 'GITHUB_403', kind: 'ours', retryable: false },
    });
  });

  it('take 409 for a branch that moved meanwhile, worth another try', async () => {
    await using world = await withBranch();
    await world.fault({ match: { method: 'PUT' }, fault: 'status', status: 409, times: 1 });
    expect(await world.call(writeFile)).toMatchObject({
      error: { code: 'GITHUB_409', retryable: true, unknown: false },
    });
  });

  it('refuse to read a file that the contents API leaves out', async () => {
    const large = { type: 'file', path: 'x', sha: 's', size: 2_000_000, encoding: 'none', content: '' };
    await using vendor = await startVendor(answerJson(200, large));
    const registry = createRegistry(
      [github],
      connectTools([github], { GITHUB_TOKEN: 't', GITHUB_BASE_URL: vendor.url }),
    );

    const outcome = await registry.invoke({
      tool: 'github',
      action: 'get_file_content',
      args: { ...repository, path: 'x' },
      key: KEY,
      suspect: false,
      timeoutMs: 5_000,
      tenant: 'acme',
      runId: 'run_1',
    });

    expect(outcome).toMatchObject({ ok: false, error: { code: 'GITHUB_FILE_TOO_LARGE', retryable: false } });
    await registry.close();
  });
});
