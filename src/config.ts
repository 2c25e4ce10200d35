// The settings: one schema over the environment and an optional .env file, parsed once, every problem reported together. The only reader of process.env.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { z } from 'zod';
import { BreakwaterError, didYouMean, parseDuration, type Problem } from './kernel/index.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** What the app was told, with defaults filled in. Frozen; made once and passed down. */
export interface Config {
  /** The one Postgres for DBOS and for us; absent: an embedded cluster in `dataDir`. */
  readonly databaseUrl?: string;
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  readonly dataDir: string;
  /** Serves the API, executes runs, or both. */
  readonly role: ProcessRole;
  /** The first admin key; absent: one is made at first start. */
  readonly adminKey?: string;
  readonly workflowsDir: string;
  readonly activitySlots: number;
  readonly leaseTtlMs: number;
  readonly groupCheckpoints: boolean;
  /** How long finished runs are kept; undefined: for ever. */
  readonly retentionMs?: number;
  /** Where tools without credentials go instead; absent: nowhere. */
  readonly sandboxUrl?: string;
  /** `host` or `host:port`, in lower case: what tools may call although it is private or on another port. */
  readonly outboundAllow: readonly string[];
  /** The browser of playwright; absent: one is looked for. */
  readonly chromium?: string;
  /** What links in messages begin with; absent: the address listened on. */
  readonly baseUrl?: string;
  /** Signs approval links; absent: one made once and shared through the database. */
  readonly linkKey?: string;
  /** Still accepted, so that links outlive a change of key. */
  readonly previousLinkKey?: string;
  /** Signs what Slack sends us; absent: clicks at Slack are not taken. */
  readonly slackSigningSecret?: string;
  /** The issuer whose tokens open beside our keys; absent: none. */
  readonly oidc?: OidcConfig;
  /** Requests a second that one caller may send to this process; undefined: any number. */
  readonly requestsPerSecond?: number;
  /** The values of `secret://` references, for the tools and hosts that each is for; absent: there are none. */
  readonly secretsFile?: string;
  /** Where spans are sent, over OTLP; absent: nothing is traced. */
  readonly otlp?: { readonly endpoint: string; readonly headers: Readonly<Record<string, string>> };
  readonly logLevel: LogLevel;
  readonly allowUnsafeDurability: boolean;
  /** The API that the CLI calls. */
  readonly apiUrl: string;
  readonly apiKey?: string;
  /** Credentials and addresses for tools, by their environment names. Never logged. */
  readonly toolEnv: Environment;
}

export interface OidcConfig {
  /** Exactly as its tokens write it. */
  readonly issuer: string;
  readonly audience: string;
  /** Where its tokens say whose they are. */
  readonly claims: { readonly user: string; readonly tenant: string; readonly roles: string };
}

export type ProcessRole = (typeof processRoles)[number];
const processRoles = ['all', 'api', 'worker'] as const;

type LogLevel = (typeof logLevels)[number];
const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;

const WORKFLOWS_DIR = 'workflows';
const HOUR_MS = 3_600_000;

