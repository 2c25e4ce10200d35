// The secrets file as it is written: which secrets there are, where their values come from and who may use them where. Pure.
import { z } from 'zod';
import { parseSource } from '../definitions/index.ts';
import { didYouMean, isSecretName, type Problem } from '../kernel/index.ts';

/** A secret with its value still to be read. */
export interface SecretEntry {
  readonly name: string;
  readonly source: SecretSource;
  /** Sent before the value, such as `Bearer `. */
  readonly prefix: string;
  /** The only tool that may send it. */
  readonly tool: string;
  /** Where it may be sent: `https://api.partner.example`. */
  readonly origins: ReadonlySet<string>;
  /** Whose definitions may name it; `*`: everyone's. */
  readonly tenants: ReadonlySet<string>;
  /** Of something that is wrong with it outside of the file. */
  problem(message: string): Problem;
}

export type SecretSource =
  | { readonly kind: 'value'; readonly value: string }
  | { readonly kind: 'env'; readonly variable: string }
  | { readonly kind: 'file'; readonly file: string };

export interface SecretsDocument {
  readonly entries: readonly SecretEntry[];
  readonly problems: readonly Problem[];
}

const EVERY_TENANT = '*';

const texts = z.array(z.string().min(1)).min(1);
const entryShape = z.strictObject({
  value: z.string().optional(),
  env: z.string().min(1).optional(),
  file: z.string().min(1).optional(),
  prefix: z.string().default(''),
  tool: z.string().min(1),
  hosts: texts,
  tenant: z.union([z.string().min(1), texts]).optional(),
});
type WrittenEntry = z.output<typeof entryShape>;

const KEYS = Object.keys(entryShape.shape);

/** Problems name keys and places, never what stands there. */
export function parseSecrets(text: string, fileName: string, defaultTenant: string): SecretsDocument {
  const parsed = parseSource(text);
  const problems: Problem[] = parsed.problems.map(({ position, message }) => located(fileName, position, message));
  const report = (path: readonly string[], message: string, part?: 'key'): Problem =>
    located(fileName, parsed.locate(path.map(indexed), part), message);
  if (problems.length > 0) return { entries: [], problems };
  const shape = z.record(z.string(), z.unknown()).safeParse(parsed.value ?? {});
  if (!shape.success) return { entries: [], problems: [report([], 'must be a map of secrets by name')] };
  const entries = Object.entries(shape.data).flatMap(([name, given]): SecretEntry[] => {
    const read = readEntry(name, given);
    if (read.ok) return [toEntry(name, read.entry, defaultTenant, (message) => report([name], message))];
    problems.push(...read.faults.map(({ path, message, part }) => report([name, ...path], message, part)));
    return [];
  });
  return { entries, problems };
}

function located(fileName: string, { line, column }: { line: number; column: number }, message: string): Problem {
  return { path: `${fileName}:${line}:${column}`, line, column, message };
}

const indexed = (part: string): string | number => (/^\d+$/.test(part) ? Number(part) : part);

interface Fault {
  readonly path: readonly string[];
  readonly message: string;
  /** Of a key, rather than of what it holds. */
  readonly part?: 'key';
}

function readEntry(
  name: string,
  given: unknown,
): { readonly ok: true; readonly entry: WrittenEntry } | { readonly ok: false; readonly faults: readonly Fault[] } {
  const faults: Fault[] = [];
  if (!isSecretName(name)) {
    faults.push({
      path: [],
      message: 'a name has letters, digits, ".", "_" and "-", and begins with a letter or digit',
    });
  }
  const parsed = entryShape.safeParse(given);
  if (!parsed.success) return { ok: false, faults: [...faults, ...parsed.error.issues.flatMap(faultsOf)] };
  faults.push(...faultsIn(parsed.data));
  return faults.length > 0 ? { ok: false, faults } : { ok: true, entry: parsed.data };
}

function faultsOf(issue: z.core.$ZodIssue): Fault[] {
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({
      path: [...path, key],
      message: `unknown key "${key}"${didYouMean(key, KEYS)}`,
      part: 'key' as const,
    }));
  }
  const key = path.at(-1);
  return [
    { path, message: key === undefined ? 'must be a map' : `"${path.join('.')}" is missing or of the wrong type` },
  ];
}

function faultsIn({ value, env, file, hosts }: WrittenEntry): Fault[] {
  const sources = [value, env, file].filter((source) => source !== undefined);
  const wrongHosts = hosts.flatMap((host, index) => (originOf(host) === undefined ? [String(index)] : []));
  return [
    ...(sources.length === 1 ? [] : [{ path: [], message: 'must have one of value, env and file' }]),
    ...wrongHosts.map((index) => ({
      path: ['hosts', index],
      message: 'must be a host without a path or "*", such as api.partner.example or http://127.0.0.1:8080',
    })),
  ];
}

function toEntry(
  name: string,
  { value, env, file = '', prefix, tool, hosts, tenant = [] }: WrittenEntry,
  defaultTenant: string,
  problem: SecretEntry['problem'],
): SecretEntry {
  const tenants = [tenant].flat();
  return {
    name,
    source: sourceOf(value, env, file),
    prefix,
    tool,
    origins: new Set(hosts.flatMap((host) => originOf(host) ?? [])),
    tenants: new Set(tenants.length > 0 ? tenants : [defaultTenant]),
    problem: (message) => problem(`${name}: ${message}`),
  };
}

function sourceOf(value: string | undefined, env: string | undefined, file: string): SecretSource {
  if (value !== undefined) return { kind: 'value', value };
  return env === undefined ? { kind: 'file', file } : { kind: 'env', variable: env };
}

/** A host alone means https; plain http has to be asked for. */
function originOf(host: string): string | undefined {
  if (!/^(?:https?:\/\/)?[^\s/?#@*]+$/i.test(host)) return undefined;
  return URL.parse(/^https?:\/\//i.test(host) ? host : `https://${host}`)?.origin;
}

/** May a definition of the tenant name it? */
export function isFor(entry: Pick<SecretEntry, 'tenants'>, tenant: string): boolean {
  return entry.tenants.has(EVERY_TENANT) || entry.tenants.has(tenant);
}
