// One tool, the double of its vendor and the wire between them: calls are made here and looked at from both ends.
import { expect } from 'vitest';
import { isJsonObject, newRunId, sha256, type Json, type JsonObject, type Outcome } from '../../src/kernel/index.ts';
import { connectTools } from '../../src/tools/connect.ts';
import { codePrefix } from '../../src/tools/http-failure.ts';
import { createRegistry } from '../../src/tools/registry.ts';
import { openSandbox } from '../sandbox/open-sandbox.ts';
import { CREDENTIAL, type ContractCase, type VendorContract } from './contract.ts';
import { areAsListed, createJudge, type Judge } from './judge.ts';
import type { Exchange, Plan } from './traffic.ts';
import { openWire } from './wire.ts';

export interface Attempted {
  readonly outcome: Outcome;
  readonly exchanges: readonly Exchange[];
}

export interface ContractWorld extends AsyncDisposable {
  readonly judge: Judge;
  /** Starts over and does what comes before the case; then the case may be called. */
  prepare(each: ContractCase): Promise<PreparedCase>;
  /** The objects that stand at the vendor. */
  standing(): Promise<readonly object[]>;
}

export interface PreparedCase {
  call(options?: { readonly plan?: Plan; readonly suspect?: boolean; readonly timeoutMs?: number }): Promise<Attempted>;
}

/** The key of acts that do not say theirs. */
const KEY = sha256('the act of a contract').slice(0, 40);

export const ENOUGH_MS = 10_000;

export async function openContractWorld(contract: VendorContract): Promise<ContractWorld> {
  const { tool, settings } = contract;
  const judge = createJudge(contract, await contract.describe?.());
  const sandbox = await openSandbox();
  const wire = await openWire(sandbox, tool.name, judge);
  const env = {
    ...settings,
    ...credentialsOf(contract),
    [`${codePrefix(tool.name)}_BASE_URL`]: `${wire.url}/${tool.name}`,
  };
  const registry = createRegistry([tool], connectTools([tool], env));
  const runId = newRunId(Date.now());
  const invoke = (action: string, args: JsonObject, key: string, suspect: boolean, timeoutMs: number) =>
    registry.invoke({ tool: tool.name, action, args, key, suspect, timeoutMs, tenant: 'acme', runId });

  async function prepare(each: ContractCase): Promise<PreparedCase> {
    await sandbox.call('POST', '/_reset');
    wire.begin();
    const answers: JsonObject[] = [];
    for (const act of each.after ?? [])
      answers.push(valueOf(await invoke(act.action, act.args, act.key, false, ENOUGH_MS)));
    expect(wire.exchanges.flatMap(({ faults }) => faults)).toEqual([]);
    const args = typeof each.args === 'function' ? each.args(answers) : each.args;
    return {
      async call({ plan, suspect = each.suspect ?? false, timeoutMs = ENOUGH_MS } = {}) {
        wire.begin(plan);
        const outcome = await invoke(each.action, args, each.key ?? KEY, suspect, timeoutMs);
        await wire.settled();
        return { outcome, exchanges: wire.exchanges };
      },
    };
  }

  return {
    judge,
    prepare,
    async standing() {
      const objects = await sandbox.ledger(tool.name);
      return objects.filter(({ kind, deletedAt }) => kind !== 'fixture' && deletedAt === undefined);
    },
    async [Symbol.asyncDispose]() {
      // First what waits for an answer that never comes.
      await wire[Symbol.asyncDispose]();
      await registry.close();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

function credentialsOf({ tool }: VendorContract): Record<string, string> {
  return Object.fromEntries((tool.vendor?.credentials.names ?? []).map((name) => [name, CREDENTIAL]));
}

function valueOf(outcome: Outcome): JsonObject {
  if (!outcome.ok) throw new Error(`An act before the case failed: ${outcome.error.message}`);
  const { value }: { value: Json } = outcome;
  if (!isJsonObject(value)) throw new Error('An act before the case answered no object');
  return value;
}

/** Everything about a call that is not as its case says; empty when all is. The mutants are held against the same. */
export function complaints(each: ContractCase, { judge }: ContractWorld, done: Attempted, standing: readonly object[]) {
  const labels = done.exchanges.map(({ request }) => judge.labelOf(request));
  return [
    ...done.exchanges.flatMap(({ faults }) => faults),
    ...(areAsListed(each.sends, labels)
      ? []
      : [`sent\n  ${labels.join('\n  ')}\ninstead of\n  ${each.sends.join('\n  ')}`]),
    ...misfit(() => expect(done.outcome).toMatchObject({ ok: true, value: each.answers })),
    ...misfit(() => expect(standing).toMatchObject(each.leaves)),
  ];
}

function misfit(assert: () => void): string[] {
  try {
    assert();
    return [];
  } catch (error) {
    if (error instanceof Error) return [error.message];
    throw error;
  }
}