const schema = z.object({
  DBOS_SYSTEM_DATABASE_URL: urlText('a Postgres URL (postgres://…)', ['postgres:', 'postgresql:']).optional(),
  HOST: z.string().default('127.0.0.1'),
  PORT: wholeNumber(0, 65_535).default(60_000),
  LOG_LEVEL: oneOf(logLevels).default('info'),
  BREAKWATER_DATA_DIR: z.string().default('.breakwater'),
  BREAKWATER_ADMIN_KEY: z
    .string()
    .regex(/^[\x21-\x7e]+$/, 'must be printable ASCII without spaces')
    .optional(),
  BREAKWATER_ROLE: oneOf(processRoles).default('all'),
  BREAKWATER_WORKFLOWS_DIR: z.string().default(WORKFLOWS_DIR),
  BREAKWATER_ACTIVITY_SLOTS: wholeNumber(1, 10_000).default(64),
  BREAKWATER_LEASE_TTL: duration(500).default(10_000),
  // As text: a default after `off` would take its undefined for an absent value.
  BREAKWATER_RETENTION: z.string().default('30d').pipe(retention()),
  BREAKWATER_GROUP_CHECKPOINTS: onOff().default(true),
  BREAKWATER_SANDBOX: sandboxUrl(),
  BREAKWATER_OUTBOUND_ALLOW: hostList().default([]),
  BREAKWATER_CHROMIUM: z.string().optional(),
  BREAKWATER_BASE_URL: httpUrl().optional(),
  BREAKWATER_LINK_KEY: secret().optional(),
  BREAKWATER_LINK_KEY_PREVIOUS: secret().optional(),
  SLACK_SIGNING_SECRET: secret().optional(),
  BREAKWATER_ALLOW_UNSAFE_DURABILITY: onOff().default(false),
  BREAKWATER_URL: httpUrl().default('http://127.0.0.1:60000'),
  BREAKWATER_KEY: z.string().optional(),
  BREAKWATER_OIDC_ISSUER: issuerUrl().optional(),
  BREAKWATER_OIDC_AUDIENCE: z.string().optional(),
  BREAKWATER_OIDC_ROLES_CLAIM: z.string().default('roles'),
  BREAKWATER_OIDC_TENANT_CLAIM: z.string().default('tenant'),
  BREAKWATER_OIDC_USER_CLAIM: z.string().default('sub'),
  // As text: a default after `off` would take its undefined for an absent value.
  BREAKWATER_RATE_LIMIT: z.string().default('200/s').pipe(rateLimit()),
  BREAKWATER_SECRETS_FILE: z.string().optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl().optional(),
  OTEL_EXPORTER_OTLP_HEADERS: headerList().default({}),
});

/** What the tools that exist may ask for, under their vendors' usual names. */
const toolSchema = z.object({
  FIGMA_TOKEN: z.string().optional(),
  FIGMA_FILE_KEY: z.string().optional(),
  FIGMA_BASE_URL: httpUrl().optional(),
  GITHUB_TOKEN: z.string().optional(),
  GITHUB_BASE_URL: httpUrl().optional(),
  GRAFANA_TOKEN: z.string().optional(),
  GRAFANA_URL: httpUrl().optional(),
  GRAFANA_BASE_URL: httpUrl().optional(),
  NOTION_TOKEN: z.string().optional(),
  NOTION_BASE_URL: httpUrl().optional(),
  SLACK_BOT_TOKEN: z.string().optional(),
  SLACK_BASE_URL: httpUrl().optional(),
  BUFFER_TOKEN: z.string().optional(),
  BUFFER_BASE_URL: httpUrl().optional(),
  SENDGRID_API_KEY: z.string().optional(),
  SENDGRID_BASE_URL: httpUrl().optional(),
  OPENAI_API_KEY: z.string().optional(),
  OPENAI_BASE_URL: httpUrl().optional(),
  OPENAI_MODEL: z.string().optional(),
  SLM_BASE_URL: httpUrl().optional(),
});

/** Every name that means something; `.env.example` explains each. */
export const settingNames: readonly string[] = [...Object.keys(schema.shape), ...Object.keys(toolSchema.shape)];

/** The process's environment over the `.env` file of the folder, if there is one. */
export function readEnvironment(folder = process.cwd(), environment: Environment = process.env): Environment {
  const file = join(folder, '.env');
  return existsSync(file) ? { ...parseEnv(readFileSync(file, 'utf8')), ...environment } : environment;
}

/** The folder of definitions and what is written beside them, even where another setting is wrong. */
export function workflowsDir(environment: Environment): string {
  return environment['BREAKWATER_WORKFLOWS_DIR'] || WORKFLOWS_DIR;
}

