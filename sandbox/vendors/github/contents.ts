// Files, read and changed one at a time; each change is a commit on a branch. A change must name the blob it replaces.
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, VendorRequest } from '../../vendor.ts';
import { ACCOUNT } from './bodies.ts';
import { fileBody, fileCommitBody, folderBody } from './content-bodies.ts';
import { fileHold, findProject, fullName, type Hub, type Project } from './hub.ts';
import { trackHead } from './pulls.ts';
import { notFound, parseBody, refuse } from './refusals.ts';
import { type Commit, commitChange, findCommit } from './repository.ts';

const person = z.object({ name: z.string(), email: z.string() });
const removeSchema = z.object({
  message: z.string(),
  sha: z.string().nullish(),
  branch: z.string().nullish(),
  committer: person.optional(),
  author: person.optional(),
});
const putSchema = removeSchema.extend({ content: z.string() });

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}(?:==)?|[A-Za-z0-9+/]{3}=?)?$/;

export function contentsRoutes(hub: Hub): Route[] {
  return [
    route('GET', '/repos/:owner/:repo/contents', (request, owner, name) => getContents(hub, request, owner, name, '')),
    route('GET', '/repos/:owner/:repo/contents/*path', (request, owner, name, path) =>
      getContents(hub, request, owner, name, path),
    ),
    route('PUT', '/repos/:owner/:repo/contents/*path', (request, owner, name, path) =>
      putFile(hub, request, owner, name, path),
    ),
    route('DELETE', '/repos/:owner/:repo/contents/*path', (request, owner, name, path) =>
      deleteFile(hub, request, owner, name, path),
    ),
  ];
}

function getContents(hub: Hub, { query }: VendorRequest, owner: string, name: string, path: string): Answer {
  const { repository } = findProject(hub, owner, name);
  const ref = query.get('ref') ?? repository.defaultBranch;
  const commit = findCommit(repository, ref) ?? notFound(`No commit found for the ref ${ref}`);
  const spot = { repository, commit, ref, path };
  return { status: 200, body: fileBody(hub.at, spot) ?? folderBody(hub.at, spot) ?? notFound() };
}

function putFile(hub: Hub, request: VendorRequest, owner: string, name: string, path: string): Answer {
  const project = findProject(hub, owner, name);
  const { content, ...input } = parseBody(putSchema, request.body);
  const { branch, tip } = tipOf(project, input.branch);
  const bytes = decodeBase64(content);
  const existing = tip.tree.get(path);
  checkSha(path, existing, input.sha);
  const commit = change(hub, project, { ...input, branch, path, content: bytes });
  recordFile(hub, project, branch, path, bytes, commit);
  const status = existing === undefined ? 201 : 200;
  return { status, body: fileCommitBody(hub.at, { repository: project.repository, commit, ref: branch, path }) };
}

/** GitHub takes the arguments of a DELETE as body or as query. */
function deleteFile(hub: Hub, request: VendorRequest, owner: string, name: string, path: string): Answer {
  const project = findProject(hub, owner, name);
  const input = parseBody(removeSchema, request.body ?? Object.fromEntries(request.query));
  const { branch, tip } = tipOf(project, input.branch);
  const existing = tip.tree.get(path) ?? notFound();
  checkSha(path, existing, input.sha);
  const commit = change(hub, project, { ...input, branch, path, content: undefined });
  project.holds.get(fileHold(branch, path))?.removed();
  project.holds.delete(fileHold(branch, path));
  return { status: 200, body: fileCommitBody(hub.at, { repository: project.repository, commit, ref: branch, path }) };
}

function tipOf({ repository }: Project, wanted: string | null | undefined): { branch: string; tip: Commit } {
  const branch = (wanted ?? repository.defaultBranch).replace(/^refs\/heads\//, '');
  return { branch, tip: repository.branches.get(branch) ?? notFound(`Branch ${branch} not found`) };
}

function checkSha(path: string, existing: string | undefined, sha: string | null | undefined): void {
  if (existing !== undefined && !sha) refuse(422, `Invalid request.\n\n"sha" wasn't supplied.`);
  if (sha && sha !== existing) refuse(409, `${path} does not match ${sha}`);
}

function decodeBase64(content: string): Buffer {
  const text = content.replace(/\s/g, '');
  if (!BASE64.test(text)) refuse(422, 'content is not valid Base64');
  return Buffer.from(text, 'base64');
}

type Wanted = Omit<z.infer<typeof removeSchema>, 'branch' | 'sha'> & {
  branch: string;
  path: string;
  content: Buffer | undefined;
};

function change(hub: Hub, project: Project, { committer = ACCOUNT, author = committer, ...rest }: Wanted): Commit {
  const { branch, path, content, message } = rest;
  const commit = commitChange(project.repository, { branch, path, content, message, author, committer, at: hub.now() });
  trackHead(project, branch, commit);
  return commit;
}

function recordFile(
  hub: Hub,
  { repository, holds }: Project,
  branch: string,
  path: string,
  bytes: Buffer,
  { tree }: Commit,
): void {
  const repo = fullName(repository);
  const data = { repository: repo, branch, path, sha: tree.get(path) ?? '', content: bytes.toString('utf8') };
  const hold = holds.get(fileHold(branch, path));
  if (hold) hold.updated(data);
  else holds.set(fileHold(branch, path), hub.ledger.created('file', `${repo}:${branch}:${path}`, data));
}
