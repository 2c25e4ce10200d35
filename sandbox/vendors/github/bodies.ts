// GitHub's answers about repositories, accounts and branches, as its REST API writes them. Pure.
// `at` is the double's own address, here and in the other bodies: every link in an answer leads back to it.
import type { Commit, Repository } from './repository.ts';

/** The account that every credential belongs to. */
export const ACCOUNT = { login: 'sandbox-bot', name: 'Sandbox Bot', email: 'bot@sandbox.example' } as const;

const USER_LINKS = 'followers following gists starred subscriptions organizations repos events received_events'.split(
  ' ',
);
const REPOSITORY_LINKS = `archive assignees blobs branches collaborators comments commits compare contents contributors
  deployments downloads events forks git_commits git_refs git_tags hooks issue_comment issue_events issues keys labels
  languages merges milestones notifications pulls releases stargazers statuses subscribers subscription tags teams
  trees`.split(/\s+/);

/** What no repository of the double ever differs in. */
const REPOSITORY_DEFAULTS = {
  private: false,
  visibility: 'public',
  fork: false,
  mirror_url: null,
  homepage: null,
  language: null,
  license: null,
  topics: [],
  size: 1,
  forks: 0,
  forks_count: 0,
  stargazers_count: 0,
  watchers: 0,
  watchers_count: 0,
  open_issues: 0,
  open_issues_count: 0,
  has_issues: true,
  has_projects: true,
  has_wiki: true,
  has_pages: false,
  has_downloads: true,
  has_discussions: false,
  archived: false,
  disabled: false,
};

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

export function repositoryInList(at: string, repository: Repository) {
  const { id, owner, name, description, defaultBranch, createdAt } = repository;
  const page = pageUrl(at, repository);
  const api = apiUrl(at, repository);
  const pushedAt = repository.branches.get(defaultBranch)?.at ?? createdAt;
  return {
    ...REPOSITORY_DEFAULTS,
    ...linksBelow(api, REPOSITORY_LINKS),
    id,
    node_id: nodeId('Repository', id),
    name,
    full_name: `${owner}/${name}`,
    owner: userBody(at, owner, 'Organization'),
    description,
    default_branch: defaultBranch,
    url: api,
    html_url: page,
    clone_url: `${page}.git`,
    git_url: `${page}.git`,
    ssh_url: `${page}.git`,
    svn_url: page,
    created_at: createdAt,
    updated_at: pushedAt,
    pushed_at: pushedAt,
  };
}

export function userBody(at: string, login: string, type: 'User' | 'Organization') {
  const api = `${at}/users/${login}`;
  const id = idOf(login);
  return {
    ...linksBelow(api, USER_LINKS),
    login,
    id,
    node_id: nodeId(type, id),
    type,
    site_admin: false,
    gravatar_id: '',
    avatar_url: `${at}/${login}.png`,
    url: api,
    html_url: `${at}/${login}`,
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

/** `git_refs` becomes `git_refs_url: <api>/git/refs`. */
function linksBelow(api: string, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [`${name}_url`, `${api}/${name.replace('_', '/')}`]));
}

export function nodeId(type: string, id: number | string): string {
  return Buffer.from(`${type}:${id}`).toString('base64url');
}

/** A stable number for a login. */
function idOf(login: string): number {
  return Array.from(login).reduce((id, letter) => (id * 31 + letter.charCodeAt(0)) % 100_000_000, 7);
}
