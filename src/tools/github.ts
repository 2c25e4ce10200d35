// GitHub's REST API: branches, files, pull requests. https://docs.github.com/en/rest (git/refs, repos/contents, pulls, repos/commits)
import { z } from 'zod';
import { failure, FailureError, type Failure } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import { parseRetryAfter, sentAtMs } from './http-failure.ts';
import type { Tool, ToolCall } from './tool.ts';

// GitHub has no idempotency key. What can carry our key does (a commit's message, a pull request's body) and is looked up by it;
// a branch can only be recognised by where it points.
const keyMark = (key: string) => `Breakwater-Key: ${key}`;

const repository = {
  owner: z.string().min(1).describe('The account that owns the repository, e.g. "acme"'),
  repo: z.string().min(1).describe('The name of the repository without its owner, e.g. "website"'),
};
const branchName = z
  .string()
  .min(1)
  .describe('The name of the branch without refs/heads/, e.g. "campaign/spring-launch"');
const filePath = z
  .string()
  .min(1)
  .describe('The path of the file from the root of the repository, e.g. "content/spring.md"');

interface Repository {
  readonly owner: string;
  readonly repo: string;
}

const repoPath = ({ owner, repo }: Repository) => ['repos', owner, repo];
const contentsPath = (file: Repository & { path: string }) => [...repoPath(file), 'contents', ...file.path.split('/')];
const branchPath = (kind: 'ref' | 'refs', on: Repository & { branch: string }) => [
  ...repoPath(on),
  'git',
  kind,
  'heads',
  ...on.branch.split('/'),
];

// --- Commits

const commits = z.array(
  z.object({
    sha: z.string(),
    commit: z.object({ message: z.string() }),
    parents: z.array(z.object({ sha: z.string() })),
  }),
);

/** The latest hundred commits, newest first: far more than happen between an attempt and its repeat. None on an absent branch. */
async function history(
  call: ToolCall,
  on: Repository,
  query: { sha?: string; path?: string },
): Promise<z.infer<typeof commits>> {
  const found = await call.http.find([...repoPath(on), 'commits'], {
    query: { ...query, per_page: 100 },
    expect: commits,
  });
  return found ?? [];
}

// --- Branches

const reference = z.object({ ref: z.string(), object: z.object({ sha: z.string() }) });

const branchInput = z.strictObject({
  ...repository,
  branch: branchName,
  from: branchName.default('main').describe('The branch to start from'),
});
const branchOutput = z.object({ branch: z.string(), sha: z.string() });

async function headOf(call: ToolCall, on: Repository & { branch: string }): Promise<string | undefined> {
  const found = await call.http.find(branchPath('ref', on), { expect: reference });
  return found?.object.sha;
}

async function requireHead(call: ToolCall, on: Repository & { branch: string }): Promise<string> {
  const sha = await headOf(call, on);
  if (sha === undefined)
    throw new FailureError(failure('GITHUB_404', `github has no branch "${on.branch}" in ${on.owner}/${on.repo}`));
  return sha;
}

const createBranch = defineAction({
  description: 'Creates a branch at the head of another.',
  input: branchInput,
  output: branchOutput,
  effect: true,
  idOf: ({ branch }) => branch,
  keyedBy: 'probe',
  async run(call, input) {
    const sha = await requireHead(call, { ...input, branch: input.from });
    const json = { ref: `refs/heads/${input.branch}`, sha };
    const created = await call.http.request('POST', [...repoPath(input), 'git', 'refs'], { json, expect: reference });
    return { branch: input.branch, sha: created.object.sha };
  },
  // A branch without commits of its own stands where we would have put it, even if `from` has moved on since.
  async probe(call, input) {
    const sha = await headOf(call, input);
    if (sha === undefined) return undefined;
    const base = await history(call, input, { sha: input.from });
    return base.some((commit) => commit.sha === sha) ? { branch: input.branch, sha } : undefined;
  },
  undo: {
    delete_branch: ({ input: { owner, repo, branch } }) => ({ owner, repo, branch }),
  },
});

const deleteBranch = defineAction({
  description: 'Deletes a branch; content when there is none.',
  input: z.strictObject({ ...repository, branch: branchName }),
  output: z.object({ deleted: z.boolean() }),
  effect: true,
  keyedBy: 'probe',
  // GitHub answers 422 both to a missing branch and to one that must not be deleted, so only an existing one is asked for.
  async run(call, input) {
    if ((await headOf(call, input)) === undefined) return { deleted: false };
    return { deleted: await call.http.remove(branchPath('refs', input)) };
  },
});

