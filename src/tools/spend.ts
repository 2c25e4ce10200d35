// Puts secrets in the place of their references, at the last moment before an action gets its arguments: whatever is recorded,
// keyed or shown was made of the references. Pure but for the secrets it asks for.
import {
  failure,
  FailureError,
  mapTexts,
  secretNamed,
  secretPlaces,
  secretReference,
  isJsonObject,
  type Failure,
  type JsonObject,
  type Problem,
  type SecretPlace,
} from '../kernel/index.ts';
import type { Secret } from './secrets-file.ts';
import type { Secrets } from './secrets.ts';
import { secretArguments, type Tool } from './tool.ts';

/** Arguments as they were recorded, and where their author wrote references. */
export interface SecretUse {
  readonly tenant: string;
  readonly args: JsonObject;
  /** Absent: nowhere. A reference at any other place came from an input or an answer, and is worth nothing. */
  readonly secrets?: readonly SecretPlace[];
}

/** Throws a FailureError where a secret among the arguments must not go to this address. */
export type Admit = (address: string) => void;

export type Spending =
  | { readonly ok: true; readonly args: JsonObject; readonly admit: Admit }
  | { readonly ok: false; readonly error: Failure };

export function spendSecrets(secrets: Secrets, tool: Tool, use: SecretUse): Spending {
  const problems = secretProblems(secrets, tool, use);
  if (problems.length > 0) return { ok: false, error: refusal(problems.map(({ message }) => message).join('; ')) };
  const spent = new Map<string, Secret>();
  const args = mapTexts(use.args, (text) => {
    const name = secretNamed(text);
    const found = name === undefined ? undefined : secrets.find(name, { tool: tool.name, tenant: use.tenant });
    if (!found?.ok) return text;
    spent.set(found.secret.name, found.secret);
    return found.secret.sent;
  });
  if (!isJsonObject(args)) throw new TypeError('arguments are an object');
  return { ok: true, args, admit: (address) => admitAll([...spent.values()], address) };
}

/** What keeps references from being spent, each at its JSON pointer. */
export function secretProblems(
  secrets: Secrets,
  tool: Tool,
  { args, tenant, secrets: written = [] }: SecretUse,
): Problem[] {
  const places = new Set(written.map(keyOf));
  return secretPlaces(args).flatMap((place) => {
    const why = places.has(keyOf(place)) ? whyNot(secrets, tool, tenant, place) : NOT_WRITTEN;
    if (why === undefined) return [];
    const argument = `argument "${place.path.join('.')}" of ${tool.name}`;
    return [
      {
        path: place.path.map((part) => `/${part}`).join(''),
        message: `${argument}: ${secretReference(place.name)} ${why}`,
      },
    ];
  });
}

const NOT_WRITTEN =
  'came from an input or an answer, where it is only text: a secret is used where the definition itself has its reference';

function keyOf({ path, name }: SecretPlace): string {
  return JSON.stringify([name, ...path]);
}

function whyNot(secrets: Secrets, tool: Tool, tenant: string, { path, name }: SecretPlace): string | undefined {
  const allowed = secretArguments(tool);
  if (allowed !== 'any' && !allowed.includes(path[0] ?? '')) {
    return `cannot be sent there${allowed.length > 0 ? `; ${allowed.join(', ')} may hold secrets` : ''}`;
  }
  const found = secrets.find(name, { tool: tool.name, tenant });
  return found.ok ? undefined : found.why;
}

function admitAll(spent: readonly Secret[], address: string): void {
  const origin = URL.parse(address)?.origin ?? 'an address that cannot be read';
  const [refused] = spent.filter(({ origins }) => !origins.has(origin));
  if (!refused) return;
  const allowed = [...refused.origins].join(' or ');
  throw new FailureError(refusal(`${secretReference(refused.name)} may go to ${allowed}, not to ${origin}`));
}

function refusal(message: string): Failure {
  return failure('SECRET_REFUSED', message, { kind: 'refused' });
}
