// What GitHub's actions share: how a repository is named, and how our key is found again in its commits. https://docs.github.com/en/rest/commits
import { z } from 'zod';
import type { ToolCall } from './tool.ts';

// GitHub has no idempotency key. What can carry our key does (a commit's message, a pull request's body) and is looked up by it;
// a branch can only be recognised by where it points.
export const keyMark = (key: string) => `Breakwater-Key: ${key}`;

export const repository = {
  owner: z.string().min(1).describe('The account that owns the repository, e.g. "acme"'),
  repo: z.string().min(1).describe('The name of the repository without its owner, e.g. "website"'),
};
export const branchName = z
  .string()
  .min(1)
  .describe('The name of the branch without refs/heads/, e.g. "campaign/spring-launch"');
export const filePath = z
  .string()
  .min(1)
  .describe('The path of the file from the root of the repository, e.g. "content/spring.md"');

export interface Repository {
  readonly owner: string;
  readonly repo: string;
}

export const repoPath = ({ owner, repo }: Repository) => ['repos', owner, repo];

/** A commit's message that carries our key. */
export const messageWithKey = (message: string, key: string) => `${message}\n\n${keyMark(key)}`;

const commits = z.array(
  z.object({
    sha: z.string(),
    commit: z.object({ message: z.string() }),
    parents: z.array(z.object({ sha: z.string() })),
  }),
);

/** The latest hundred commits, newest first: far more than happen between an attempt and its repeat. None on an absent branch. */
export async function history(
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
