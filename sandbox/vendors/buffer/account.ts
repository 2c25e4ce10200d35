// The account behind the token: one organization and the social media accounts that are connected to it. Fixtures, read only.
import type { Surroundings } from '../../vendor.ts';

export const ORGANIZATION = { id: '65f0c0de65f0c0de65f0c001', name: 'Acme' } as const;

export interface Channel {
  readonly id: string;
  readonly name: string;
  readonly displayName: string;
  readonly service: string;
  readonly organizationId: string;
  readonly isDisconnected: boolean;
  readonly isLocked: boolean;
  readonly timezone: string;
  /** The longest text its network takes. */
  readonly maxTextLength: number;
}

const usual = { organizationId: ORGANIZATION.id, isDisconnected: false, isLocked: false, timezone: 'Europe/London' };

export const CHANNELS: readonly Channel[] = [
  {
    ...usual,
    id: '65f0c0de65f0c0de65f0c101',
    name: 'acme-inc',
    displayName: 'Acme',
    service: 'linkedin',
    maxTextLength: 3_000,
  },
  {
    ...usual,
    id: '65f0c0de65f0c0de65f0c102',
    name: 'acme',
    displayName: '@acme',
    service: 'twitter',
    maxTextLength: 280,
  },
  {
    ...usual,
    id: '65f0c0de65f0c0de65f0c103',
    name: 'acme',
    displayName: '@acme@mastodon.example',
    service: 'mastodon',
    maxTextLength: 500,
    isLocked: true,
  },
];

export const ACCOUNT = {
  id: '65f0c0de65f0c0de65f0c000',
  email: 'marketing@acme.example',
  name: 'Acme marketing',
  organizations: [{ ...ORGANIZATION, channelCount: CHANNELS.length }],
} as const;

export function recordAccount({ ledger }: Surroundings): void {
  ledger.fixture(ORGANIZATION.id, { type: 'organization', name: ORGANIZATION.name });
  for (const { id, displayName, service } of CHANNELS) {
    ledger.fixture(id, { type: 'channel', name: displayName, service });
  }
}
