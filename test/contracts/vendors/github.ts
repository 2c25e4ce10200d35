// GitHub's contract. https://docs.github.com/en/rest: git/refs, repos/contents, repos/commits, pulls
import { expect } from 'vitest';
import { z } from 'zod';
import { github as tool } from '../../../src/tools/github.ts';
import { CREDENTIAL, type Act, type VendorContract } from '../contract.ts';
import { openApi } from '../descriptions.ts';

const repository = { owner: 'acme', repo: 'marketing-campaigns' };
const REPO = '/repos/acme/marketing-campaigns';
const BRANCH = 'campaign/spring';
const KEYS = { branch: 'b0'.repeat(20), file: 'f1'.repeat(20), change: 'c4'.repeat(20), pull: 'd7'.repeat(20) };

const branch: Act = { action: 'create_branch', args: { ...repository, branch: BRANCH }, key: KEYS.branch };
const place = { ...repository, branch: BRANCH, path: 'content/spring.md' };
const file: Act = {
  action: 'create_or_update_file',
  args: { ...place, content: '# Spring', message: 'Add the content of spring' },
  key: KEYS.file,
};
const change: Act = { ...file, args: { ...place, content: '# Spring again' }, key: KEYS.change };
const pull: Act = {
  action: 'create_pull_request',
  args: { ...repository, title: 'Spring', head: BRANCH, body: 'Please review' },
  key: KEYS.pull,
};

const sha = expect.stringMatching(/^[0-9a-f]{40}$/);
const aBranch = { kind: 'branch', data: { branch: BRANCH } };
const aFile = (content: string) => ({ kind: 'file', data: { branch: BRANCH, path: place.path, content } });
const aPull = {
  kind: 'pull',
  data: { title: 'Spring', head: BRANCH, base: 'main', body: expect.stringContaining(KEYS.pull) },
};

const READ = `GET ${REPO}/contents/content/spring.md?ref=${BRANCH}`;
const READ_BEFORE = `GET ${REPO}/contents/content/spring.md?ref=<commit>`;
const WRITE = `PUT ${REPO}/contents/content/spring.md`;
const FILE_COMMITS = `GET ${REPO}/commits?sha=${BRANCH}&path=content/spring.md&per_page=100`;
const HEAD = `GET ${REPO}/git/ref/heads/${BRANCH}`;

const person = z.looseObject({ name: z.string(), email: z.string(), date: z.iso.datetime() });
const commits = z.array(
  z.looseObject({
    sha: z.string(),
    url: z.url(),
    commit: z.looseObject({ message: z.string(), author: person, committer: person }),
    parents: z.array(z.looseObject({ sha: z.string(), url: z.url() })),
  }),
);
const text = z.string().min(1);

/** GitHub takes slashes in a path and a ref; the description's router wants them encoded. */
function routed(path: string): string {
  return path.replace(
    /\/(contents|git\/refs?)\/(.+)$/,
    (_, kind: string, tail: string) => `/${kind}/${tail.replaceAll('/', '%2F')}`,
  );
}

