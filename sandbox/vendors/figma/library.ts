// What the Figma double came with: one design file of a logistics company, and the components its marketing publishes. Fixtures.
import type { VendorLedger } from '../../ledger.ts';
import { refuse } from './refusals.ts';

export interface Component {
  readonly key: string;
  readonly node_id: string;
  readonly name: string;
  readonly description: string;
  readonly width: number;
  readonly height: number;
}

export interface DesignFile {
  readonly key: string;
  readonly name: string;
  readonly folder_name: string;
  readonly version: string;
  readonly components: readonly Component[];
}

export const DESIGNER = { id: '900000000000000001', handle: 'Ines Duarte', img_url: 'https://images.example/ines.png' };

const FILE: DesignFile = {
  key: 'harborBrand01',
  name: 'Harbor brand templates',
  folder_name: 'Marketing',
  version: '2263781925',
  components: [
    {
      key: '3f1c0d5e9a7b4c21b0de5a6f7c8d9e01a2b3c4d5',
      node_id: '12:101',
      name: 'email_banner',
      description: 'Top of every e-mail, 600 by 200. Headline of 40 letters at most.',
      width: 600,
      height: 200,
    },
    {
      key: '3f1c0d5e9a7b4c21b0de5a6f7c8d9e01a2b3c4d6',
      node_id: '12:102',
      name: 'social_post_image',
      description: 'Square for every network. Tagline only.',
      width: 1080,
      height: 1080,
    },
    {
      key: '3f1c0d5e9a7b4c21b0de5a6f7c8d9e01a2b3c4d7',
      node_id: '12:103',
      name: 'blog_header',
      description: 'Wide picture above a post, 1200 by 630.',
      width: 1200,
      height: 630,
    },
  ],
};

export function recordLibrary(ledger: VendorLedger): void {
  ledger.fixture(FILE.key, { type: 'file', name: FILE.name });
  for (const { key, node_id, name } of FILE.components)
    ledger.fixture(key, { type: 'component', file_key: FILE.key, node_id, name });
}

/** `missing` ends the request in the endpoint's own way. */
export function findFile(key: string, missing: () => never = () => refuse(404)): DesignFile {
  return key === FILE.key ? FILE : missing();
}
