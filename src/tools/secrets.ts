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
export function openSecrets(options: SecretsOptions): Secrets {
  const { file, tools, environment, defaultTenant, redactor = createRedactor(), emit = silent } = options;
  if (file === undefined) return noSecrets(redactor);
  return new FileSecrets({ file, environment, defaultTenant, toolByName: sendersByName(tools) }, redactor, emit);
}

class FileSecrets implements Secrets {
  readonly isConfigured = true;
  readonly redactor: Redactor;
  readonly #source: SecretsSource;
  readonly #emit: Emit;
  #read: ReadSecrets;
  #stamp: string;
  #lookedAt = performance.now();

  constructor(source: SecretsSource, redactor: Redactor, emit: Emit) {
    this.#source = source;
    this.#emit = emit;
    this.redactor = redactor;
    this.#read = readSecrets(source);
    this.#stamp = stampOf(this.#read.files);
    if (this.#read.problems.length > 0) throw refusal(source, this.#read);
    this.#hideAll();
  }

  find(name: string, asker: SecretAsker): FoundSecret {
    return find(this.#read.secrets, name, asker);
  }

  refresh(): void {
    if (performance.now() - this.#lookedAt < LOOK_EVERY_MS) return;
    this.#lookedAt = performance.now();
    const stamp = stampOf(this.#read.files);
    if (stamp === this.#stamp) return;
    // Taken before it is read: a change meanwhile is seen at the next look.
    this.#stamp = stamp;
    const again = readSecrets(this.#source);
    if (again.problems.length > 0) this.#keep(again);
    else this.#take(again);
  }

  #take(read: ReadSecrets): void {
    this.#read = read;
    this.#hideAll();
    this.#emit({ level: 'info', name: 'tools.secrets_read', fields: { secrets: read.secrets.size } });
  }

  // Half-written or broken: what was known before still holds.
  #keep(broken: ReadSecrets): void {
    const problem = refusal(this.#source, broken).message;
    this.#emit({ level: 'warn', name: 'tools.secrets_kept', fields: { problem } });
  }

  #hideAll(): void {
    for (const { name, value } of this.#read.secrets.values()) this.redactor.hide(value, secretReference(name));
  }
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

function refusal({ file }: SecretsSource, { problems }: ReadSecrets): BreakwaterError {
  const lines = problems.map(({ path, message }) => `  ${path} ${message}`);
  return new BreakwaterError('CONFIG', [`The secrets of ${file} are wrong:`, ...lines].join('\n'), { problems });
}