// --- Files

const contents = z.object({
  type: z.literal('file'),
  path: z.string(),
  sha: z.string(),
  size: z.number(),
  encoding: z.string(),
  content: z.string(),
  html_url: z.string().nullish(),
});
const written = z.object({
  content: z.object({ sha: z.string(), html_url: z.string().nullish() }),
  commit: z.object({ sha: z.string() }),
});

/** A file's bytes in base64, without the line breaks GitHub puts in. */
interface StoredFile {
  readonly sha: string;
  readonly base64: string;
  readonly url: string | null;
}
type FileAt = Repository & { path: string; branch?: string };

async function fileAt(call: ToolCall, at: FileAt): Promise<StoredFile | undefined> {
  const found = await call.http.find(contentsPath(at), { query: { ref: at.branch }, expect: contents });
  if (!found) return undefined;
  // Above 1 MB GitHub leaves the content out and says "none".
  if (found.encoding !== 'base64')
    throw new FailureError(
      failure('GITHUB_FILE_TOO_LARGE', `"${at.path}" is too large to be read through the contents API`),
    );
  return { sha: found.sha, base64: found.content.replaceAll(/\s/g, ''), url: found.html_url ?? null };
}

// The commit in which this change was made, and the file as it was just before. Undefined when there is no such commit.
async function changeByKey(
  call: ToolCall,
  at: FileAt,
  key: string,
): Promise<{ sha: string; previous: StoredFile | undefined } | undefined> {
  const recent = await history(call, at, { sha: at.branch, path: at.path });
  const ours = recent.find(({ commit }) => commit.message.includes(keyMark(key)));
  if (!ours) return undefined;
  const parent = ours.parents[0]?.sha;
  return { sha: ours.sha, previous: parent === undefined ? undefined : await fileAt(call, { ...at, branch: parent }) };
}

const fileInput = z.strictObject({
  ...repository,
  path: filePath,
  branch: branchName.default('main'),
  content: z.string().describe('The whole content of the file as text'),
  message: z.string().min(1).optional().describe('The commit message; by default "Write <path>"'),
});
const previousFile = z.object({ sha: z.string(), content_base64: z.string() });
const fileOutput = z.object({
  path: z.string(),
  branch: z.string(),
  sha: z.string(),
  url: z.string().nullable(),
  commit_sha: z.string().nullable().describe('null when the file had this content already and nothing was written'),
  created: z.boolean(),
  previous: previousFile.nullable().describe('What the file was before; null when there was none'),
});
type FileOutput = z.infer<typeof fileOutput>;

const toPrevious = (file: StoredFile | undefined) => (file ? { sha: file.sha, content_base64: file.base64 } : null);
const toBase64 = (text: string) => Buffer.from(text, 'utf8').toString('base64');

const createOrUpdateFile = defineAction({
  description: 'Writes a text file to a branch in one commit, whether it exists or not.',
  input: fileInput,
  output: fileOutput,
  effect: true,
  idOf: ({ path }) => path,
  keyedBy: 'probe',
  async run(call, input): Promise<FileOutput> {
    const previous = await fileAt(call, input);
    const base64 = toBase64(input.content);
    const { path, branch } = input;
    const common = { path, branch, created: previous === undefined, previous: toPrevious(previous) };
    if (previous?.base64 === base64) return { ...common, sha: previous.sha, url: previous.url, commit_sha: null };
    const json = {
      message: messageWithKey(input.message ?? `Write ${path}`, call.key),
      content: base64,
      branch,
      sha: previous?.sha,
    };
    const made = await call.http.request('PUT', contentsPath(input), { json, expect: written });
    return { ...common, sha: made.content.sha, url: made.content.html_url ?? null, commit_sha: made.commit.sha };
  },
  async probe(call, input): Promise<FileOutput | undefined> {
    const change = await changeByKey(call, input, call.key);
    const now = change && (await fileAt(call, input));
    if (!now) return undefined;
    const { path, branch } = input;
    const created = change.previous === undefined;
    return {
      path,
      branch,
      sha: now.sha,
      url: now.url,
      commit_sha: change.sha,
      created,
      previous: toPrevious(change.previous),
    };
  },
  undo: {
    delete_file: ({ input: { owner, repo, path, branch }, result, key }) => {
      if (result && result.commit_sha === null) return undefined;
      if (!result) return { owner, repo, path, branch, written_by: key };
      return { owner, repo, path, branch, restore_base64: result.previous?.content_base64 };
    },
  },
});