/** Parses the settings. Throws one `CONFIG` error that names every unknown name and every bad value. An empty value counts as absent. */
export function loadConfig(environment: Environment): Config {
  const given = Object.fromEntries(
    Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''),
  );
  const settings = schema.safeParse(given);
  const tools = toolSchema.safeParse(given);
  const problems = [
    ...unknownNames(given),
    ...problemsOf(settings.error),
    ...problemsOf(tools.error),
    ...oidcProblems(given),
  ];
  if (!settings.success || !tools.success || problems.length > 0) throw refusal(problems);
  return Object.freeze({ ...named(settings.data), toolEnv: Object.freeze(tools.data) });
}

function named(settings: z.infer<typeof schema>): Omit<Config, 'toolEnv'> {
  return {
    databaseUrl: settings.DBOS_SYSTEM_DATABASE_URL,
    host: settings.HOST,
    port: settings.PORT,
    dataDir: settings.BREAKWATER_DATA_DIR,
    role: settings.BREAKWATER_ROLE,
    adminKey: settings.BREAKWATER_ADMIN_KEY,
    workflowsDir: settings.BREAKWATER_WORKFLOWS_DIR,
    activitySlots: settings.BREAKWATER_ACTIVITY_SLOTS,
    leaseTtlMs: settings.BREAKWATER_LEASE_TTL,
    groupCheckpoints: settings.BREAKWATER_GROUP_CHECKPOINTS,
    retentionMs: settings.BREAKWATER_RETENTION,
    sandboxUrl: settings.BREAKWATER_SANDBOX,
    outboundAllow: settings.BREAKWATER_OUTBOUND_ALLOW,
    chromium: settings.BREAKWATER_CHROMIUM,
    baseUrl: settings.BREAKWATER_BASE_URL,
    linkKey: settings.BREAKWATER_LINK_KEY,
    previousLinkKey: settings.BREAKWATER_LINK_KEY_PREVIOUS,
    slackSigningSecret: settings.SLACK_SIGNING_SECRET,
    oidc: oidcOf(settings),
    requestsPerSecond: settings.BREAKWATER_RATE_LIMIT,
    secretsFile: settings.BREAKWATER_SECRETS_FILE,
    otlp: otlpOf(settings),
    logLevel: settings.LOG_LEVEL,
    allowUnsafeDurability: settings.BREAKWATER_ALLOW_UNSAFE_DURABILITY,
    apiUrl: settings.BREAKWATER_URL,
    apiKey: settings.BREAKWATER_KEY,
  };
}

function otlpOf(settings: z.infer<typeof schema>): Config['otlp'] {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = settings;
  return endpoint === undefined ? undefined : { endpoint, headers };
}

function oidcOf(settings: z.infer<typeof schema>): OidcConfig | undefined {
  const { BREAKWATER_OIDC_ISSUER: issuer, BREAKWATER_OIDC_AUDIENCE: audience } = settings;
  if (issuer === undefined || audience === undefined) return undefined;
  const claims = {
    user: settings.BREAKWATER_OIDC_USER_CLAIM,
    tenant: settings.BREAKWATER_OIDC_TENANT_CLAIM,
    roles: settings.BREAKWATER_OIDC_ROLES_CLAIM,
  };
  return { issuer, audience, claims };
}

// A token for another audience is another's; and half of the settings would open nothing without a word.
function oidcProblems(given: Environment): Problem[] {
  const needed = ['BREAKWATER_OIDC_ISSUER', 'BREAKWATER_OIDC_AUDIENCE'];
  const names = Object.keys(given).filter((name) => needed.includes(name));
  const missing = needed.filter((name) => !names.includes(name));
  return names.length === 0 ? [] : missing.map((path) => ({ path, message: `is missing beside ${names.join(', ')}` }));
}

function unknownNames(given: Environment): Problem[] {
  return Object.keys(given)
    .filter((name) => name.startsWith('BREAKWATER_') && !settingNames.includes(name))
    .map((name) => ({ path: name, message: `is not a setting${didYouMean(name, settingNames)}` }));
}

function problemsOf(error: z.ZodError | undefined): Problem[] {
  return (error?.issues ?? []).map(({ path, message }) => ({ path: String(path[0]), message }));
}

