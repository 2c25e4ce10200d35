// GitHub's answers about files, folders and commits. Pure.
import { ACCOUNT, apiUrl, nodeId, pageUrl, userBody } from './bodies.ts';
import type { Commit, Person, Repository } from './repository.ts';

/** A path as one commit has it, under the name that the client asked by (a branch or a commit id). */
export interface Spot {
  readonly repository: Repository;
  readonly commit: Commit;
  readonly ref: string;
  readonly path: string;
}

/** A file with its content, base64 in lines of 60 as GitHub breaks them; undefined where the commit has no such file. */
export function fileBody(at: string, spot: Spot) {
  const sha = spot.commit.tree.get(spot.path);
  if (sha === undefined) return undefined;
  const content = spot.repository.blobs.get(sha) ?? Buffer.alloc(0);
  const lines = content.toString('base64').replace(/.{1,60}/g, '$&\n');
  return { ...fileInList(at, spot, sha), encoding: 'base64', content: lines };
}

/** The folders and files right below a folder (`''` is the root); undefined where the commit has no such folder. */
export function folderBody(at: string, spot: Spot) {
  const prefix = spot.path === '' ? '' : `${spot.path}/`;
  const below = [...spot.commit.tree].flatMap(([path, sha]) =>
    path.startsWith(prefix) ? [{ rest: path.slice(prefix.length), sha }] : [],
  );
  if (below.length === 0 && prefix !== '') return undefined;
  const inFolders = below.filter(({ rest }) => rest.includes('/'));
  const folders = new Set(inFolders.map(({ rest }) => rest.slice(0, rest.indexOf('/'))));
  const files = below.filter(({ rest }) => !rest.includes('/'));
  return [
    ...[...folders].map((name) => folderInList(at, { ...spot, path: `${prefix}${name}` })),
    ...files.map(({ rest, sha }) => fileInList(at, { ...spot, path: `${prefix}${rest}` }, sha)),
  ];
}

/** What a change of one file answers; `content` is null once the file is deleted. */
export function fileCommitBody(at: string, spot: Spot) {
  const sha = spot.commit.tree.get(spot.path);
  return {
    content: sha === undefined ? null : fileInList(at, spot, sha),
    commit: gitCommitBody(at, spot.repository, spot.commit),
  };
}

export function commitBody(at: string, repository: Repository, commit: Commit) {
  const { sha, node_id, parents, html_url, ...inner } = gitCommitBody(at, repository, commit);
  const url = `${apiUrl(at, repository)}/commits/${sha}`;
  const account = userBody(at, ACCOUNT.login, 'User');
  return {
    sha,
    node_id,
    url,
    html_url,
    comments_url: `${url}/comments`,
    author: account,
    committer: account,
    parents,
    commit: { ...inner, comment_count: 0 },
  };
}

function fileInList(at: string, { repository, ref, path }: Spot, sha: string) {
  const api = apiUrl(at, repository);
  const page = pageUrl(at, repository);
  return entryBody('file', path, sha, repository.blobs.get(sha)?.length ?? 0, {
    url: `${api}/contents/${path}?ref=${ref}`,
    git_url: `${api}/git/blobs/${sha}`,
    html_url: `${page}/blob/${ref}/${path}`,
    download_url: `${page}/raw/${ref}/${path}`,
  });
}

function folderInList(at: string, { repository, commit, ref, path }: Spot) {
  const api = apiUrl(at, repository);
  return entryBody('dir', path, commit.treeSha, 0, {
    url: `${api}/contents/${path}?ref=${ref}`,
    git_url: `${api}/git/trees/${commit.treeSha}`,
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

function entryBody(type: 'file' | 'dir', path: string, sha: string, size: number, links: EntryLinks) {
  const name = path.split('/').at(-1) ?? path;
  return {
    type,
    name,
    path,
    sha,
    size,
    ...links,
    _links: { self: links.url, git: links.git_url, html: links.html_url },
  };
}

function gitCommitBody(at: string, repository: Repository, commit: Commit) {
  const { sha, parent, treeSha, message, author, committer } = commit;
  const api = apiUrl(at, repository);
  const page = pageUrl(at, repository);
  const dated = (person: Person) => ({ name: person.name, email: person.email, date: commit.at });
  const linkTo = (id: string) => ({
    sha: id,
    url: `${api}/git/commits/${id}`,
    html_url: `${page}/commit/${id}`,
  });
  return {
    ...linkTo(sha),
    node_id: nodeId('Commit', sha),
    message,
    author: dated(author),
    committer: dated(committer),
    parents: parent ? [linkTo(parent.sha)] : [],
    tree: { sha: treeSha, url: `${api}/git/trees/${treeSha}` },
    verification: { verified: false, reason: 'unsigned', signature: null, payload: null, verified_at: null },
  };
}
