// Verbs that have a run executed anew from a record that they changed: decide, compensate, rewind. Each is one transaction.
import type { Knex } from 'knex';
import { setTimeout as sleep } from 'node:timers/promises';
import { changeRecord, readRecord } from '../durable/index.ts';
import type { RecordChange, TakenFrom } from '../durable/index.ts';
import { BreakwaterError, failure } from '../kernel/index.ts';
import type { Clock, JsonObject } from '../kernel/index.ts';
import type { Registry } from '../tools/index.ts';
import { amendmentsOf } from './amendments.ts';
import type { NodeDecision } from './amendments.ts';
import { OF_CODE, performVerb, refusal } from './control-verb.ts';
import type { Controlled, VerbCall, Why } from './control-verb.ts';
import { saveReopened } from './control-store.ts';
import type { Asked } from './control-store.ts';
import { lookForActs, sightingsOf } from './look-for-acts.ts';
import type { Seen } from './look-for-acts.ts';
import { FORGET_TURN, decideFailedNode, decideFailedUndo } from './node-decision.ts';
import type { NodeDecisionRequest } from './node-decision.ts';
import { cancelInTransaction } from './operate-run.ts';
import { planRewind } from './rewind.ts';
import type { RunRow } from './run-store.ts';
import type { Actor } from './runs.ts';
import { undoStepName } from './step-layout.ts';
import { TURN } from './turn.ts';
import type { Turn } from './turn.ts';
import { planOf, wakeRun } from './wake-run.ts';

export interface Operator {
  readonly knex: Knex;
  readonly registry: Registry;
  readonly clock: Clock;
}

/** A run's row says that it ended a moment before its execution does; longer, where the process died in between. */
class Ending extends BreakwaterError {
  constructor(runId: string) {
    super('CONFLICT', `Run ${runId} is about to end: ask again in a moment.`);
  }
}
const ENDING_TRIES = 100;
const ENDING_PAUSE_MS = 50;

async function performOnceEnded(
  knex: Knex,
  actor: Actor,
  call: VerbCall,
  change: Parameters<typeof performVerb>[3],
): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    try {
      return await performVerb(knex, actor, call, change);
    } catch (error) {
      if (!(error instanceof Ending) || tries === ENDING_TRIES) throw error;
      await sleep(ENDING_PAUSE_MS);
    }
  }
}

/** What becomes of a failed node of a run that is held, or of a compensation that failed. */
export async function decideNode(
  operator: Operator,
  actor: Actor,
  id: string,
  request: NodeDecisionRequest,
): Promise<void> {
  const { knex } = operator;
  const { node, decision, reason } = request;
  const seen = await lookForActs(operator, actor, id, request);
  await performOnceEnded(knex, actor, { verb: 'decide', id, reason }, async (trx, controlled) => {
    if (controlled.run.status === 'compensation_failed') await decideUndo(operator, trx, controlled, request);
    else if (decision === 'compensate')
      await cancelInTransaction(trx, controlled.run, { ...controlled.asked, compensate: true });
    else await decideHeld(operator, trx, controlled, request, seen);
    return {
      node,
      decision,
      ...(request.value !== undefined && { value: request.value }),
      ...(request.with && { with: request.with }),
    };
  });
}

async function decideHeld(
  { registry, clock }: Operator,
  trx: Knex.Transaction,
  { run, asked }: Controlled,
  request: NodeDecisionRequest,
  seen: Seen | undefined,
): Promise<void> {
  const plan = await planOf(trx, run);
  if (!plan) throw refusal(run.id, 'has no plan whose node could be decided: cancel it');
  const amended = amendmentsOf(run);
  const record = await readRecord(trx, run.id);
  const nowMs = clock.now();
  const held = { plan, record, amended, catalog: registry.catalog, seen: sightingsOf(seen, run), by: asked.by, nowMs };
  const { change, epochs, decided, takeBack = [] } = decideFailedNode(held, request);
  await reopen(trx, run, 'waiting', change);
  const made = decided.map(({ name, with: changes }) => [name, decisionOf(request, asked, nowMs, changes)] as const);
  const decisions = { ...amended.decisions, ...Object.fromEntries(made) };
  const retry =
    takeBack.length > 0 ? { ...asked, node: request.node, acts: [...takeBack], with: { ...request.with } } : null;
  await saveReopened(trx, run.id, {
    status: retry ? 'compensating' : 'running',
    epochs,
    decisions,
    control: retry && { retry },
  });
  await wakeRun(trx, run.id, `decide ${asked.at} ${request.node}`);
}

