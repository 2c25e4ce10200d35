// Who we are at each vendor and where it is, decided once from the environment that config hands over. Pure.
import { BreakwaterError, type Problem } from '../kernel/index.ts';
import { codePrefix } from './http-failure.ts';
import type { Tool } from './tool.ts';

/** An address and an identity at a vendor. */
export interface VendorConnection {
  readonly state: 'connected';
  readonly baseUrl: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Values that must never be shown. */
  readonly secrets: readonly string[];
  readonly settings: Readonly<Record<string, string>>;
  /** True when the tool talks to the sandbox's double because it has no credentials. */
  readonly sandboxed: boolean;
}

export type Connection =
  | VendorConnection
  /** The tool needs none: it works on our own database, or on whatever address it is given. */
  | { readonly state: 'internal' }
  /** Calls are refused, naming the variables to set. */
  | { readonly state: 'missing'; readonly variables: readonly string[] };

export type Connections = ReadonlyMap<string, Connection>;

export type Environment = Readonly<Record<string, string | undefined>>;

export interface AllTools {
  readonly own: readonly Tool[];
  /** By the user, beside the workflows. */
  readonly added: readonly Tool[];
  readonly ownEnvironment: Environment;
  readonly environment: Environment;
  readonly sandboxUrl?: string;
}

/** What a double takes for a credential; it has no meaning anywhere else. */
const SANDBOX_CREDENTIAL = 'sandbox';

/**
 * A tool with credentials goes to its vendor, or to `<TOOL>_BASE_URL`. One without goes to the sandbox's double when there is
 * a sandbox, and is otherwise not configured. Every bad address is reported at once.
 */
export function connectTools(tools: readonly Tool[], env: Environment, sandboxUrl?: string): Connections {
  const problems = tools.flatMap((tool) => addressProblems(tool, env));
  if (problems.length > 0) {
    throw new BreakwaterError('CONFIG', `A tool's address is wrong: ${problems.map((p) => p.message).join('; ')}`, {
      problems,
    });
  }
  return new Map(tools.map((tool) => [tool.name, connect(tool, env, sandboxUrl)]));
}

/** Our own tools find their credentials among the settings, those of a user in the whole environment. */
export function connectAllTools({ own, added, ownEnvironment, environment, sandboxUrl }: AllTools): Connections {
  // The sandbox has no doubles of vendors that a user added, unless they say so.
  const { doubled = [], real = [] } = Object.groupBy(added, ({ vendor }) => (vendor?.hasDouble ? 'doubled' : 'real'));
  return new Map([
    ...connectTools(own, ownEnvironment, sandboxUrl),
    ...connectTools(doubled, environment, sandboxUrl),
    ...connectTools(real, environment),
  ]);
}

/** Every environment name the tools ask for: credentials, addresses and settings. */
export function environmentNames(tools: readonly Tool[]): readonly string[] {
  return tools.flatMap((tool) =>
    tool.vendor ? [...tool.vendor.credentials.names, ...addressNames(tool), ...(tool.vendor.settings ?? [])] : [],
  );
}

function connect(tool: Tool, env: Environment, sandboxUrl: string | undefined): Connection {
  const { vendor } = tool;
  if (!vendor) return { state: 'internal' };
  const ownAddress = addressNames(tool)
    .map((name) => env[name])
    .find(Boolean);
  const address = ownAddress ?? vendor.baseUrl;
  const missing = vendor.credentials.names.filter((name) => !env[name]);
  if (address === undefined) missing.push(...addressNames(tool).slice(-1));
  else if (missing.length === 0) return connectVendor(vendor, env, { address, sandboxed: false });
  if (sandboxUrl === undefined) return { state: 'missing', variables: missing };
  const sandboxEnv = {
    ...env,
    ...Object.fromEntries(vendor.credentials.names.map((name) => [name, SANDBOX_CREDENTIAL])),
  };
  const double = `${sandboxUrl.replace(/\/+$/, '')}/${tool.name}`;
  return connectVendor(vendor, sandboxEnv, { address: ownAddress ?? double, sandboxed: true });
}

function connectVendor(
  vendor: NonNullable<Tool['vendor']>,
  env: Environment,
  { address, sandboxed }: { address: string; sandboxed: boolean },
): VendorConnection {
  const credentials = pick(env, vendor.credentials.names);
  const authorization = vendor.credentials.headers(credentials);
  const baseUrl = (vendor.normalizeBaseUrl?.(address) ?? address).replace(/\/+$/, '');
  return {
    state: 'connected',
    baseUrl,
    headers: { ...vendor.headers, ...authorization },
    secrets: sandboxed ? [] : secretsOf(credentials, authorization),
    settings: pick(env, vendor.settings ?? []),
    sandboxed,
  };
}

// The values themselves and what they became: a vendor may echo `Basic …` or only the part after the scheme.
function secretsOf(
  credentials: Readonly<Record<string, string>>,
  authorization: Readonly<Record<string, string>>,
): string[] {
  const sent = Object.values(authorization);
  return [...Object.values(credentials), ...sent, ...sent.map((value) => value.slice(value.indexOf(' ') + 1))];
}

// Our own name first: it is the more particular one.
function addressNames(tool: Tool): string[] {
  const further = tool.vendor?.baseUrlName;
  return [`${codePrefix(tool.name)}_BASE_URL`, ...(further === undefined ? [] : [further])];
}

function addressProblems(tool: Tool, env: Environment): Problem[] {
  if (!tool.vendor) return [];
  return addressNames(tool).flatMap((name) => {
    const value = env[name];
    return !value || isAddress(value)
      ? []
      : [{ path: name, message: `${name} must be an http or https URL without credentials or query` }];
  });
}

function isAddress(text: string): boolean {
  const url = URL.parse(text);
  return (
    url !== null &&
    /^https?:$/.test(url.protocol) &&
    url.username === '' &&
    url.password === '' &&
    url.search === '' &&
    url.hash === ''
  );
}

function pick(env: Environment, names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
}
