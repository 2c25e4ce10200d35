// A git repository as GitHub's API shows it: branches, commits, trees of files. Pure but for the maps it holds.
import { createHash } from 'node:crypto';

/** Path to blob id. */
export type Tree = ReadonlyMap<string, string>;

export interface Person {
  readonly name: string;
  readonly email: string;
}

export interface Commit {
  readonly sha: string;
  readonly parent: Commit | undefined;
  readonly tree: Tree;
  readonly treeSha: string;
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  readonly at: string;
}

export interface Repository {
  readonly id: number;
  readonly owner: string;
  readonly name: string;
  readonly description: string;
  readonly defaultBranch: string;
  readonly createdAt: string;
  /** Branch name to its newest commit. */
  readonly branches: Map<string, Commit>;
  readonly commits: Map<string, Commit>;
  readonly blobs: Map<string, Buffer>;
}

export interface Change {
  readonly branch: string;
  readonly path: string;
  /** Undefined removes the file. */
  readonly content: Buffer | undefined;
  readonly message: string;
  readonly author: Person;
  readonly committer: Person;
  readonly at: string;
}

/** Puts one changed file on top of a branch (a new branch when it has no commit yet). */
export function commitChange(repository: Repository, change: Change): Commit {
  const { branch, path, content, message, author, committer, at } = change;
  const parent = repository.branches.get(branch);
  const files = new Map(parent?.tree);
  if (content === undefined) files.delete(path);
  else files.set(path, storeBlob(repository, content));
  const treeSha = hashObject(
    'tree',
    [...files]
      .map((entry) => entry.join(' '))
      .toSorted()
      .join('\n'),
  );
  const text = [treeSha, parent?.sha, author.email, committer.email, at, message].join('\n');
  const commit = { sha: hashObject('commit', text), parent, tree: files, treeSha, message, author, committer, at };
  repository.commits.set(commit.sha, commit);
  repository.branches.set(branch, commit);
  return commit;
}

/** The commit that a branch name or a commit id stands for. */
export function findCommit(repository: Repository, ref: string): Commit | undefined {
  return repository.branches.get(ref.replace(/^refs\/heads\//, '')) ?? repository.commits.get(ref);
}

/** Newest first. */
export function historyOf(commit: Commit | undefined): Commit[] {
  const history: Commit[] = [];
  for (let at = commit; at; at = at.parent) history.push(at);
  return history;
}

/** Commits that `head` has and `base` has not, newest first. */
export function commitsBetween(base: Commit | undefined, head: Commit): Commit[] {
  const known = new Set(historyOf(base));
  return historyOf(head).filter((commit) => !known.has(commit));
}

/** Paths whose content differs between two commits, in order. */
export function changedPaths(base: Commit | undefined, head: Commit): string[] {
  const paths = new Set([...(base?.tree.keys() ?? []), ...head.tree.keys()]);
  return [...paths].filter((path) => base?.tree.get(path) !== head.tree.get(path)).toSorted();
}

function storeBlob(repository: Repository, content: Buffer): string {
  const sha = hashObject('blob', content);
  repository.blobs.set(sha, content);
  return sha;
}

/** Git's own object id for a blob; for trees and commits one of the same form. */
function hashObject(type: string, content: Buffer | string): string {
  const bytes = Buffer.from(content);
  return createHash('sha1').update(`${type} ${bytes.length}\0`).update(bytes).digest('hex');
}
