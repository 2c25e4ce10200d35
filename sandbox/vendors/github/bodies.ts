// GitHub's answers: how a repository, a branch, a file, a commit and a pull request look in its REST API. Pure.
// `at` is the double's own address: every link in an answer leads back to it.
import { changedPaths, type Commit, commitsBetween, type Person, type Repository } from './repository.ts';

export interface Pull {
  readonly id: number;
  readonly number: number;
  readonly title: string;
  readonly body: string | null;
  readonly state: 'open' | 'closed';
  readonly draft: boolean;
  readonly head: string;
  readonly base: string;
  /** The branches' newest commits; the last known ones once a branch is gone. */
  readonly headCommit: Commit;
  readonly baseCommit: Commit;
  readonly createdAt: string;
  readonly updatedAt: string;
  readonly closedAt: string | null;
}

/** The account that every credential belongs to. */
export const ACCOUNT = { login: 'sandbox-bot', name: 'Sandbox Bot', email: 'bot@sandbox.example' } as const;

const USER_LINKS = ['followers', 'following', 'gists', 'starred', 'subscriptions', 'repos', 'events', 'received_events'];
const REPOSITORY_LINKS = [
  ...['archive', 'assignees', 'blobs', 'branches', 'collaborators', 'comments', 'commits', 'compare', 'contents'],
  ...['contributors', 'deployments', 'downloads', 'events', 'forks', 'git_commits', 'git_refs', 'git_tags', 'hooks'],
  ...['issue_comment', 'issue_events', 'issues', 'keys', 'labels', 'languages', 'merges', 'milestones', 'notifications'],
  ...['pulls', 'releases', 'stargazers', 'statuses', 'subscribers', 'subscription', 'tags', 'teams', 'trees'],
];

export function apiUrl(at: string, { owner, name }: Repository): string {
  return `${at}/repos/${owner}/${name}`;
}

export function pageUrl(at: string, { owner, name }: Repository): string {
  return `${at}/${owner}/${name}`;
}

export function repositoryBody(at: string, repository: Repository) {
  return {
    ...repositoryInList(at, repository),
    subscribers_count: 0,
    network_count: 0,
    organization: userBody(at, repository.owner, 'Organization'),
  };
}

function repositoryInList(at: string, repository: Repository) {
  const { id, owner, name, description, defaultBranch, createdAt } = repository;
  const page = pageUrl(at, repository);
  const api = apiUrl(at, repository);
  const pushedAt = repository.branches.get(defaultBranch)?.at ?? createdAt;
  return {
    ...{ id, node_id: nodeId('Repository', id), name, full_name: `${owner}/${name}`, description, private: false },
    ...{ owner: userBody(at, owner, 'Organization'), fork: false, default_branch: defaultBranch, visibility: 'public' },
    ...{ url: api, html_url: page, clone_url: `${page}.git`, git_url: `${page}.git`, ssh_url: `${page}.git`, svn_url: page },
    ...Object.fromEntries(REPOSITORY_LINKS.map((link) => [`${link}_url`, `${api}/${link.replace('_', '/')}`])),
    ...{ mirror_url: null, homepage: null, language: null, license: null, topics: [], size: 1 },
    ...{ forks: 0, forks_count: 0, stargazers_count: 0, watchers: 0, watchers_count: 0, open_issues: 0, open_issues_count: 0 },
    ...{ has_issues: true, has_projects: true, has_wiki: true, has_pages: false, has_downloads: true, has_discussions: false },
    ...{ archived: false, disabled: false, created_at: createdAt, updated_at: pushedAt, pushed_at: pushedAt },
  };
}

function userBody(at: string, login: string, type: 'User' | 'Organization') {
  const api = `${at}/users/${login}`;
  const id = idOf(login);
  return {
    ...{ login, id, node_id: nodeId(type, id), type, site_admin: false, gravatar_id: '' },
    ...{ url: api, html_url: `${at}/${login}`, avatar_url: `${at}/${login}.png`, organizations_url: `${api}/orgs` },
    ...Object.fromEntries(USER_LINKS.map((link) => [`${link}_url`, `${api}/${link}`])),
  };
}