const messageWithKey = (message: string, key: string) => `${message}\n\n${keyMark(key)}`;

const deleteFileInput = z.strictObject({
  ...repository,
  path: filePath,
  branch: branchName.default('main'),
  message: z.string().min(1).optional().describe('The commit message; by default "Delete <path>" or "Restore <path>"'),
  restore_base64: z
    .base64()
    .optional()
    .describe('Put this content back instead of deleting: what the undone write replaced'),
  written_by: z
    .string()
    .optional()
    .describe('Only undo the commit that was made under this key; do nothing when there is none'),
});
type DeleteFileInput = z.infer<typeof deleteFileInput>;
const deleteFileOutput = z.object({ deleted: z.boolean(), restored: z.boolean() });

const deleteFile = defineAction({
  description:
    'Deletes a file from a branch, or puts back what an undone write replaced; content when there is nothing to do.',
  input: deleteFileInput,
  output: deleteFileOutput,
  effect: true,
  keyedBy: 'probe',
  async run(call, input) {
    const before = await stateToRestore(call, input);
    if (!before) return { deleted: false, restored: false };
    const now = await fileAt(call, input);
    if (before.base64 === undefined) return await removeFile(call, input, now);
    return await restoreFile(call, input, now, before.base64);
  },
});

// Without content the file was not there before. Undefined: nothing was written, so nothing is to be undone.
async function stateToRestore(call: ToolCall, input: DeleteFileInput): Promise<{ base64?: string } | undefined> {
  if (input.written_by === undefined) return { base64: input.restore_base64 };
  const change = await changeByKey(call, input, input.written_by);
  return change && { base64: change.previous?.base64 };
}

async function removeFile(
  call: ToolCall,
  input: DeleteFileInput,
  now: StoredFile | undefined,
): Promise<z.infer<typeof deleteFileOutput>> {
  if (!now) return { deleted: false, restored: false };
  const message = messageWithKey(input.message ?? `Delete ${input.path}`, call.key);
  const deleted = await call.http.remove(contentsPath(input), {
    json: { message, sha: now.sha, branch: input.branch },
  });
  return { deleted, restored: false };
}

async function restoreFile(
  call: ToolCall,
  input: DeleteFileInput,
  now: StoredFile | undefined,
  base64: string,
): Promise<z.infer<typeof deleteFileOutput>> {
  if (now?.base64 === base64) return { deleted: false, restored: false };
  const message = messageWithKey(input.message ?? `Restore ${input.path}`, call.key);
  const json = { message, content: base64, branch: input.branch, sha: now?.sha };
  await call.http.request('PUT', contentsPath(input), { json, expect: written });
  return { deleted: false, restored: true };
}

const getFileContent = defineAction({
  description: 'Reads a text file from a branch, tag or commit.',
  input: z.strictObject({
    ...repository,
    path: filePath,
    ref: z.string().min(1).optional().describe('Default: the default branch'),
  }),
  output: z.object({ path: z.string(), sha: z.string(), content: z.string() }),
  effect: false,
  keyedBy: 'none',
  async run(call, { ref, ...input }) {
    const found = await fileAt(call, { ...input, branch: ref });
    if (!found)
      throw new FailureError(
        failure('GITHUB_404', `github has no file "${input.path}" in ${input.owner}/${input.repo}`),
      );
    return { path: input.path, sha: found.sha, content: Buffer.from(found.base64, 'base64').toString('utf8') };
  },
});

// --- Pull requests

const pull = z.object({
  number: z.int(),
  state: z.enum(['open', 'closed']),
  html_url: z.string(),
  body: z.string().nullish(),
});

const pullInput = z.strictObject({
  ...repository,
  title: z.string().min(1),
  head: branchName.describe('The branch with the changes'),
  base: branchName.default('main').describe('The branch to merge into'),
  body: z.string().default('').describe('Markdown'),
  draft: z.boolean().default(false),
});
const pullOutput = z.object({ number: z.int(), url: z.string(), head: z.string(), base: z.string() });

