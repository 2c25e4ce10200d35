// The secrets of this process, for the tool and the tenant that each is for. Their file is read anew when it changes; what was
// read once stays hidden in everything that is stored, logged or shown.
import { BreakwaterError, didYouMean, secretReference, silent, type Emit } from '../kernel/index.ts';
import { createRedactor, type Redactor } from './redact.ts';
import { isFor } from './secrets-document.ts';
import { readSecrets, stampOf, type ReadSecrets, type Secret, type SecretsSource } from './secrets-file.ts';
import { secretArguments, type Tool } from './tool.ts';

/** Who wants to send a secret. */
export interface SecretAsker {
  /** The tool's canonical name. */
  readonly tool: string;
  readonly tenant: string;
}

export type FoundSecret = { readonly ok: true; readonly secret: Secret } | { readonly ok: false; readonly why: string };

export interface Secrets {
  /** Hides the secrets, and whatever else must not show. */
  readonly redactor: Redactor;
  /** Is there a secrets file? */
  readonly isConfigured: boolean;
  find(name: string, asker: SecretAsker): FoundSecret;
  /** Looks whether the file changed, once a second at most. */
  refresh(): void;
}

export interface SecretsOptions extends Pick<SecretsSource, 'environment' | 'defaultTenant'> {
  /** Absent: there are no secrets. */
  readonly file?: string;
  /** All there are; a secret is for one of those that send what they are given. */
  readonly tools: readonly Tool[];
  readonly redactor?: Redactor;
  readonly emit?: Emit;
}

const LOOK_EVERY_MS = 1_000;

/** Throws one CONFIG error that names every problem of the file. */
export function openSecrets({
  file,
  tools,
  redactor = createRedactor(),
  emit = silent,
  ...rest
}: SecretsOptions): Secrets {
  if (file === undefined) return noSecrets(redactor);
  const source: SecretsSource = { ...rest, file, toolByName: sendersByName(tools) };
  let read = readSecrets(source);
  if (read.problems.length > 0) throw refusal(file, read);
  let stamp = stampOf(read.files);
  let lookedAt = performance.now();
  const hideAll = (): void => {
    for (const { name, value } of read.secrets.values()) redactor.hide(value, secretReference(name));
  };
  hideAll();
  return {
    redactor,
    isConfigured: true,
    find: (name, asker) => find(read.secrets, name, asker),
    refresh() {
      if (performance.now() - lookedAt < LOOK_EVERY_MS) return;
      lookedAt = performance.now();
      const seen = stampOf(read.files);
      if (seen === stamp) return;
      stamp = seen;
      const again = readSecrets(source);
      // Half-written or broken: what was known before still holds.
      if (again.problems.length > 0) return tell(emit, file, again);
      read = again;
      stamp = stampOf(read.files);
      hideAll();
      emit({ level: 'info', name: 'tools.secrets_read', fields: { secrets: read.secrets.size } });
    },
  };
}

function sendersByName(tools: readonly Tool[]): ReadonlyMap<string, string> {
  const senders = tools.filter((tool) => secretArguments(tool).length > 0);
  return new Map(senders.flatMap(({ name, aliases = [] }) => [name, ...aliases].map((each) => [each, name] as const)));
}

/** Without a file every reference is refused; credentials are hidden all the same. */
export function noSecrets(redactor: Redactor = createRedactor()): Secrets {
  const why = 'is not known: BREAKWATER_SECRETS_FILE names no file';
  return { redactor, isConfigured: false, find: () => ({ ok: false, why }), refresh: () => undefined };
}

// Of another tenant's secret nothing is told, not even that there is one.
function find(secrets: ReadonlyMap<string, Secret>, name: string, { tool, tenant }: SecretAsker): FoundSecret {
  const own = [...secrets.values()].filter((secret) => isFor(secret, tenant));
  const secret = own.find((each) => each.name === name);
  if (!secret) {
    const names = own.filter((each) => each.tool === tool).map((each) => each.name);
    return { ok: false, why: `is not known${didYouMean(name, names)}` };
  }
  if (secret.tool === tool) return { ok: true, secret };
  return { ok: false, why: `is for the tool "${secret.tool}", not for "${tool}"` };
}

function refusal(file: string, { problems }: ReadSecrets): BreakwaterError {
  const lines = problems.map(({ path, message }) => `  ${path} ${message}`);
  return new BreakwaterError('CONFIG', [`The secrets of ${file} are wrong:`, ...lines].join('\n'), { problems });
}

function tell(emit: Emit, file: string, { problems }: ReadSecrets): void {
  const { message } = refusal(file, { problems, secrets: new Map(), files: [] });
  emit({ level: 'warn', name: 'tools.secrets_kept', fields: { problem: message } });
}
