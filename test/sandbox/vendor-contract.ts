// The vendors' own API descriptions, where they lie beside the project; without them the tests that need them say so.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import addFormats from 'ajv-formats';
import { type Document, OpenAPIBackend } from 'openapi-backend';

export const contractsFolder = fileURLToPath(new URL('../../../shared/vendor-contracts', import.meta.url));

export const contractsPresent = existsSync(contractsFolder);

/** Why a test that needs them is skipped, for its title. */
export const contractsNote = contractsPresent ? '' : ' (skipped: no vendor descriptions in ../shared/vendor-contracts)';

export interface VendorContract {
  /** What the description finds wrong with a request, in words; empty when nothing. */
  requestFaults(method: string, path: string, body?: unknown): string[];
  /** Without a status the reply may be any of those described. */
  replyFaults(operationId: string, status: number | undefined, body: unknown): string[];
  /** The operation that a request is for; undefined when the description knows none. */
  operationOf(method: string, path: string): string | undefined;
}

export async function loadContract(file: string, apiRoot = '/'): Promise<VendorContract> {
  const api = new OpenAPIBackend({
    definition: JSON.parse(readFileSync(`${contractsFolder}/${file}`, 'utf8')) as Document,
    quick: true,
    strict: false,
    apiRoot,
    ajvOpts: { strict: false, logger: false, allErrors: true },
    customizeAjv: (ajv) => {
      addFormats.default(ajv);
      return ajv;
    },
  });
  await api.init();
  const faults = ({ errors }: { errors?: { instancePath: string; message?: string }[] | null }) =>
    (errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  return {
    requestFaults: (method, path, body) => {
      const [pathname = '', search = ''] = path.split('?');
      const query = Object.fromEntries(new URLSearchParams(search));
      return faults(
        api.validateRequest({ method, path: pathname, query, headers: { 'content-type': 'application/json' }, body }),
      );
    },
    replyFaults: (operationId, status, body) => faults(api.validateResponse(body, operationId, status)),
    operationOf: (method, path) => api.matchOperation({ method, path, headers: {} })?.operationId,
  };
}
