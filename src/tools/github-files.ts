// GitHub's actions that write and read a file, one commit a write.
import { z } from 'zod';
import { FailureError, failure } from '../kernel/index.ts';
import { defineAction } from './define-action.ts';
import { changeByKey, contentsPath, fileAt, written } from './github-contents.ts';
import type { StoredFile } from './github-contents.ts';
import { branchName, filePath, messageWithKey, repository } from './github-repository.ts';

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

export const createOrUpdateFile = defineAction({
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

export const getFileContent = defineAction({
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
