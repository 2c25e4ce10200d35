// The folders that dashboards go into. Fixtures, read only.
import { route, type Route } from '../../router.ts';
import type { VendorLedger } from '../../ledger.ts';
import { refuse } from './refusals.ts';

export const FOLDERS = [
  { id: 1, uid: 'marketing', title: 'Marketing' },
  { id: 2, uid: 'operations', title: 'Operations' },
] as const;

export function recordFolders(ledger: VendorLedger): void {
  for (const { uid, title } of FOLDERS) ledger.fixture(uid, { type: 'folder', uid, title });
}

export function folderRoutes(): Route[] {
  return [
    route('GET', '/api/folders', () => ({ status: 200, body: FOLDERS })),
    route('GET', '/api/folders/:uid', (_, uid) => ({
      status: 200,
      body: FOLDERS.find((folder) => folder.uid === uid) ?? refuse(404, 'folder not found'),
    })),
  ];
}
