// Notion's API of version 2025-09-03: pages, blocks, a data source and the search. It honours no idempotency key.
import { dispatch } from '../../router.ts';
import type { Answer, Double, Surroundings, Vendor, VendorRequest } from '../../vendor.ts';
import { pageRoutes } from './pages.ts';
import { refusal } from './refusals.ts';
import { searchRoutes } from './search.ts';
import { openWorkspace } from './workspace.ts';

export const notion: Vendor = { name: 'notion', open: openNotion };

function openNotion(surroundings: Surroundings): Double {
  const workspace = openWorkspace(surroundings);
  const routes = [...searchRoutes(workspace), ...pageRoutes(workspace)];
  return {
    handle: (request) =>
      unwelcome(request) ?? dispatch(routes, request) ?? refusal(400, 'Invalid request URL.', 'invalid_request_url'),
    refuse: (status, message) => refusal(status, message),
  };
}

/** Notion wants to know who asks and which version of the API is meant. */
function unwelcome({ headers }: VendorRequest): Answer | undefined {
  if (!/^bearer +\S/i.test(headers.authorization ?? '')) return refusal(401);
  const version = headers['notion-version'];
  if (version === '2025-09-03') return undefined;
  const problem = version === undefined ? 'should be defined' : `should be 2025-09-03, instead was ${version}`;
  return refusal(400, `Notion-Version header failed validation: Notion-Version header ${problem}.`, 'missing_version');
}
