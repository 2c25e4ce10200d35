// The headers that every answer carries, whatever made it: a browser that shows one may do nothing with it.

/** A page says in a policy of its own what it needs. */
const ALWAYS = {
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
} as const;

/** Once a browser came by https it comes no other way for a year. */
const ONLY_HTTPS = { 'strict-transport-security': 'max-age=31536000' } as const;

/** `behindHttps`: people reach us by https; said over http it would lock them out. */
export function responseHeaders(behindHttps: boolean): Readonly<Record<string, string>> {
  return behindHttps ? { ...ALWAYS, ...ONLY_HTTPS } : ALWAYS;
}