async function decideUndo(
  { clock }: Operator,
  trx: Knex.Transaction,
  { run, control, asked }: Controlled,
  request: NodeDecisionRequest,
): Promise<void> {
  const record = await readRecord(trx, run.id);
  const { failures = [], standing = [] } = run.compensation ?? {};
  const failed = failures.map(({ node }) => node);
  const nowMs = clock.now();
  const change = decideFailedUndo({ record, failures: failed, standing, nowMs }, request);
  await reopen(trx, run, 'ended', change);
  const { epochs, decisions } = amendmentsOf(run);
  const decided = { ...decisions, [undoStepName(request.node)]: decisionOf(request, asked, nowMs) };
  const { rewind, retry } = control;
  const goesOn = rewind ? { rewind } : retry ? { retry } : null;
  await saveReopened(trx, run.id, {
    status: 'compensating',
    epochs,
    decisions: decided,
    control: goesOn,
  });
}

function decisionOf({ decision }: NodeDecisionRequest, asked: Asked, atMs: number, changes?: JsonObject): NodeDecision {
  return { decision, ...asked, atMs, ...(changes && { with: changes }) };
}

/** Takes back what a run that is over did and left. */
export async function compensateRun(
  { knex, clock }: Pick<Operator, 'knex' | 'clock'>,
  actor: Actor,
  id: string,
  why: Why = {},
): Promise<boolean> {
  return await performOnceEnded(knex, actor, { ...why, verb: 'compensate', id }, async (trx, { run, asked }) => {
    if (run.compensation !== null) throw refusal(id, 'is undone already');
    const turned = (await readRecord(trx, id)).read<Turn>(TURN.id);
    const turn: Turn = { ...(turned ?? turnOf(asked, clock.now())), compensate: true, takenBack: true };
    await reopen(trx, run, 'ended', { forget: FORGET_TURN, add: [{ ...TURN, value: turn }] });
    await saveReopened(trx, id, { ...amendmentsOf(run), status: 'compensating', control: null });
    return {};
  });
}

function turnOf({ by, reason }: Asked, atMs: number): Turn {
  const message = `taken back by ${by}${reason === null ? '' : `: ${reason}`}`;
  return {
    cause: 'cancel',
    at: null,
    failure: failure('TAKEN_BACK', message, { kind: 'cancelled' }),
    compensate: true,
    suspects: [],
    atMs,
  };
}

/** Has the run go on from a node: first that node and what was built on it is taken back. */
export async function rewindRun(
  { knex }: Operator,
  actor: Actor,
  id: string,
  { node, reason }: { node: string; reason?: string },
): Promise<void> {
  await performOnceEnded(knex, actor, { verb: 'rewind', id, reason }, async (trx, { run, asked }) => {
    const plan = await planOf(trx, run);
    if (!plan) throw refusal(id, OF_CODE);
    const record = await readRecord(trx, id);
    const { repeated } = planRewind(plan, { record, amended: amendmentsOf(run) }, node, 'rewind');
    const { suspects = [] } = record.read<Turn>(TURN.id) ?? {};
    await reopen(trx, run, 'ended', { forget: FORGET_TURN });
    await saveReopened(trx, id, {
      ...amendmentsOf(run),
      status: 'compensating',
      control: { rewind: { ...asked, node, suspects: [...suspects] } },
    });
    return { node, repeated: [...repeated] };
  });
}

async function reopen(trx: Knex.Transaction, { id }: RunRow, from: TakenFrom, change: RecordChange): Promise<void> {
  if (!(await changeRecord(trx, id, from, change))) throw new Ending(id);
}
