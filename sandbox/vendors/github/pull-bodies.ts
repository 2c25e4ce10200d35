// GitHub's answers about pull requests, whole and in lists. Pure.
import { ACCOUNT, apiUrl, nodeId, pageUrl, repositoryInList, userBody } from './bodies.ts';
import { changedPaths, type Commit, commitsBetween, type Repository } from './repository.ts';

export interface Pull {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: 'open' | 'closed';
  readonly draft: boolean;
  readonly head: string;
  readonly base: string;
  /** The branch's newest commit while the pull request is open; the last one known afterwards. */
  readonly headCommit: Commit;
  /** Where the base was when the pull request was opened. */
  readonly baseCommit: Commit;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
}

/** What no pull request of the double ever differs in: nobody reviews, labels or merges there. */
const IN_LIST_DEFAULTS = {
  locked: false,
  active_lock_reason: null,
  author_association: 'MEMBER',
  auto_merge: null,
  merge_commit_sha: null,
  merged_at: null,
  labels: [],
  milestone: null,
  assignee: null,
  assignees: [],
  requested_reviewers: [],
  requested_teams: [],
};
const WHOLE_DEFAULTS = {
  merged: false,
  merged_by: null,
  mergeable: true,
  rebaseable: true,
  mergeable_state: 'clean',
  maintainer_can_modify: false,
  comments: 0,
  review_comments: 0,
};

export function pullBody(at: string, repository: Repository, pull: Pull) {
  const paths = changedPaths(pull.baseCommit, pull.headCommit);
  const linesIn = ({ tree }: Commit) => paths.reduce((sum, path) => sum + lineCount(repository, tree.get(path)), 0);
  return {
    ...pullInList(at, repository, pull),
    ...WHOLE_DEFAULTS,
    commits: commitsBetween(pull.baseCommit, pull.headCommit).length,
    changed_files: paths.length,
    additions: linesIn(pull.headCommit),
    deletions: linesIn(pull.baseCommit),
  };
}

export function pullInList(at: string, repository: Repository, pull: Pull) {
  const { id, number, state, title, body, draft } = pull;
  return {
    ...IN_LIST_DEFAULTS,
    ...linksOf(at, repository, pull),
    id,
    number,
    node_id: nodeId('PullRequest', id),
    state,
    title,
    body,
    draft,
    user: userBody(at, ACCOUNT.login, 'User'),
    head: sideBody(at, repository, pull.head, pull.headCommit),
    base: sideBody(at, repository, pull.base, pull.baseCommit),
    created_at: pull.createdAt,
    updated_at: pull.updatedAt,
    closed_at: pull.closedAt,
  };
}

function sideBody(at: string, repository: Repository, branch: string, { sha }: Commit) {
  const user = userBody(at, repository.owner, 'Organization');
  return { label: `${repository.owner}:${branch}`, ref: branch, sha, user, repo: repositoryInList(at, repository) };
}

export function pullPage(at: string, repository: Repository, number: number): string {
  return `${pageUrl(at, repository)}/pull/${number}`;
}

function linksOf(at: string, repository: Repository, { number, headCommit }: Pull) {
  const api = apiUrl(at, repository);
  const page = pullPage(at, repository, number);
  const url = `${api}/pulls/${number}`;
  const issue = `${api}/issues/${number}`;
  const below = {
    comments: `${issue}/comments`,
    review_comments: `${url}/comments`,
    review_comment: `${api}/pulls/comments{/number}`,
    commits: `${url}/commits`,
    statuses: `${api}/statuses/${headCommit.sha}`,
  };
  const all = { self: url, html: page, issue, ...below };
  return {
    url,
    html_url: page,
    issue_url: issue,
    diff_url: `${page}.diff`,
    patch_url: `${page}.patch`,
    ...Object.fromEntries(Object.entries(below).map(([name, href]) => [`${name}_url`, href])),
    _links: Object.fromEntries(Object.entries(all).map(([name, href]) => [name, { href }])),
  };
}

function lineCount(repository: Repository, sha: string | undefined): number {
  const text = sha === undefined ? '' : (repository.blobs.get(sha)?.toString('utf8') ?? '');
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}