export function refBody(at: string, repository: Repository, branch: string, { sha }: Commit) {
  const api = apiUrl(at, repository);
  return {
    ref: `refs/heads/${branch}`,
    node_id: nodeId('Ref', `${repository.id}:${branch}`),
    url: `${api}/git/refs/heads/${branch}`,
    object: { type: 'commit', sha, url: `${api}/git/commits/${sha}` },
  };
}

/** A file with its content, base64 in lines of 60 as GitHub breaks them. */
export function fileBody(at: string, repository: Repository, path: string, ref: string, sha: string) {
  const content = repository.blobs.get(sha) ?? Buffer.alloc(0);
  const lines = content.toString('base64').replace(/.{1,60}/g, '$&\n');
  return { ...fileInList(at, repository, path, ref, sha), encoding: 'base64', content: lines };
}

function fileInList(at: string, repository: Repository, path: string, ref: string, sha: string) {
  const size = repository.blobs.get(sha)?.length ?? 0;
  const api = apiUrl(at, repository);
  const page = pageUrl(at, repository);
  return contentsEntry('file', path, sha, size, {
    url: `${api}/contents/${path}?ref=${ref}`,
    git_url: `${api}/git/blobs/${sha}`,
    html_url: `${page}/blob/${ref}/${path}`,
    download_url: `${page}/raw/${ref}/${path}`,
  });
}

/** The files and folders right below a folder (`''` is the root); undefined where the commit has no such folder. */
export function folderBody(at: string, repository: Repository, folder: string, ref: string, { tree, treeSha }: Commit) {
  const prefix = folder === '' ? '' : `${folder}/`;
  const below = [...tree].filter(([path]) => path.startsWith(prefix));
  if (below.length === 0 && folder !== '') return undefined;
  const files = below.filter(([path]) => !path.slice(prefix.length).includes('/'));
  const folders = new Set(below.map(([path]) => path.slice(prefix.length)).filter((rest) => rest.includes('/')).map((rest) => rest.split('/')[0]));
  return [
    ...[...folders].map((name) => folderInList(at, repository, `${prefix}${name}`, ref, treeSha)),
    ...files.map(([path, sha]) => fileInList(at, repository, path, ref, sha)),
  ];
}

function folderInList(at: string, repository: Repository, path: string, ref: string, treeSha: string) {
  const api = apiUrl(at, repository);
  return contentsEntry('dir', path, treeSha, 0, {
    url: `${api}/contents/${path}?ref=${ref}`,
    git_url: `${api}/git/trees/${treeSha}`,
    html_url: `${pageUrl(at, repository)}/tree/${ref}/${path}`,
    download_url: null,
  });
}

interface EntryLinks {
  readonly url: string;
  readonly git_url: string;
  readonly html_url: string;
  readonly download_url: string | null;
}

function contentsEntry(type: 'file' | 'dir', path: string, sha: string, size: number, links: EntryLinks) {
  const name = path.split('/').at(-1) ?? path;
  return { type, name, path, sha, size, ...links, _links: { self: links.url, git: links.git_url, html: links.html_url } };
}

/** What a change of one file answers; `content` is null once the file is deleted. */
export function fileCommitBody(at: string, repository: Repository, path: string, branch: string, commit: Commit) {
  const sha = commit.tree.get(path);
  return {
    content: sha === undefined ? null : fileInList(at, repository, path, branch, sha),
    commit: gitCommitBody(at, repository, commit),
  };
}

function gitCommitBody(at: string, repository: Repository, commit: Commit) {
  const { sha, parent, treeSha, message, author, committer } = commit;
  const api = apiUrl(at, repository);
  const page = pageUrl(at, repository);
  const dated = (person: Person) => ({ ...person, date: commit.at });
  const parents = parent
    ? [{ sha: parent.sha, url: `${api}/git/commits/${parent.sha}`, html_url: `${page}/commit/${parent.sha}` }]
    : [];
  return {
    ...{ sha, node_id: nodeId('Commit', sha), url: `${api}/git/commits/${sha}`, html_url: `${page}/commit/${sha}`, message },
    ...{ author: dated(author), committer: dated(committer), parents, tree: { sha: treeSha, url: `${api}/git/trees/${treeSha}` } },
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
  };
}

