// The whole page: who is not signed in is asked to; everybody else sees the shell and, in it, what belongs to the address.
import type { ComponentType, JSX } from 'preact';
import { matchPath, type Params } from './model/match-path.ts';
import { LoginPage } from './pages/login.tsx';
import { pages, type PageProps } from './pages/index.ts';
import { RunsPage } from './pages/runs.tsx';
import { Empty } from './parts/notice.tsx';
import { Page } from './parts/page.tsx';
import { Shell } from './parts/shell.tsx';
import { location } from './router.ts';
import { key } from './session.ts';

export function App(): JSX.Element {
  if (key.value === undefined) return <LoginPage />;
  const { path } = location.value;
  const { page: Shown, params } = pageAt(path);
  return (
    <Shell>
      <Shown key={path} params={params} />
    </Shell>
  );
}

function pageAt(path: string): { page: ComponentType<PageProps>; params: Params } {
  if (path === '/') return { page: RunsPage, params: {} };
  for (const { path: pattern, page } of pages) {
    const params = matchPath(pattern, path);
    if (params) return { page, params };
  }
  return { page: NothingHere, params: {} };
}

function NothingHere(): JSX.Element {
  return (
    <Page title="Nothing here">
      <Empty>
        There is no such page. <a href="/runs">All runs</a>
      </Empty>
    </Page>
  );
}
