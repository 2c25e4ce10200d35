// Every page: where it is, what it is called in the navigation, and what draws it. src/http/dashboard.ts serves the same addresses.
import type { ComponentType } from 'preact';
import type { Params } from '../model/match-path.ts';
import { lazily } from '../parts/lazily.tsx';
import type { SignName } from '../parts/sign.tsx';
import { RunsPage } from './runs.tsx';

export interface PageProps {
  readonly params: Params;
}

export interface PageEntry {
  readonly path: string;
  readonly page: ComponentType<PageProps>;
  /** Absent: no entry in the navigation. */
  readonly nav?: { readonly name: string; readonly sign: SignName };
}

export const pages: readonly PageEntry[] = [
  { path: '/runs', page: RunsPage, nav: { name: 'Runs', sign: 'runs' } },
  { path: '/runs/:id', page: lazily(async () => (await import('./run.tsx')).RunPage) },
  {
    path: '/failures',
    page: lazily(async () => (await import('./failures.tsx')).FailuresPage),
    nav: { name: 'Failures', sign: 'failures' },
  },
  {
    path: '/approvals',
    page: lazily(async () => (await import('./approvals.tsx')).ApprovalsPage),
    nav: { name: 'Approvals', sign: 'approvals' },
  },
  { path: '/approvals/:id', page: lazily(async () => (await import('./approval.tsx')).ApprovalPage) },
  {
    path: '/attention',
    page: lazily(async () => (await import('./attention.tsx')).AttentionPage),
    nav: { name: 'Attention', sign: 'alert' },
  },
  {
    path: '/definitions',
    page: lazily(async () => (await import('./definitions.tsx')).DefinitionsPage),
    nav: { name: 'Definitions', sign: 'definitions' },
  },
  { path: '/definitions/:name', page: lazily(async () => (await import('./definition.tsx')).DefinitionPage) },
  {
    path: '/breakers',
    page: lazily(async () => (await import('./breakers.tsx')).BreakersPage),
    nav: { name: 'Breakers', sign: 'breakers' },
  },
  {
    path: '/executors',
    page: lazily(async () => (await import('./executors.tsx')).ExecutorsPage),
    nav: { name: 'Executors', sign: 'executors' },
  },
  {
    path: '/audit',
    page: lazily(async () => (await import('./audit.tsx')).AuditPage),
    nav: { name: 'Audit', sign: 'audit' },
  },
];
