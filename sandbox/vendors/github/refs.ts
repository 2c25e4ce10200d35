// Branches, which GitHub's API knows as git refs below `refs/heads/`.
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, VendorRequest } from '../../vendor.ts';
import { refBody } from './bodies.ts';
import { branchHold, fileHold, findProject, fullName, type Hub } from './hub.ts';
import { closePull } from './pulls.ts';
import { notFound, parseBody, refuse } from './refusals.ts';

const createSchema = z.object({ ref: z.string(), sha: z.string() });

/** What git itself refuses in a ref name. */
const BAD_NAME = /[\s\p{Cc}~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|\.lock$|^$/u;

export function refRoutes(hub: Hub): Route[] {
  return [
    route('GET', '/repos/:owner/:repo/git/ref/heads/*branch', (_, owner, name, branch) =>
      getRef(hub, owner, name, branch),
    ),
    route('POST', '/repos/:owner/:repo/git/refs', (request, owner, name) => createRef(hub, request, owner, name)),
    route('DELETE', '/repos/:owner/:repo/git/refs/heads/*branch', (_, owner, name, branch) =>
      deleteRef(hub, owner, name, branch),
    ),
  ];
}

function getRef(hub: Hub, owner: string, name: string, branch: string): Answer {
  const { repository } = findProject(hub, owner, name);
  const commit = repository.branches.get(branch) ?? notFound();
  return { status: 200, body: refBody(hub.at, repository, branch, commit) };
}

function createRef(hub: Hub, request: VendorRequest, owner: string, name: string): Answer {
  const { repository, holds } = findProject(hub, owner, name);
  const { ref, sha } = parseBody(createSchema, request.body);
  const branch = ref.replace(/^refs\/heads\//, '');
  if (branch === ref)
    refuse(
      422,
      ref.startsWith('refs/') ? 'The sandbox keeps branches only' : `Reference name must start with 'refs/'.`,
    );
  if (BAD_NAME.test(branch)) refuse(422, `${ref} is not a valid ref name.`);
  if (repository.branches.has(branch)) refuse(422, 'Reference already exists');
  const commit = repository.commits.get(sha) ?? refuse(422, 'Object does not exist');
  repository.branches.set(branch, commit);
  const repo = fullName(repository);
  holds.set(branchHold(branch), hub.ledger.created('branch', `${repo}:${branch}`, { repository: repo, branch, sha }));
  return { status: 201, body: refBody(hub.at, repository, branch, commit) };
}

/** Takes the branch's files along and closes its open pull requests, as GitHub does. */
function deleteRef(hub: Hub, owner: string, name: string, branch: string): Answer {
  const project = findProject(hub, owner, name);
  const { repository, pulls, holds } = project;
  if (!repository.branches.has(branch)) refuse(422, 'Reference does not exist');
  if (branch === repository.defaultBranch) refuse(422, 'Cannot delete the default branch');
  for (const pull of pulls.values()) {
    if (pull.state === 'open' && (pull.head === branch || pull.base === branch)) closePull(hub, project, pull);
  }
  repository.branches.delete(branch);
  for (const [key, hold] of holds) {
    if (key !== branchHold(branch) && !key.startsWith(fileHold(branch, ''))) continue;
    hold.removed();
    holds.delete(key);
  }
  return { status: 204 };
}
