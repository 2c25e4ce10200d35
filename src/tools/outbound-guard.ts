// Decides where a request to an address that a user chose may go: resolves the name once, refuses what is not public, and says
// which address to connect to. Looks names up; connects to nothing.
import { lookup as systemLookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { failure, FailureError, type Failure } from '../kernel/index.ts';
import { isPublicAddress } from './public-address.ts';

export interface OutboundOptions {
  /** Its origin is admitted, and `http(s)://<name>.example/…` is served by it under `/pages/<name>/…`. */
  readonly sandboxUrl?: string;
  /** `host` (on one of `ports`) or `host:port`, in lower case: admitted wherever it resolves to. */
  readonly allow?: readonly string[];
  /** Where any public host may be called; by default 80 and 443. */
  readonly ports?: readonly number[];
  /** Every address of a name; by default what the system's resolver says. */
  readonly resolve?: (hostname: string) => Promise<readonly string[]>;
}

/** A checked request's way: connect to `address` and nothing else, whatever the name resolves to by then. */
export interface OutboundTarget {
  readonly url: URL;
  readonly address: string;
  /** The address that was asked for, where the sandbox stands in for it. */
  readonly mappedFrom?: URL;
}

export interface OutboundGuard {
  /** Throws a FailureError: OUTBOUND_REFUSED for what may not be reached, OUTBOUND_UNRESOLVED for a name nobody knows now. */
  check(url: string): Promise<OutboundTarget>;
}

const USUAL_PORTS = [80, 443] as const;

export function createOutboundGuard(options: OutboundOptions = {}): OutboundGuard {
  const { sandboxUrl, allow = [], ports = USUAL_PORTS, resolve = resolveBySystem } = options;
  const sandbox = sandboxUrl === undefined ? undefined : new URL(`${sandboxUrl.replace(/\/+$/, '')}/`);
  const allowed = new Set(allow);
  return {
    async check(text) {
      const asked = parse(text);
      const mapped = sandbox && mapToSandbox(asked, sandbox);
      const url = mapped ?? asked;
      const port = portOf(url);
      const trusted = url.origin === sandbox?.origin || isAllowed(url, port, allowed, ports);
      if (!trusted && !ports.includes(port)) throw refused(url, `port ${port} is none of ${ports.join(', ')}${REMEDY}`);
      const address = await resolveOnce(url, resolve, trusted);
      return { url, address, ...(mapped && { mappedFrom: asked }) };
    },
  };
}

function parse(text: string): URL {
  const url = URL.parse(text);
  if (!url) throw new FailureError(refusal(`"${text.slice(0, 200)}" is not a URL`));
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw refused(url, 'only http and https are spoken');
  if (url.username !== '' || url.password !== '') throw refused(url, 'it holds credentials; send them in a header');
  return url;
}

const EXAMPLE_HOST = /^([a-z0-9-]+)\.example\.?$/;

// The paths below /pages/<name> are the sandbox's to serve; URL has folded every `..` before.
function mapToSandbox(url: URL, sandbox: URL): URL | undefined {
  const name = EXAMPLE_HOST.exec(url.hostname)?.[1];
  if (name === undefined || url.port !== '') return undefined;
  return new URL(`${sandbox.href}pages/${name}${url.pathname}${url.search}`);
}

function portOf(url: URL): number {
  if (url.port !== '') return Number(url.port);
  return url.protocol === 'https:' ? 443 : 80;
}

/** A dot at the end of a name says that it is whole; ours always are. */
function bareHost(url: URL): string {
  return url.hostname.replace(/\.$/, '');
}

function isAllowed(url: URL, port: number, allowed: ReadonlySet<string>, ports: readonly number[]): boolean {
  const host = bareHost(url);
  return allowed.has(`${host}:${port}`) || (ports.includes(port) && allowed.has(host));
}

// One private address among several is enough to refuse: whoever answers so has no honest reason to.
async function resolveOnce(
  url: URL,
  resolve: NonNullable<OutboundOptions['resolve']>,
  trusted: boolean,
): Promise<string> {
  const host = bareHost(url).replace(/^\[|\]$/g, '');
  const addresses = isIP(host) ? [host] : await resolve(host);
  const [first] = addresses;
  if (first === undefined) throw unresolved(url, 'it has no address');
  if (!trusted && !addresses.every(isPublicAddress)) throw refused(url, `it is not on the public internet${REMEDY}`);
  return first;
}

// IPv4 first: only one address is used, and not every network has the other.
async function resolveBySystem(hostname: string): Promise<readonly string[]> {
  try {
    const found = await systemLookup(hostname, { all: true, order: 'ipv4first' });
    return found.map(({ address }) => address);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
    throw unresolved(new URL(`http://${hostname}`), `its name does not resolve (${String(error.code)})`, error);
  }
}

const REMEDY = '; an operator can admit it in BREAKWATER_OUTBOUND_ALLOW';

function refused(url: URL, why: string): FailureError {
  return new FailureError(refusal(`${url.protocol}//${url.host} may not be called: ${why}`));
}

function refusal(message: string): Failure {
  return failure('OUTBOUND_REFUSED', message, { kind: 'refused' });
}

function unresolved(url: URL, why: string, cause?: unknown): FailureError {
  const rest = { kind: 'theirs', retryable: true } as const;
  return new FailureError(failure('OUTBOUND_UNRESOLVED', `${url.host} cannot be reached: ${why}`, rest), { cause });
}
