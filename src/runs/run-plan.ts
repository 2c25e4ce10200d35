// Runs a plan from its start, or from wherever the last execution left it, to a final status: the body of the durable workflow.
import { withdrawApprovals } from '../approvals/index.ts';
import { renderTemplate } from '../definitions/index.ts';
import { loadRecord, runTransaction } from '../durable/index.ts';
import { FailureError, failure } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { actsOf } from './act.ts';
import type { Amendments } from './amendments.ts';
import { goOnRetrying } from './retry-run.ts';
import { goOnRewinding } from './rewind-run.ts';
import { tellParent } from './child-store.ts';
import { compensate, hasUndos } from './compensate.ts';
import type { Doubts, TakenBack } from './compensate.ts';
import { FINISH, endAsDone } from './end-as-done.ts';
import { endChildren } from './end-children.ts';
import type { RunContext } from './environment.ts';
import { finalStatus, wantsCompensation } from './final-status.ts';
import { foldRecord } from './fold-record.ts';
import { goForward } from './go-forward.ts';
import type { Forward } from './go-forward.ts';
import { moduleSpans } from './module-spans.ts';
import type { NodeResult } from './node-result.ts';
import { mayUndo } from './hold.ts';
import { progressOf } from './progress.ts';
import { scopeOfNode, scopeOfRun } from './run-scope.ts';
import { MAX_OUTPUT_BYTES, recordable } from './recordable.ts';
import { finishRun, saveCompensating } from './run-store.ts';
import type { RunEnd } from './run-store.ts';
import type { CompensationSummary } from './runs.ts';
import { suspectNodes } from './suspects.ts';
import { sendBack } from './send-back.ts';
import { ofRun } from './tell.ts';
import { errorOf, recordTurn, recordedTurn } from './turn.ts';
import type { Turn } from './turn.ts';

const NOTHING_UNDONE: CompensationSummary = { total: 0, compensated: 0, failed: 0, failures: [], standing: [] };
/** Code has no modules. */
const NO_RESULTS: ReadonlyMap<string, NodeResult> = new Map();
const NOTHING_TAKEN_BACK: TakenBack = { summary: NOTHING_UNDONE, nodes: new Set() };

export async function runPlan(context: RunContext): Promise<void> {
  const { rewind, retry } = context.amended;
  if (rewind) return await heldUp(context, rewind, await goOnRewinding(context, rewind));
  if (retry) return await heldUp(context, { ...retry, suspects: retry.acts }, await goOnRetrying(context, retry));
  const turn = recordedTurn(context);
  if (turn) return await goBack(context, turn);
  const recorded = foldRecord(context.plan, context.record);
  const results = new Map(recorded);
  const forward = await goForward(context, results, {
    endIfDone: async () => await endIfDone(context, results),
    sendBack: async (asked) => await sendBack(context, asked, suspectsOf(context, recorded, results)),
  });
  if (forward.isOver) return;
  const ended = forward.turn ? forward : succeed(context, results);
  if ('output' in ended) return await finish(context, results, { ...succeeded(ended.output), asksNothing: true });
  const suspects = suspectsOf(context, recorded, results);
  await goBack(context, await recordTurn(context, { ...turnOf(context, ended), suspects }));
}

// What cannot be taken back is not repeated either, until an operator has decided it.
async function heldUp(
  context: RunContext,
  { node, suspects }: Pick<NonNullable<Amendments['rewind']>, 'node' | 'suspects'>,
  summary: CompensationSummary,
): Promise<void> {
  const why = `what is to be done anew from "${node}" on could not all be taken back`;
  await finish(context, foldRecord(context.plan, context.record), {
    status: 'compensation_failed',
    turn: {
      cause: 'cancel',
      at: node,
      failure: failure('REWIND', why),
      compensate: true,
      suspects,
      atMs: context.clock.now(),
    },
    summary,
    output: null,
    progress: 0,
  });
}

function suspectsOf(
  { plan, facts, tookOver }: RunContext,
  recorded: Map<string, NodeResult>,
  results: Map<string, NodeResult>,
): string[] {
  const nodes = tookOver ? suspectNodes(plan, recorded, results) : [];
  return nodes.flatMap((node) => actsOf(node, scopeOfNode(plan, node, results, facts)).map((act) => act.name));
}

// With whatever other runs end at this moment; one that has a parent tells it, which takes a transaction.
async function endIfDone(context: RunContext, results: ReadonlyMap<string, NodeResult>): Promise<boolean> {
  const ended = context.parent ? undefined : succeed(context, results);
  if (ended === undefined || !('output' in ended) || !(await endAsDone(context, ended.output))) return false;
  tellFinished(context, results, succeeded(ended.output));
  return true;
}

type Succeeded = { readonly output: Json };

// An output that cannot be made is a failure like any other: what was promised is not there.
function succeed(context: RunContext, results: ReadonlyMap<string, NodeResult>): Succeeded | Forward {
  try {
    return { output: outputOf(context, results) };
  } catch (error) {
    if (error instanceof FailureError) return { turn: { cause: 'failure', at: 'output', failure: error.failure } };
    throw error;
  }
}

