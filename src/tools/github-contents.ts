// A file of GitHub's as it is and as a change of ours found it. https://docs.github.com/en/rest/repos/contents
import { z } from 'zod';
import { FailureError, failure } from '../kernel/index.ts';
import { history, keyMark, repoPath } from './github-repository.ts';
import type { Repository } from './github-repository.ts';
import type { ToolCall } from './tool.ts';

export const contentsPath = (file: Repository & { path: string }) => [
  ...repoPath(file),
  'contents',
  ...file.path.split('/'),
];

const contents = z.object({
  type: z.literal('file'),
  path: z.string(),
  sha: z.string(),
  size: z.number(),
  encoding: z.string(),
  content: z.string(),
  html_url: z.string().nullish(),
});

/** A file's bytes in base64, without the line breaks GitHub puts in. */
export interface StoredFile {
  readonly sha: string;
  readonly base64: string;
  readonly url: string | null;
}
type FileAt = Repository & { path: string; branch?: string };

export async function fileAt(call: ToolCall, at: FileAt): Promise<StoredFile | undefined> {
  const found = await call.http.find(contentsPath(at), { query: { ref: at.branch }, expect: contents });
  if (!found) return undefined;
  // Above 1 MB GitHub leaves the content out and says "none".
  if (found.encoding !== 'base64')
    throw new FailureError(
      failure('GITHUB_FILE_TOO_LARGE', `"${at.path}" is too large to be read through the contents API`),
    );
  return { sha: found.sha, base64: found.content.replaceAll(/\s/g, ''), url: found.html_url ?? null };
}

/** The commit in which this change was made, and the file as it was just before. Undefined when there is no such commit. */
export async function changeByKey(
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

/** What a write answers. */
export const written = z.object({
  content: z.object({ sha: z.string(), html_url: z.string().nullish() }),
  commit: z.object({ sha: z.string() }),
});