export function commitBody(at: string, repository: Repository, commit: Commit) {
  const { sha, node_id, parents, html_url, url, ...inner } = gitCommitBody(at, repository, commit);
  const author = userBody(at, ACCOUNT.login, 'User');
  const comments = { comment_count: 0, comments_url: `${apiUrl(at, repository)}/commits/${sha}/comments` };
  return {
    ...{ sha, node_id, url: `${apiUrl(at, repository)}/commits/${sha}`, html_url, comments_url: comments.comments_url },
    ...{ author, committer: author, parents, commit: { ...inner, url, comment_count: comments.comment_count } },
  };
}

export function pullBody(at: string, repository: Repository, pull: Pull) {
  const commits = commitsBetween(pull.baseCommit, pull.headCommit);
  const paths = changedPaths(pull.baseCommit, pull.headCommit);
  const linesIn = (commit: Commit) => paths.reduce((sum, path) => sum + lineCount(repository, commit.tree.get(path)), 0);
  return {
    ...pullInList(at, repository, pull),
    ...{ merged: false, merged_by: null, mergeable: true, rebaseable: true, mergeable_state: 'clean', maintainer_can_modify: false },
    ...{ comments: 0, review_comments: 0, commits: commits.length, changed_files: paths.length },
    ...{ additions: linesIn(pull.headCommit), deletions: linesIn(pull.baseCommit) },
  };
}

export function pullInList(at: string, repository: Repository, pull: Pull) {
  const { id, number, state, title, body, draft } = pull;
  const side = (branch: string, { sha }: Commit) => ({
    ...{ label: `${repository.owner}:${branch}`, ref: branch, sha },
    ...{ user: userBody(at, repository.owner, 'Organization'), repo: repositoryInList(at, repository) },
  });
  return {
    ...{ id, number, node_id: nodeId('PullRequest', id), state, title, body, draft, locked: false, active_lock_reason: null },
    ...{ user: userBody(at, ACCOUNT.login, 'User'), author_association: 'MEMBER', auto_merge: null, merge_commit_sha: null },
    ...{ labels: [], milestone: null, assignee: null, assignees: [], requested_reviewers: [], requested_teams: [] },
    ...{ created_at: pull.createdAt, updated_at: pull.updatedAt, closed_at: pull.closedAt, merged_at: null },
    ...{ head: side(pull.head, pull.headCommit), base: side(pull.base, pull.baseCommit) },
    ...pullLinks(apiUrl(at, repository), pageUrl(at, repository), pull),
  };
}

function pullLinks(api: string, page: string, { number, headCommit }: Pull) {
  const self = `${api}/pulls/${number}`;
  const html = `${page}/pull/${number}`;
  const issue = `${api}/issues/${number}`;
  const links = {
    ...{ self, html, issue, comments: `${issue}/comments`, review_comments: `${self}/comments` },
    ...{ review_comment: `${api}/pulls/comments{/number}`, commits: `${self}/commits`, statuses: `${api}/statuses/${headCommit.sha}` },
  };
  const { html: html_url, issue: issue_url, self: url, ...rest } = links;
  return {
    ...{ url, html_url, issue_url, diff_url: `${html}.diff`, patch_url: `${html}.patch` },
    ...Object.fromEntries(Object.entries(rest).map(([name, href]) => [`${name}_url`, href])),
    _links: Object.fromEntries(Object.entries(links).map(([name, href]) => [name, { href }])),
  };
}

function lineCount(repository: Repository, sha: string | undefined): number {
  const text = sha === undefined ? '' : (repository.blobs.get(sha)?.toString('utf8') ?? '');
  return text === '' ? 0 : text.replace(/\n$/, '').split('\n').length;
}

function nodeId(type: string, id: number | string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url');
}

/** A stable number for a login. */
function idOf(login: string): number {
  return [...login].reduce((id, letter) => (id * 31 + letter.charCodeAt(0)) % 100_000_000, 7);
}
