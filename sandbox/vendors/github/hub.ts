// What the GitHub double holds while it is open: projects with their pull requests, and a hold on every ledger entry it made.
import type { EntryHold, VendorLedger } from '../../ledger.ts';
import type { Surroundings } from '../../vendor.ts';
import { ACCOUNT } from './bodies.ts';
import type { Pull } from './pull-bodies.ts';
import { notFound } from './refusals.ts';
import { commitChange, type Repository } from './repository.ts';

export interface Project {
  readonly repository: Repository;
  readonly pulls: Map<number, Pull>;
  /** By `branchHold`, `fileHold` and `pullHold`. */
  readonly holds: Map<string, EntryHold>;
}

export interface Hub {
  readonly at: string;
  readonly ledger: VendorLedger;
  readonly projects: ReadonlyMap<string, Project>;
  now(): string;
}

interface Fixture {
  readonly name: string;
  readonly description: string;
  readonly files: Readonly<Record<string, string>>;
}

const FIXTURES: readonly Fixture[] = [
  {
    name: 'marketing-campaigns',
    description: 'Content of our campaigns, one folder each',
    files: {
      'README.md':
        '# Marketing campaigns\n\nEvery campaign is a branch and a pull request; what is merged has been published.\n',
    },
  },
  {
    name: 'website',
    description: 'The public website and its blog',
    files: { 'README.md': '# Website\n\nPosts live in `blog/`.\n', 'blog/hello.md': '# Hello\n\nOur first post.\n' },
  },
];

export function openHub({ ledger, clock, baseUrl }: Surroundings): Hub {
  const now = () => new Date(clock.now()).toISOString();
  const projects = FIXTURES.map((fixture, index) => openProject(ledger, now(), index + 1, fixture));
  return {
    at: baseUrl,
    ledger,
    now,
    projects: new Map(projects.map((project) => [fullName(project.repository), project])),
  };
}

function openProject(ledger: VendorLedger, at: string, id: number, fixture: Fixture): Project {
  const { name, description, files } = fixture;
  const maps = { branches: new Map(), commits: new Map(), blobs: new Map() };
  const repository: Repository = {
    id,
    owner: 'acme',
    name,
    description,
    defaultBranch: 'main',
    createdAt: at,
    ...maps,
  };
  const project: Project = { repository, pulls: new Map(), holds: new Map() };
  const full = fullName(repository);
  ledger.fixture(full, { type: 'repository', repository: full, description });
  for (const [path, text] of Object.entries(files)) {
    const content = Buffer.from(text);
    commitChange(repository, {
      branch: 'main',
      path,
      content,
      message: `Add ${path}`,
      author: ACCOUNT,
      committer: ACCOUNT,
      at,
    });
    const hold = ledger.fixture(`${full}:main:${path}`, {
      type: 'file',
      repository: full,
      branch: 'main',
      path,
      content: text,
    });
    project.holds.set(fileHold('main', path), hold);
  }
  project.holds.set(
    branchHold('main'),
    ledger.fixture(`${full}:main`, { type: 'branch', repository: full, branch: 'main' }),
  );
  return project;
}

export function findProject(hub: Hub, owner: string, name: string): Project {
  return hub.projects.get(`${owner}/${name}`.toLowerCase()) ?? notFound();
}

export function fullName({ owner, name }: Repository): string {
  return `${owner}/${name}`;
}

export const branchHold = (branch: string) => `branch:${branch}`;
export const fileHold = (branch: string, path: string) => `file:${branch}:${path}`;
export const pullHold = (number: number) => `pull:${number}`;
