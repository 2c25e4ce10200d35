// The fixture vendor of the rig as a tool: its effects are rows of a second Postgres that no fault reaches, past every proxy.
import { defineAction, failure, FailureError, z, type Tool, type ToolCall } from 'breakwater';
import pg from 'pg';

const node = z.string().min(1);
const receipt = z.object({ node: z.string() });
const work = z.strictObject({ node, ms: z.int().min(0).max(60_000).default(0) });

// Where the ledger is and which boot of which replica this is: told by the rig alone.
const environment = z.object({ CHAOS_LEDGER_URL: z.string(), CHAOS_INSTANCE: z.string() });

let opened: { readonly pool: pg.Pool; readonly instance: string } | undefined;

function ledger(): { readonly pool: pg.Pool; readonly instance: string } {
  if (!opened) {
    const { CHAOS_LEDGER_URL, CHAOS_INSTANCE } = environment.parse(process.env);
    opened = { pool: new pg.Pool({ connectionString: CHAOS_LEDGER_URL, max: 40 }), instance: CHAOS_INSTANCE };
  }
  return opened;
}

/** Who calls: in every function of the ledger the first three parameters, then the node. */
function ask<Row extends pg.QueryResultRow>(
  { key, runId, signal }: ToolCall,
  statement: string,
  parameters: readonly unknown[],
): Promise<Row | undefined> {
  const { pool, instance } = ledger();
  const answer = pool.query<Row>(statement, [key, runId, instance, ...parameters]).then(({ rows }) => rows[0]);
  // The vendor goes on with what it was asked, whether or not anyone still waits for its answer.
  return Promise.race([answer, aborted(signal)]);
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>();
  const give = (): void => reject(signal.reason as Error);
  if (signal.aborted) give();
  signal.addEventListener('abort', give, { once: true });
  promise.catch(() => undefined);
  return promise;
}

const undo = {
  undo: ({ input, key }: { input: { node: string }; key: string }) => ({ node: input.node, of: key }),
};

const apply = defineAction({
  description: 'Applies an effect; the vendor takes a repeat under the same key for what it is.',
  input: work,
  output: receipt,
  effect: true,
  keyedBy: 'vendor',
  async run(call, input) {
    await ask(call, 'call ledger.perform($1, $2, $3, $4, $5, true)', [input.node, input.ms]);
    return { node: input.node };
  },
  undo,
});

const applyProbed = defineAction({
  description: 'Applies an effect at a vendor without keys: a repeat is a second effect.',
  input: work,
  output: receipt,
  effect: true,
  keyedBy: 'probe',
  async run(call, input) {
    await ask(call, 'call ledger.perform($1, $2, $3, $4, $5, false)', [input.node, input.ms]);
    return { node: input.node };
  },
  async probe(call, input) {
    const found = await ask<{ found: boolean }>(call, 'select ledger.look($1, $2, $3, $4) as found', [input.node]);
    return found?.found ? { node: input.node } : undefined;
  },
  undo,
});

const busy = defineAction({
  description: 'As apply, but the vendor turns away the first call.',
  input: work,
  output: receipt,
  effect: true,
  keyedBy: 'vendor',
  async run(call, input) {
    const turned = await ask<{ away: boolean }>(call, 'select ledger.turn_away($1, $2, $3, $4) as away', [input.node]);
    if (turned?.away) throw new FailureError(failure('LEDGER_BUSY', 'come back', { kind: 'theirs', retryable: true }));
    await ask(call, 'call ledger.perform($1, $2, $3, $4, $5, true)', [input.node, input.ms]);
    return { node: input.node };
  },
  undo,
});

const append = defineAction({
  description: 'Appends the run and node to a shared list, once a key.',
  input: z.strictObject({ node, list: z.string().min(1) }),
  output: z.object({ position: z.int() }),
  effect: true,
  keyedBy: 'vendor',
  async run(call, input) {
    const appended = await ask<{ position: number }>(call, 'select ledger.append($1, $2, $3, $4, $5) as position', [
      input.node,
      input.list,
    ]);
    return { position: appended?.position ?? 0 };
  },
  undo,
});

const refuse = defineAction({
  description: 'Refuses for good: the business said no.',
  input: z.strictObject({ node }),
  output: receipt,
  effect: false,
  keyedBy: 'none',
  async run(call, input) {
    await ask(call, 'select ledger.refuse($1, $2, $3, $4)', [input.node]);
    throw new FailureError(failure('LEDGER_REFUSED', `${input.node} is refused`));
  },
});

const takeBack = defineAction({
  description: 'Takes back what was applied under a key; content when there is nothing.',
  input: z.strictObject({ node, of: z.string().min(1) }),
  output: z.object({ undone: z.int() }),
  effect: true,
  keyedBy: 'vendor',
  async run(call, input) {
    const answer = await ask<{ undone: number }>(call, 'select ledger.take_back($1, $2, $3, $4, $5) as undone', [
      input.node,
      input.of,
    ]);
    return { undone: answer?.undone ?? 0 };
  },
});

export const ledgerTool: Tool = {
  name: 'ledger',
  actions: { apply, apply_probed: applyProbed, busy, append, refuse, undo: takeBack },
  close: async () => await opened?.pool.end(),
};