async function openPullByKey(
  call: ToolCall,
  input: Repository & { head: string; base?: string },
  key: string,
): Promise<z.infer<typeof pull> | undefined> {
  const query = { state: 'open', head: `${input.owner}:${input.head}`, base: input.base, per_page: 100 };
  const open = await call.http.request('GET', [...repoPath(input), 'pulls'], { query, expect: z.array(pull) });
  return open.find(({ body }) => body?.includes(keyMark(key)));
}

const createPullRequest = defineAction({
  description: 'Opens a pull request.',
  input: pullInput,
  output: pullOutput,
  effect: true,
  idOf: ({ number }) => `#${number}`,
  keyedBy: 'probe',
  async run(call, input) {
    const { title, head, base, draft } = input;
    const body = `${input.body}\n\n<!-- ${keyMark(call.key)} -->`;
    const json = { title, head, base, body, draft };
    const made = await call.http.request('POST', [...repoPath(input), 'pulls'], { json, expect: pull });
    return { number: made.number, url: made.html_url, head, base };
  },
  async probe(call, input) {
    const found = await openPullByKey(call, input, call.key);
    return found && { number: found.number, url: found.html_url, head: input.head, base: input.base };
  },
  undo: {
    close_pull_request: ({ input: { owner, repo, head }, result, key }) =>
      result ? { owner, repo, number: result.number } : { owner, repo, head, opened_by: key },
  },
});

const closePullInput = z
  .strictObject({
    ...repository,
    number: z.int().positive().optional(),
    head: branchName.optional(),
    opened_by: z.string().optional().describe('Together with head: close the one that was opened under this key'),
  })
  .refine(({ number, head, opened_by }) => number !== undefined || (head !== undefined && opened_by !== undefined), {
    message: 'needs number, or head and opened_by',
  });

const closePullRequest = defineAction({
  description: 'Closes a pull request without merging it; content when it is closed already.',
  input: closePullInput,
  output: z.object({ closed: z.boolean(), number: z.int().nullable() }),
  effect: true,
  keyedBy: 'probe',
  async run(call, input) {
    const number = await numberToClose(call, input);
    if (number === undefined) return { closed: false, number: null };
    const path = [...repoPath(input), 'pulls', String(number)];
    await call.http.request('PATCH', path, { json: { state: 'closed' }, expect: pull });
    return { closed: true, number };
  },
});

async function numberToClose(call: ToolCall, input: z.infer<typeof closePullInput>): Promise<number | undefined> {
  if (input.number !== undefined) return input.number;
  const { owner, repo, head = '', opened_by = '' } = input;
  return (await openPullByKey(call, { owner, repo, head }, opened_by))?.number;
}

// --- The tool

// GitHub says "too many" with 403 as well as 429, and "the branch moved under you" with 409, which a repeat may get past.
// https://docs.github.com/en/rest/using-the-rest-api/rate-limits-for-the-rest-api
function failureOf(status: number, headers: Readonly<Record<string, string>>): Partial<Failure> | undefined {
  if (status === 409) return { kind: 'theirs', retryable: true };
  const exhausted = headers['x-ratelimit-remaining'] === '0';
  if (status !== 429 && !(status === 403 && (exhausted || headers['retry-after'] !== undefined))) return undefined;
  const reset = Number(headers['x-ratelimit-reset']);
  const untilReset = exhausted && Number.isFinite(reset) ? Math.max(0, reset * 1_000 - sentAtMs(headers)) : undefined;
  const retryAfterMs = parseRetryAfter(headers['retry-after'], sentAtMs(headers)) ?? untilReset;
  return { kind: 'rate_limit', retryable: true, ...(retryAfterMs !== undefined && { retryAfterMs }) };
}

export const github = {
  name: 'github',
  vendor: {
    baseUrl: 'https://api.github.com',
    credentials: {
      names: ['GITHUB_TOKEN'],
      headers: (values) => ({ authorization: `Bearer ${values['GITHUB_TOKEN']}` }),
    },
    headers: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
    failureOf,
  },
  actions: {
    create_branch: createBranch,
    delete_branch: deleteBranch,
    create_or_update_file: createOrUpdateFile,
    delete_file: deleteFile,
    get_file_content: getFileContent,
    create_pull_request: createPullRequest,
    close_pull_request: closePullRequest,
  },
} satisfies Tool;