function refusal(problems: readonly Problem[]): BreakwaterError {
  const lines = problems.map(({ path, message }) => `  ${path} ${message}`);
  return new BreakwaterError('CONFIG', ['The settings are wrong:', ...lines].join('\n'), { problems });
}

// The kinds of value. Their messages follow the setting's name; values that may hold a secret are not repeated.

function wholeNumber(min: number, max: number) {
  return z
    .string()
    .transform((text) => (/^\d+$/.test(text) ? Number(text) : NaN))
    .refine((value) => value >= min && value <= max, `must be a whole number from ${min} to ${max}`);
}

function duration(minMs: number) {
  return z
    .string()
    .transform((text) => parseDuration(text) ?? NaN)
    .refine((ms) => ms >= minMs, `must be a duration of at least ${minMs}ms, such as 500ms, 10s or 5m`);
}

/** Undefined for `off`. */
function retention() {
  const why = 'less, and a run could be gone before who started it has seen its result';
  return z
    .string()
    .transform((text) => (text === 'off' ? undefined : (parseDuration(text) ?? NaN)))
    .refine((ms) => ms === undefined || ms >= HOUR_MS, `must be off or a duration of at least 1h, such as 30d: ${why}`);
}

function oneOf<const Value extends string>(values: readonly Value[]) {
  return z.enum(values, {
    error: ({ input }) =>
      `must be one of ${values.join(', ')}, not "${String(input)}"${didYouMean(String(input), values)}`,
  });
}

function onOff() {
  return oneOf(['on', 'off']).transform((value) => value === 'on');
}

function urlText(what: string, protocols: readonly string[]) {
  return z.string().refine((text) => protocols.includes(URL.parse(text)?.protocol ?? ''), `must be ${what}`);
}

function httpUrl() {
  return urlText('an http or https URL', ['http:', 'https:']).transform((url) => url.replace(/\/+$/, ''));
}

const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Kept as it is written: tokens must name it so. */
function issuerUrl() {
  return z.string().refine((text) => {
    const url = URL.parse(text);
    const isSafe = url?.protocol === 'https:' || (url?.protocol === 'http:' && LOOPBACK.test(url.hostname));
    return isSafe && url.search === '' && url.hash === '';
  }, 'must be an https URL, without a query; http only on this machine');
}

/** Undefined for `off`. */
function rateLimit() {
  return z
    .string()
    .transform((text) => (text === 'off' ? undefined : Number(/^(\d{1,6})\/s$/.exec(text)?.[1] ?? 0)))
    .refine((perSecond) => perSecond !== 0, 'must be off or requests a second, such as 200/s');
}

function sandboxUrl() {
  const off = z.literal('off').transform(() => undefined);
  return z.union([off, httpUrl()], { error: 'must be off or an http or https URL' }).optional();
}

const HOST_WITH_PORT = /^(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?$/;

function hostList() {
  return z
    .string()
    .transform((text) =>
      text
        .toLowerCase()
        .split(/[\s,]+/)
        .filter(Boolean),
    )
    .refine(
      (hosts) => hosts.every((host) => HOST_WITH_PORT.test(host) && URL.canParse(`http://${host}`)),
      'must be hosts with or without a port, such as wiki.internal, 10.0.0.7:8080',
    );
}

const HEADER_VALUE = /^(?:[\x20-\x24\x26-\x7e]|%[2-7][0-9a-fA-F])*$/;
const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/;

function secret() {
  return z.string().min(16, 'must have at least 16 characters');
}

/** As OpenTelemetry writes them. */
function headerList() {
  return z
    .string()
    .transform((text) => text.split(',').map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim())))
    .refine(
      (pairs) => pairs.every(([name = '', value = '%']) => HEADER_NAME.test(name) && HEADER_VALUE.test(value)),
      'must be headers such as authorization=Bearer%20abc, with commas between them',
    )
    .transform((pairs) =>
      Object.fromEntries(pairs.map(([name = '', value = '']) => [name, decodeURIComponent(value)] as const)),
    );
}
