// References to secrets stand where they can be spent, and nowhere else: each is a whole argument of a tool that sends it.
import { isJsonObject, mentionsSecret, secretNamed, secretPlaces, secretReference } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import type { CatalogTool } from './catalog.ts';
import type { Findings } from './findings.ts';
import type { Path } from './path.ts';
import type { Template } from './plan.ts';

/** Every text of the document that looks like a reference, or holds one. Descriptions are for people and may. */
export function checkSecrets(value: Json, findings: Findings, path: Path = []): void {
  if (typeof value === 'string') {
    const fault = mentionsSecret(value) ? faultOf(value, path) : undefined;
    if (fault !== undefined) findings.problem(path, fault);
    return;
  }
  if (typeof value !== 'object' || value === null) return;
  if (!isJsonObject(value)) return value.forEach((item, index) => checkSecrets(item, findings, [...path, index]));
  for (const [key, member] of Object.entries(value)) {
    const at = [...path, key];
    if (mentionsSecret(key)) findings.problem(at, 'a secret cannot be the name of an argument', 'key');
    checkSecrets(member, findings, at);
  }
}

function faultOf(text: string, path: Path): string | undefined {
  if (!isArgument(path)) {
    return path.at(-1) === 'description' ? undefined : 'a secret can only be an argument of a tool, in "with"';
  }
  if (secretNamed(text) !== undefined) return undefined;
  if (text.includes('{{') || text.includes('{%')) {
    return 'a secret cannot be part of an expression or a template: write secret://name as the whole value';
  }
  return text.startsWith(secretReference(''))
    ? 'this names no secret: after secret:// comes a name of letters, digits, ".", "_" and "-"'
    : 'a secret must be the whole value; what goes before it, such as "Bearer ", is the "prefix" in the secrets file';
}

/** Inside `with` of an activity or of its compensation. */
function isArgument([root, , list, , key, ...rest]: Path): boolean {
  if (root !== 'modules' || list !== 'activities') return false;
  return (key === 'with' && rest.length > 0) || (key === 'compensation' && rest[0] === 'with' && rest.length > 1);
}

/** Does the tool send what its arguments at these places hold? */
export function checkSecretPlaces(template: Template, tool: CatalogTool, path: Path, findings: Findings): void {
  const { name, secretArguments = [] } = tool;
  if (secretArguments === 'any') return;
  for (const place of secretPlaces(template)) {
    if (secretArguments.includes(place.path[0] ?? '')) continue;
    const allowed = secretArguments.length > 0 ? `; ${secretArguments.join(', ')} may hold secrets` : '';
    findings.problem([...path, ...place.path], `${name} sends no secret in "${place.path.join('.')}"${allowed}`);
  }
}