export const github: VendorContract = {
  tool,
  headers: {
    authorization: `Bearer ${CREDENTIAL}`,
    accept: 'application/vnd.github+json',
    'x-github-api-version': '2022-11-28',
    'user-agent': 'breakwater',
  },
  // Of the two shapes that a 409 may have, every body that fits the one fits the other.
  describe: () => openApi('github.json', { routed, lapses: [/^ must match exactly one schema in oneOf$/] }),
  // "The branch moved under you": a repeat may get past it.
  statuses: { 409: { kind: 'theirs', retryable: true } },
  refusals: [
    {
      title: 'a 403 with Retry-After, which is its second limit',
      strike: { kind: 'status', status: 403, headers: { 'retry-after': '2' } },
      error: { code: 'GITHUB_403', kind: 'rate_limit', retryable: true, retryAfterMs: 2_000 },
    },
  ],
  operations: [
    { route: 'GET /repos/{owner}/{repo}/git/ref/{ref+}' },
    { route: 'POST /repos/{owner}/{repo}/git/refs', body: z.strictObject({ ref: text, sha: text }) },
    { route: 'DELETE /repos/{owner}/{repo}/git/refs/{ref+}' },
    { route: 'GET /repos/{owner}/{repo}/contents/{path+}' },
    {
      route: 'PUT /repos/{owner}/{repo}/contents/{path+}',
      body: z.strictObject({ message: text, content: z.base64(), branch: text, sha: text.optional() }),
    },
    {
      route: 'DELETE /repos/{owner}/{repo}/contents/{path+}',
      body: z.strictObject({ message: text, branch: text, sha: text }),
    },
    // Not in the description.
    { route: 'GET /repos/{owner}/{repo}/commits', answer: commits },
    { route: 'GET /repos/{owner}/{repo}/pulls' },
    {
      route: 'POST /repos/{owner}/{repo}/pulls',
      body: z.strictObject({ title: text, head: text, base: text, body: z.string(), draft: z.boolean().optional() }),
      optional: { draft: 'false by default' },
    },
    {
      route: 'PATCH /repos/{owner}/{repo}/pulls/{pull_number}',
      body: z.strictObject({ state: z.enum(['open', 'closed']) }),
    },
  ],
  cases: [
    {
      ...branch,
      title: 'once',
      sends: [`GET ${REPO}/git/ref/heads/main`, `POST ${REPO}/git/refs`],
      answers: { branch: BRANCH, sha },
      leaves: [aBranch],
    },
    {
      ...branch,
      title: 'done before',
      suspect: true,
      after: [branch],
      sends: [HEAD, `GET ${REPO}/commits?sha=main&per_page=100`],
      answers: { branch: BRANCH, sha },
      leaves: [aBranch],
    },
    {
      title: 'of a branch',
      action: 'delete_branch',
      args: { ...repository, branch: BRANCH },
      after: [branch],
      sends: [HEAD, `DELETE ${REPO}/git/refs/heads/${BRANCH}`],
      answers: { deleted: true },
      repeated: { deleted: expect.any(Boolean) },
      gone: { 0: { deleted: false }, 1: { deleted: false } },
      leaves: [],
    },
    {
      title: 'of none',
      action: 'delete_branch',
      args: { ...repository, branch: BRANCH },
      sends: [HEAD],
      answers: { deleted: false },
      leaves: [],
    },
    {
      ...file,
      title: 'a new one',
      after: [branch],
      sends: [READ, WRITE],
      answers: { path: place.path, branch: BRANCH, sha, commit_sha: sha, created: true, previous: null },
      gone: { 0: { created: true } },
      leaves: [aBranch, aFile('# Spring')],
    },
    {
      ...change,
      title: 'another content',
      after: [branch, file],
      sends: [READ, WRITE],
      answers: { sha, commit_sha: sha, created: false, previous: { sha, content_base64: 'IyBTcHJpbmc=' } },
      leaves: [aBranch, aFile('# Spring again')],
    },
    {
      ...change,
      title: 'the same content',
      after: [branch, file, { ...change, key: 'e5'.repeat(20) }],
      sends: [READ],
      answers: { sha, commit_sha: null, created: false },
      leaves: [aBranch, aFile('# Spring again')],
    },
    {
      ...change,
      title: 'done before',
      suspect: true,
      after: [branch, file, change],
      sends: [FILE_COMMITS, READ_BEFORE, READ],
      answers: { sha, commit_sha: sha, created: false, previous: { sha, content_base64: 'IyBTcHJpbmc=' } },
      leaves: [aBranch, aFile('# Spring again')],
    },
    {
      title: 'of a file',
      action: 'delete_file',
      args: place,
      after: [branch, file],
      sends: [READ, `DELETE ${REPO}/contents/content/spring.md`],
      answers: { deleted: true, restored: false },
      repeated: { deleted: expect.any(Boolean), restored: false },
      gone: { 0: { deleted: false, restored: false }, 1: { deleted: false, restored: false } },
      leaves: [aBranch],
    },
    {
      title: 'back to what was there before',
      action: 'delete_file',
      args: { ...place, restore_base64: 'IyBTcHJpbmc=' },
      after: [branch, file, change],
      sends: [READ, WRITE],
      answers: { deleted: false, restored: true },
      leaves: [aBranch, aFile('# Spring')],
    },
    {
      title: 'of what was written under a key',
      action: 'delete_file',
      args: { ...place, written_by: KEYS.change },
      after: [branch, file, change],
      sends: [FILE_COMMITS, READ_BEFORE, READ, WRITE],
      answers: { deleted: false, restored: true },
      leaves: [aBranch, aFile('# Spring')],
    },
    {
      title: 'of a branch',
      action: 'get_file_content',
      args: { ...repository, path: place.path, ref: BRANCH },
      after: [branch, file],
      sends: [READ],
      answers: { path: place.path, sha, content: '# Spring' },
      leaves: [aBranch, aFile('# Spring')],
    },
    {
      ...pull,
      title: 'once',
      after: [branch, file],
      sends: [`POST ${REPO}/pulls`],
      answers: { number: 1, url: expect.stringContaining('/pull/1'), head: BRANCH, base: 'main' },
      leaves: [aBranch, aFile('# Spring'), aPull],
    },
    {
      ...pull,
      title: 'done before',
      suspect: true,
      after: [branch, file, pull],
      sends: [`GET ${REPO}/pulls?state=open&head=acme:${BRANCH}&base=main&per_page=100`],
      answers: { number: 1, head: BRANCH, base: 'main' },
      leaves: [aBranch, aFile('# Spring'), aPull],
    },
    {
      title: 'by its number',
      action: 'close_pull_request',
      args: { ...repository, number: 1 },
      after: [branch, file, pull],
      sends: [`PATCH ${REPO}/pulls/1`],
      answers: { closed: true, number: 1 },
      leaves: [aBranch, aFile('# Spring')],
    },
    {
      title: 'by its key',
      action: 'close_pull_request',
      args: { ...repository, head: BRANCH, opened_by: KEYS.pull },
      after: [branch, file, pull],
      sends: [`GET ${REPO}/pulls?state=open&head=acme:${BRANCH}&per_page=100`, `PATCH ${REPO}/pulls/1`],
      answers: { closed: true, number: 1 },
      leaves: [aBranch, aFile('# Spring')],
    },
  ],
};
