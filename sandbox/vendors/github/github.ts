// GitHub's REST API: repositories, branches (git refs), files (contents), commits and pull requests.
// It honours no idempotency key: a repeat is stopped by a name that exists (branch, open pull request) or by a file's `sha`.
import { dispatch, route, type Route } from '../../router.ts';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { repositoryBody } from './bodies.ts';
import { commitBody } from './content-bodies.ts';
import { contentsRoutes } from './contents.ts';
import { findProject, type Hub, openHub } from './hub.ts';
import { pullRoutes } from './pulls.ts';
import { refRoutes } from './refs.ts';
import { notFound, refusal } from './refusals.ts';
import { findCommit, historyOf } from './repository.ts';

export const github: Vendor = { name: 'github', open: openGithub };

function openGithub(surroundings: Surroundings): Double {
  const hub = openHub(surroundings);
  const routes = [...repositoryRoutes(hub), ...refRoutes(hub), ...contentsRoutes(hub), ...pullRoutes(hub)];
  return {
    handle: (request) => unwelcome(request) ?? dispatch(routes, request) ?? refusal(404),
    refuse: refusal,
  };
}

/** GitHub turns away whoever does not say what program they are, then whoever does not say who they are. */
function unwelcome({ headers }: VendorRequest): Answer | undefined {
  if (!headers['user-agent']) {
    const body = 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header';
    return { status: 403, headers: { 'content-type': 'text/html' }, body };
  }
  if (!headers.authorization) return refusal(401);
  return /^(bearer|token|basic) +\S/i.test(headers.authorization) ? undefined : refusal(401, 'Bad credentials');
}

function repositoryRoutes(hub: Hub): Route[] {
  return [
    route('GET', '/repos/:owner/:repo', (_, owner, name) => getRepository(hub, owner, name)),
    route('GET', '/repos/:owner/:repo/commits', (request, owner, name) => listCommits(hub, request, owner, name)),
    route('GET', '/repos/:owner/:repo/commits/*ref', (_, owner, name, ref) => getCommit(hub, owner, name, ref)),
  ];
}

function getRepository(hub: Hub, owner: string, name: string): Answer {
  return { status: 200, body: repositoryBody(hub.at, findProject(hub, owner, name).repository) };
}

function listCommits(hub: Hub, { query }: VendorRequest, owner: string, name: string): Answer {
  const { repository } = findProject(hub, owner, name);
  const newest = findCommit(repository, query.get('sha') ?? repository.defaultBranch) ?? notFound();
  const path = query.get('path');
  const touching = historyOf(newest).filter(
    ({ tree, parent }) => path === null || tree.get(path) !== parent?.tree.get(path),
  );
  return { status: 200, body: touching.map((commit) => commitBody(hub.at, repository, commit)) };
}

function getCommit(hub: Hub, owner: string, name: string, ref: string): Answer {
  const { repository } = findProject(hub, owner, name);
  const commit = findCommit(repository, ref) ?? notFound(`No commit found for SHA: ${ref}`);
  return { status: 200, body: commitBody(hub.at, repository, commit) };
}
