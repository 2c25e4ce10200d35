// Branches, which GitHub's API knows as git refs below `refs/heads/`.
import { z } from 'zod';
import { route, type Route } from '../../router.ts';
import type { Answer, VendorRequest } from '../../vendor.ts';
import { refBody } from './bodies.ts';
import { branchHold, fileHold, findProject, fullName, type Hub, type Project } from './hub.ts';
import { closePull } from './pulls.ts';
import { notFound, parseBody, refuse } from './refusals.ts';
import type { Repository } from './repository.ts';

const createSchema = z.object({ ref: z.string(), sha: z.string() });

/** What git itself refuses in a ref name. */
const BAD_NAME = /[\s\p{Cc}~^:?*[\\]|\.\.|@\{|\/\/|^\/|\/$|\.$|\.lock$|^$/u;

export function refRoutes(hub: Hub): Route[] {
  return [
    route('GET', '/repos/:owner/:repo/git/ref/*ref', (_, owner, name, ref) => getRef(hub, owner, name, ref)),
    route('POST', '/repos/:owner/:repo/git/refs', (request, owner, name) => createRef(hub, request, owner, name)),
    route('DELETE', '/repos/:owner/:repo/git/refs/*ref', (_, owner, name, ref) => deleteRef(hub, owner, name, ref)),
  ];
}

/** The branch that `heads/<branch>` names; any other ref names none, for the double keeps no tags. */
function branchOf(ref: string): string {
  return ref.startsWith('heads/') ? ref.slice('heads/'.length) : '';
}

function getRef(hub: Hub, owner: string, name: string, ref: string): Answer {
  const { repository } = findProject(hub, owner, name);
  const branch = branchOf(ref);
  const commit = repository.branches.get(branch) ?? notFound();
  return { status: 200, body: refBody(hub.at, repository, branch, commit) };
}

function createRef(hub: Hub, request: VendorRequest, owner: string, name: string): Answer {
  const { repository, holds } = findProject(hub, owner, name);
  const { ref, sha } = parseBody(createSchema, request.body);
  const branch = newBranchOf(repository, ref);
  const commit = repository.commits.get(sha) ?? refuse(422, 'Object does not exist');
  repository.branches.set(branch, commit);
  const repo = fullName(repository);
  holds.set(branchHold(branch), hub.ledger.created('branch', `${repo}:${branch}`, { repository: repo, branch, sha }));
  return { status: 201, body: refBody(hub.at, repository, branch, commit) };
}

/** The branch to create under a ref, or GitHub's refusal. */
function newBranchOf(repository: Repository, ref: string): string {
  if (!ref.startsWith('refs/')) refuse(422, `Reference name must start with 'refs/'.`);
  const branch = branchOf(ref.slice('refs/'.length));
  if (BAD_NAME.test(branch)) refuse(422, `${ref} is not a valid ref name.`);
  return repository.branches.has(branch) ? refuse(422, 'Reference already exists') : branch;
}

/** Takes the branch's files along and closes its open pull requests, as GitHub does. */
function deleteRef(hub: Hub, owner: string, name: string, ref: string): Answer {
  const project = findProject(hub, owner, name);
  const branch = branchOf(ref);
  const { repository, pulls } = project;
  if (!repository.branches.has(branch)) refuse(422, 'Reference does not exist');
  if (branch === repository.defaultBranch) refuse(422, 'Cannot delete the default branch');
  for (const pull of pulls.values()) {
    if (pull.state === 'open' && (pull.head === branch || pull.base === branch)) closePull(hub, project, pull);
  }
  repository.branches.delete(branch);
  markGone(project, branch);
  return { status: 204 };
}

function markGone({ holds }: Project, branch: string): void {
  for (const [key, hold] of holds) {
    if (key !== branchHold(branch) && !key.startsWith(fileHold(branch, ''))) continue;
    hold.removed();
    holds.delete(key);
  }
}