function outputOf({ plan, facts }: RunContext, results: ReadonlyMap<string, NodeResult>): Json {
  if (plan.output === undefined) return null;
  return recordable('the output', renderTemplate(plan.output, scopeOfRun(plan, results, facts)), MAX_OUTPUT_BYTES);
}

function turnOf({ plan }: RunContext, { turn }: Forward): Omit<Turn, 'atMs' | 'suspects'> {
  if (!turn) throw new TypeError('a run that did not turn has no turn to record');
  const { compensate: asked, ...reason } = turn;
  return { ...reason, compensate: asked ?? wantsCompensation(plan, reason) };
}

/** Ends a run of which everything was done. */
export async function finishForward(context: RunContext, output: Json): Promise<void> {
  await finish(context, NO_RESULTS, succeeded(output));
}

function succeeded(output: Json): Ending {
  return { status: 'succeeded', output, summary: NOTHING_UNDONE, progress: 100 };
}

/** Undoes what the turn asks for and ends the run. */
export async function goBack(context: RunContext, turn: Turn): Promise<void> {
  const fresh = { ...context, record: await loadRecord(context.knex) };
  const results = foldRecord(fresh.plan, fresh.record);
  const mayGoBack = await mayUndo(fresh, results, turn);
  const children = await endChildren(fresh, { ...turn, compensate: mayGoBack });
  const doubts = { ...turn, children };
  const { summary, nodes } = mayGoBack ? await undo(fresh, results, doubts) : NOTHING_TAKEN_BACK;
  await finish(fresh, results, {
    status: finalStatus(turn, summary),
    turn,
    summary,
    output: partialOutput(fresh, results, nodes),
    progress: progressOf(fresh.plan, results).percentage,
  });
}

async function undo(
  context: RunContext,
  results: ReadonlyMap<string, NodeResult>,
  turn: Turn & Doubts,
): Promise<TakenBack> {
  if (!hasUndos(context, results, turn)) return NOTHING_TAKEN_BACK;
  const { id } = context.facts;
  await context.knex.transaction(async (trx) => {
    await saveCompensating(trx, id, turn.cause);
    await withdrawApprovals(trx, id);
  });
  return await compensate(context, results, turn);
}

// A run that turned round may still show what it has, and nothing that is gone; what cannot be made from the rest is left out.
function partialOutput(context: RunContext, results: ReadonlyMap<string, NodeResult>, gone: ReadonlySet<string>): Json {
  const left = [...results].map(([id, result]) => [id, gone.has(id) ? goneAs(result) : result] as const);
  try {
    return outputOf(context, new Map(left));
  } catch (error) {
    if (error instanceof FailureError) return null;
    throw error;
  }
}

function goneAs({ finishedAtMs }: NodeResult): NodeResult {
  return { status: 'compensated', value: null, finishedAtMs };
}

interface Ending {
  readonly status: RunEnd['status'];
  readonly turn?: Turn;
  readonly summary: CompensationSummary;
  readonly output: Json;
  readonly progress: number;
  /** Every approval of the plan is settled: none is open that would have to be withdrawn. */
  readonly asksNothing?: boolean;
}

async function finish(context: RunContext, results: ReadonlyMap<string, NodeResult>, ending: Ending): Promise<void> {
  const { status, turn, summary, output, progress, asksNothing = false } = ending;
  const { facts } = context;
  const end: RunEnd = {
    status,
    cause: turn?.cause ?? null,
    output,
    error: turn ? errorOf(turn) : null,
    compensation: summary.total > 0 ? summary : null,
    progress,
  };
  let isOurs = false;
  await runTransaction(FINISH.id, FINISH.name, async (trx) => {
    isOurs = true;
    if (!asksNothing) await withdrawApprovals(trx, facts.id);
    await finishRun(trx, facts, end);
    if (context.parent) await tellParent(trx, context.parent, facts.id);
    return null;
  });
  if (isOurs) tellFinished(context, results, ending);
}

// Modules are told of with the run, by the process that ends it: of those that another one finished too.
function tellFinished(
  context: RunContext,
  results: ReadonlyMap<string, NodeResult>,
  { status, turn, progress }: Ending,
): void {
  const { emit, facts, trace, plan, clock } = context;
  const startedAtMs = Date.parse(facts.startedAt);
  const modules = moduleSpans(plan, results, { trace, startedAtMs });
  const { run, tenant, workflow } = ofRun(context);
  emit({ level: 'debug', name: 'run.modules', fact: true, fields: { run, tenant, modules }, trace: trace.run });
  const { version } = facts;
  const came = { status, cause: turn?.cause ?? null, percentage: progress, startedAtMs, finishedAtMs: clock.now() };
  const fields = { run, tenant, workflow, version, ...came };
  emit({ level: 'info', name: 'run.finished', fact: true, fields, trace: trace.run });
}
