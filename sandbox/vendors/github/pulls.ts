// Pull requests: opened between two branches that differ, one open at a time for a pair, listed, changed, closed, reopened.
import { z } from 'zod';
import type { JsonObject } from '../../../src/kernel/index.ts';
import { route, type Route } from '../../router.ts';
import type { Answer, VendorRequest } from '../../vendor.ts';
import { type Pull, pullBody, pullInList, pullPage } from './pull-bodies.ts';
import { findProject, fullName, type Hub, type Project, pullHold } from './hub.ts';
import { notFound, parseBody, validationFailed } from './refusals.ts';
import { type Commit, commitsBetween } from './repository.ts';

const createSchema = z.object({
  title: z.string().nullish(),
  head: z.string(),
  base: z.string(),
  body: z.string().nullish(),
  draft: z.boolean().nullish(),
});
const updateSchema = z.object({
  title: z.string().optional(),
  body: z.string().nullable().optional(),
  state: z.enum(['open', 'closed']).optional(),
});

export function pullRoutes(hub: Hub): Route[] {
  return [
    route('GET', '/repos/:owner/:repo/pulls', (request, owner, name) => listPulls(hub, request, owner, name)),
    route('POST', '/repos/:owner/:repo/pulls', (request, owner, name) => createPull(hub, request, owner, name)),
    route('GET', '/repos/:owner/:repo/pulls/:number', (_, owner, name, number) => getPull(hub, owner, name, number)),
    route('PATCH', '/repos/:owner/:repo/pulls/:number', (request, owner, name, number) =>
      updatePull(hub, request, owner, name, number),
    ),
  ];
}

function listPulls(hub: Hub, { query }: VendorRequest, owner: string, name: string): Answer {
  const { repository, pulls } = findProject(hub, owner, name);
  const state = query.get('state') ?? 'open';
  const head = headFilter(query.get('head'));
  const base = query.get('base');
  const found = [...pulls.values()]
    .filter((pull) => state === 'all' || pull.state === state)
    .filter((pull) => head === undefined || head === `${repository.owner}:${pull.head}`)
    .filter((pull) => base === null || base === pull.base)
    .toSorted((a, b) => (query.get('direction') === 'asc' ? a.number - b.number : b.number - a.number));
  return { status: 200, body: pageOf(found, query).map((pull) => pullInList(hub.at, repository, pull)) };
}

/** GitHub filters by `owner:branch` and silently ignores a bare branch name. */
function headFilter(head: string | null): string | undefined {
  return head?.includes(':') ? head : undefined;
}

function pageOf<T>(items: readonly T[], query: URLSearchParams): readonly T[] {
  const size = Math.min(Math.max(Number(query.get('per_page') ?? 30) || 30, 1), 100);
  const page = Math.max(Number(query.get('page') ?? 1) || 1, 1);
  return items.slice((page - 1) * size, page * size);
}

function createPull(hub: Hub, request: VendorRequest, owner: string, name: string): Answer {
  const project = findProject(hub, owner, name);
  const { repository, pulls, holds } = project;
  const { title, body = null, draft, ...branches } = parseBody(createSchema, request.body);
  if (!title) return validationFailed({ resource: 'PullRequest', code: 'missing_field', field: 'title' });
  const sides = comparable(project, branches.head.replace(`${repository.owner}:`, ''), branches.base);
  const number = pulls.size + 1;
  const at = hub.now();
  const dates = { createdAt: at, updatedAt: at, closedAt: null };
  const pull: Pull = {
    id: repository.id * 1_000 + number,
    number,
    title,
    body,
    draft: draft ?? false,
    state: 'open',
    ...sides,
    ...dates,
  };
  pulls.set(number, pull);
  const id = `${fullName(repository)}#${number}`;
  holds.set(pullHold(number), hub.ledger.created('pull', id, ledgerData(hub, project, pull)));
  return { status: 201, body: pullBody(hub.at, repository, pull) };
}

/** Two branches that a new pull request may join, or GitHub's refusal. */
function comparable(
  { repository, pulls }: Project,
  head: string,
  base: string,
): Pick<Pull, 'head' | 'base' | 'headCommit' | 'baseCommit'> {
  const resource = 'PullRequest';
  const headCommit = repository.branches.get(head) ?? validationFailed({ resource, code: 'invalid', field: 'head' });
  const baseCommit = repository.branches.get(base) ?? validationFailed({ resource, code: 'invalid', field: 'base' });
  if ([...pulls.values()].some((pull) => pull.state === 'open' && pull.head === head && pull.base === base)) {
    validationFailed({
      resource,
      code: 'custom',
      message: `A pull request already exists for ${repository.owner}:${head}.`,
    });
  }
  if (commitsBetween(baseCommit, headCommit).length === 0) {
    validationFailed({ resource, code: 'custom', message: `No commits between ${base} and ${head}` });
  }
  return { head, base, headCommit, baseCommit };
}

function getPull(hub: Hub, owner: string, name: string, number: string): Answer {
  const project = findProject(hub, owner, name);
  return { status: 200, body: pullBody(hub.at, project.repository, findPull(project, number)) };
}

function updatePull(hub: Hub, request: VendorRequest, owner: string, name: string, number: string): Answer {
  const project = findProject(hub, owner, name);
  const { state, ...texts } = parseBody(updateSchema, request.body);
  const pull = { ...findPull(project, number), ...texts, updatedAt: hub.now() };
  if (state === 'closed') closePull(hub, project, pull);
  else if (state === 'open' && pull.state === 'closed') reopenPull(hub, project, pull);
  else savePull(hub, project, pull);
  return { status: 200, body: pullBody(hub.at, project.repository, findPull(project, number)) };
}

export function closePull(hub: Hub, project: Project, pull: Pull): void {
  const closed: Pull = { ...pull, state: 'closed', closedAt: pull.closedAt ?? hub.now(), updatedAt: hub.now() };
  project.pulls.set(pull.number, closed);
  project.holds.get(pullHold(pull.number))?.removed(ledgerData(hub, project, closed));
}

function reopenPull(hub: Hub, project: Project, pull: Pull): void {
  const sides = comparable(project, pull.head, pull.base);
  const open: Pull = { ...pull, ...sides, state: 'open', closedAt: null };
  project.pulls.set(pull.number, open);
  project.holds.get(pullHold(pull.number))?.restored(ledgerData(hub, project, open));
}

function savePull(hub: Hub, project: Project, pull: Pull): void {
  project.pulls.set(pull.number, pull);
  project.holds.get(pullHold(pull.number))?.updated(ledgerData(hub, project, pull));
}

/** An open pull request follows its branch. */
export function trackHead({ pulls }: Project, branch: string, headCommit: Commit): void {
  for (const pull of pulls.values()) {
    if (pull.state === 'open' && pull.head === branch) pulls.set(pull.number, { ...pull, headCommit });
  }
}

function findPull({ pulls }: Project, number: string): Pull {
  return pulls.get(Number(number)) ?? notFound();
}

function ledgerData(hub: Hub, { repository }: Project, pull: Pull): JsonObject {
  const { number, title, body, state, head, base } = pull;
  return {
    repository: fullName(repository),
    number,
    title,
    body,
    state,
    head,
    base,
    url: pullPage(hub.at, repository, number),
  };
}
