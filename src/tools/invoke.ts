// Calls an action of a tool: arguments checked, probe before repeat, and an outcome that the saga may decide on.
import { throwIfFenced } from '../durable/index.ts';
import {
  didYouMean,
  failure,
  FailureError,
  type Failure,
  type Json,
  type JsonObject,
  type Outcome,
  type Problem,
} from '../kernel/index.ts';
import { attempt, type AttemptParts, type Invocation } from './attempt.ts';
import { codePrefix } from './http-failure.ts';
import type { Redactor } from './redact.ts';
import type { ConnectedTool, Registry } from './registry.ts';
import { settle } from './settle.ts';
import { spendSecrets } from './spend.ts';
import { throughBreaker } from './through-breaker.ts';
import { PARTLY, type BoundAct, type ToolAction, type ToolCall } from './tool.ts';

/**
 * Runs the attempt. Whatever the vendor, the network or the arguments did becomes an outcome; anything else that is thrown (a
 * defect of ours, an error of our own database) is thrown on, for it must never decide a saga (D1).
 */
export async function invokeAction(registry: Registry, invocation: Invocation): Promise<Outcome> {
  const prepared = prepare(registry, invocation);
  if (!prepared.ok) return prepared;
  const { action, connected } = prepared.parts;
  const unknown = action.effect && invocation.suspect;
  return await throughBreaker(registry, connected, invocation, {
    call: async () => await perform(prepared, invocation),
    refuse: (refused) => ({ ok: false, error: { ...refused, unknown } }),
  });
}

async function perform({ act, parts }: Prepared, invocation: Invocation): Promise<Outcome> {
  const doubt = { left: invocation.suspect };
  return await attempt(parts, invocation, doubt, async (call) => {
    const found = doubt.left && act.probe ? await look(act.probe, call) : PARTLY;
    // Only a probe that found nothing settles the doubt: without one, or with half an act found, every failure leaves it open.
    if (found === undefined) doubt.left = false;
    if (found !== undefined && found !== PARTLY) return settled(parts, found);
    throwIfFenced();
    return settled(parts, await act.run(call));
  });
}

function settled({ connected, action, redactor }: AttemptParts, answer: unknown): Outcome {
  return settle(connected.tool.name, action, answer, redactor);
}

/** What a look for the effect of an act found. `partly`: it began. `no_probe`: the action cannot tell. `failed`: not now; ask again. */
export type Probed =
  | { readonly found: 'effect'; readonly value: Json }
  | { readonly found: 'nothing' | 'partly' | 'no_probe' }
  | { readonly found: 'failed'; readonly error: Failure };

/** Looks whether the act took effect under its key, without acting. */
export async function probeAction(registry: Registry, invocation: Omit<Invocation, 'suspect'>): Promise<Probed> {
  const asked = { ...invocation, suspect: true };
  const prepared = prepare(registry, asked);
  if (!prepared.ok) return { found: 'failed', error: prepared.error };
  const { act, parts } = prepared;
  const { probe } = act;
  if (!probe) return { found: 'no_probe' };
  let without: 'nothing' | 'partly' | undefined;
  const ask = async (): Promise<Outcome> =>
    await attempt(parts, asked, { left: true }, async (call) => {
      const found = await look(probe, call);
      if (found === undefined || found === PARTLY) {
        without = found === PARTLY ? 'partly' : 'nothing';
        return { ok: true, value: null };
      }
      return settled(parts, found);
    });
  const outcome = await throughBreaker(registry, parts.connected, asked, {
    call: ask,
    refuse: (error) => ({ ok: false, error }),
  });
  if (!outcome.ok) return { found: 'failed', error: outcome.error };
  return without ? { found: without } : { found: 'effect', value: outcome.value };
}

/** Arguments for the undo action of an act, or undefined when there is nothing to undo. `result` is absent when the outcome is unknown. */
export function undoArguments(
  registry: Registry,
  act: { tool: string; action: string; undoAction: string; input: JsonObject; result?: Json; key: string },
): JsonObject | undefined {
  const found = findAction(registry, act);
  if (!found.ok) throw new FailureError(found.error);
  return found.action.undoArguments(act.undoAction, { input: act.input, result: act.result, key: act.key });
}

interface Prepared {
  readonly ok: true;
  readonly act: BoundAct;
  readonly parts: AttemptParts;
}

function prepare(registry: Registry, invocation: Invocation): Prepared | { ok: false; error: Failure } {
  const found = findAction(registry, invocation);
  if (!found.ok) return found;
  const { connected, action } = found;
  const { tool, connection } = connected;
  const { secrets } = registry;
  const { redactor } = secrets;
  const unknown = action.effect && invocation.suspect;
  secrets.refresh();
  const spending = spendSecrets(secrets, tool, invocation);
  if (!spending.ok) return { ok: false, error: { ...spending.error, unknown } };
  const bound = action.bind(spending.args);
  if (!bound.ok) return { ok: false, error: invalidArguments(invocation, bound.problems, redactor) };
  const parts = { connected, action, admit: spending.admit, teller: registry.teller, redactor };
  if (connection.state !== 'missing') return { ok: true, act: bound.act, parts };
  return { ok: false, error: { ...notConfigured(tool.name, connection.variables), unknown } };
}

type Found = { ok: true; connected: ConnectedTool; action: ToolAction } | { ok: false; error: Failure };

// A definition names only what exists; a run pinned to an older catalog may still meet this.
function findAction(registry: Registry, { tool, action }: { tool: string; action: string }): Found {
  const connected = registry.get(tool);
  if (!connected) {
    const message = `Unknown tool "${tool}"${didYouMean(tool, registry.catalog.toolNames())}`;
    return { ok: false, error: failure('UNKNOWN_ACTION', message, { kind: 'refused' }) };
  }
  const { actions } = connected.tool;
  const known = Object.hasOwn(actions, action) ? actions[action] : undefined;
  if (known) return { ok: true, connected, action: known };
  const message = `Unknown action "${action}" of tool "${tool}"${didYouMean(action, Object.keys(actions))}`;
  return { ok: false, error: failure('UNKNOWN_ACTION', message, { kind: 'refused' }) };
}

function invalidArguments({ tool, action }: Invocation, problems: readonly Problem[], redactor: Redactor): Failure {
  const list = redactor.text(problems.map(({ path, message }) => `${path || '/'}: ${message}`).join('; '));
  return failure('INVALID_ARGUMENTS', `${tool}.${action} was called with wrong arguments: ${list}`);
}

function notConfigured(tool: string, variables: readonly string[]): Failure {
  const message =
    `${tool} is not configured: set ${variables.join(' and ')} in the environment, ` +
    'or BREAKWATER_SANDBOX to the URL of a sandbox (npm run sandbox) to try it without credentials';
  return failure(`${codePrefix(tool)}_NOT_CONFIGURED`, message, { kind: 'refused' });
}

// That we could not look says nothing about the effect.
async function look(probe: NonNullable<BoundAct['probe']>, call: ToolCall): Promise<unknown> {
  try {
    return await probe(call);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    throw new FailureError({ ...error.failure, retryable: true, unknown: true }, { cause: error });
  }
}
