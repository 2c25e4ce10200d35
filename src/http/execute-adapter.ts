// Carries out one call of one action for an admin: checked, recorded, and under a key that makes a repeat the same request.
import {
  BreakwaterError,
  canonicalJson,
  didYouMean,
  FailureError,
  secretPlaces,
  sha256,
  uuidv7,
} from '../kernel/index.ts';
import type { Json, JsonObject, Outcome } from '../kernel/index.ts';
import type { Actor } from '../runs/index.ts';
import { executeAction, MAX_EXECUTION_MS, secretProblems } from '../tools/index.ts';
import type { ConnectedTool, Execution, Registry, ToolAction } from '../tools/index.ts';
import type { Services } from './app-context.ts';
import { recordBegin, recordEnd, type EarlierCall } from './execution-store.ts';

export interface AdapterCall {
  readonly tool: string;
  readonly action: string;
  readonly args: JsonObject;
  /** The caller's; without one every call is one of its own. */
  readonly idempotencyKey?: string;
}

export interface AdapterAnswer {
  readonly value: Json;
  /** What the vendor knows the call by. */
  readonly key: string;
}

/** Throws a BreakwaterError for what is refused here, and a FailureError for a call that failed. */
export async function executeAdapter(services: Services, actor: Actor, call: AdapterCall): Promise<AdapterAnswer> {
  const { registry } = services;
  const knex = services.knexOf(actor.tenant);
  const connected = checkCall(registry, actor, call);
  const subject = `${connected.tool.name}.${call.action}`;
  const key = keyOf(actor.tenant, subject, call.idempotencyKey ?? uuidv7(Date.now()));
  const record = { tenant: actor.tenant, actor: actor.user, subject, key };
  const digest = sha256(canonicalJson(call.args));
  // What an admin writes out is the admin's own: a reference is one wherever it stands.
  const secrets = secretPlaces(call.args);
  const began = { digest, secrets: secrets.map(({ name }) => name) };
  const verdict = await recordBegin(knex, record, began, (earlier) => judge(earlier, digest));
  if (!verdict.send) return { value: verdict.value, key };
  const { suspect } = verdict;
  const outcome = await send(services, actor, call, { key, suspect, secrets });
  await recordEnd(knex, record, endOf(outcome, call));
  if (!outcome.ok) throw new FailureError(outcome.error);
  return { value: outcome.value, key };
}

// Everything that can be told without sending: the names, the arguments, the secrets, the credentials.
function checkCall(registry: Registry, { tenant }: Actor, { tool, action, args }: AdapterCall): ConnectedTool {
  const connected = registry.get(tool);
  if (!connected) throw unknown(`tool "${tool}"`, tool, registry.catalog.toolNames());
  const bound = actionOf(connected, action).bind(args);
  registry.secrets.refresh();
  const use = { tenant, args, secrets: secretPlaces(args) };
  const found = [...(bound.ok ? [] : bound.problems), ...secretProblems(registry.secrets, connected.tool, use)];
  if (found.length > 0) {
    const problems = found.map(({ path, message }) => ({ path: `/arguments${path}`, message }));
    throw new BreakwaterError('INVALID', `These are no arguments of ${tool}.${action}; see errors.`, { problems });
  }
  const { connection } = connected;
  if (connection.state !== 'missing') return connected;
  const message = `${tool} is not configured: set ${connection.variables.join(' and ')}, or BREAKWATER_SANDBOX.`;
  throw new BreakwaterError('CONFLICT', message);
}

function actionOf({ tool }: ConnectedTool, action: string): ToolAction {
  const known = Object.hasOwn(tool.actions, action) ? tool.actions[action] : undefined;
  if (!known) throw unknown(`action "${action}" of ${tool.name}`, action, Object.keys(tool.actions));
  return known;
}

function unknown(what: string, name: string, known: readonly string[]): BreakwaterError {
  return new BreakwaterError('NOT_FOUND', `No ${what}${didYouMean(name, known)}`);
}

/** Like the keys of runs, 40 hex digits: every vendor's key field takes them. */
function keyOf(tenant: string, subject: string, given: string): string {
  return sha256(['execute', tenant, subject, given].join('\n')).slice(0, 40);
}

type Verdict = { readonly send: true; readonly suspect: boolean } | { readonly send: false; readonly value: Json };

/** After this a call without an end will have none: its process died. */
const GIVEN_UP_MS = 2 * MAX_EXECUTION_MS;

/** What a call is to an earlier one under its key. Pure but for what it throws. */
export function judge(earlier: EarlierCall | undefined, digest: string): Verdict {
  if (!earlier) return { send: true, suspect: false };
  if (earlier.digest !== digest) {
    throw new BreakwaterError('CONFLICT', 'This Idempotency-Key was used with other arguments.');
  }
  const { end, beganMsAgo } = earlier;
  if (!end && beganMsAgo < GIVEN_UP_MS) {
    throw new BreakwaterError(
      'CONFLICT',
      'A call with this Idempotency-Key is under way; try again when it has ended.',
    );
  }
  if (end?.ok) return { send: false, value: end.value ?? null };
  return { send: true, suspect: end?.unknown ?? true };
}

async function send(
  { registry, clock, closing }: Services,
  { tenant }: Actor,
  { tool, action, args }: AdapterCall,
  rest: Pick<Execution, 'key' | 'suspect' | 'secrets'>,
): Promise<Outcome> {
  const execution = { tool, action, args, ...rest, tenant, stopped: closing };
  return await executeAction({ registry, clock, random: Math.random }, execution);
}

// What a repeat would be answered is kept only where there can be one.
function endOf(outcome: Outcome, { idempotencyKey }: AdapterCall) {
  if (!outcome.ok) return { ok: false, unknown: outcome.error.unknown, code: outcome.error.code };
  return { ok: true, unknown: false, ...(idempotencyKey !== undefined && { value: outcome.value }) };
}
