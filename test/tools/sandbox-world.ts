// Tools against the sandbox's doubles over real HTTP: calls actions, asks for faults, reads the ledger. For adapter tests.
import { z } from 'zod';
import { createSandbox, type Fault } from '../../sandbox/index.ts';
import { isJsonObject, type JsonObject, type Outcome } from '../../src/kernel/index.ts';
import { connectTools, type Environment } from '../../src/tools/connect.ts';
import { probeAction, undoArguments, type Probed } from '../../src/tools/invoke.ts';
import { createRegistry, type Registry } from '../../src/tools/registry.ts';
import type { Tool } from '../../src/tools/tool.ts';

const entry = z.object({
  kind: z.string(),
  id: z.string(),
  deletedAt: z.string().optional(),
  data: z.record(z.string(), z.unknown()),
});
type Entry = z.infer<typeof entry>;
const request = z.object({
  method: z.string(),
  path: z.string(),
  query: z.record(z.string(), z.string()),
  headers: z.record(z.string(), z.string()),
  body: z.unknown(),
  status: z.number().nullable(),
});
export type SentRequest = z.infer<typeof request>;

export interface Call {
  readonly action: string;
  readonly args: JsonObject;
  readonly key?: string;
  readonly suspect?: boolean;
}

export interface SandboxWorld extends AsyncDisposable {
  readonly registry: Registry;
  call(call: Call): Promise<Outcome>;
  probe(call: Call): Promise<Probed>;
  /** Calls and expects success. */
  done(call: Call): Promise<JsonObject>;
  /** Undoes an act by the adapter's mapping; `result` absent: its outcome is unknown. */
  undo(act: Call & { readonly undoAction: string; readonly result?: JsonObject }): Promise<Outcome | 'nothing to undo'>;
  fault(fault: Omit<Fault, 'vendor'>): Promise<void>;
  /** Objects created since the start that still stand. */
  standing(): Promise<Entry[]>;
  created(): Promise<Entry[]>;
  calls(): Promise<SentRequest[]>;
}

export const KEY = 'a1'.repeat(20);

export async function openSandboxWorld(tool: Tool, env: Environment = {}): Promise<SandboxWorld> {
  const sandbox = await createSandbox({ port: 0 });
  const registry = createRegistry([tool], connectTools([tool], env, sandbox.url));
  const read = async <T>(path: string, item: z.ZodType<T>): Promise<T[]> => {
    const response = await fetch(`${sandbox.url}${path}?vendor=${tool.name}`);
    return z.array(item).parse(await response.json());
  };
  const invocation = ({ action, args, key = KEY, suspect = false }: Call) => {
    const fixed = { tool: tool.name, timeoutMs: 5_000, tenant: 'acme', runId: 'run_1' };
    return { ...fixed, action, args, key, suspect };
  };
  const call = (asked: Call) => registry.invoke(invocation(asked));
  const created = async () => (await read('/_ledger', entry)).filter(({ kind }) => kind !== 'fixture');
  return {
    registry,
    call,
    probe: (asked) => probeAction(registry, invocation(asked)),
    created,
    async done(asked) {
      const outcome = await call(asked);
      if (!outcome.ok) throw new Error(outcome.error.message);
      if (!isJsonObject(outcome.value)) throw new Error('The answer is no object');
      return outcome.value;
    },
    async undo({ action, args, undoAction, result, key = KEY }) {
      const undo = undoArguments(registry, { tool: tool.name, action, undoAction, input: args, result, key });
      return undo ? await call({ action: undoAction, args: undo, key: 'b2'.repeat(20) }) : 'nothing to undo';
    },
    async fault(fault) {
      const body = JSON.stringify({ vendor: tool.name, ...fault });
      const response = await fetch(`${sandbox.url}/_faults`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      });
      if (!response.ok) throw new Error(await response.text());
    },
    standing: async () => (await created()).filter(({ deletedAt }) => deletedAt === undefined),
    calls: () => read('/_calls', request),
    async [Symbol.asyncDispose]() {
      await registry.close();
      await sandbox.close();
    },
  };
}
