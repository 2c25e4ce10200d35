// What a run that turns round does with the runs that it began: those under way are cancelled, those that succeeded taken back,
// and it waits for the truth about each.
import type { ChildNode } from '../definitions/index.ts';
import { changeRecord, onWake, runStep, wakeTopic } from '../durable/index.ts';
import { failure } from '../kernel/index.ts';
import { amendmentsOf, epochOf } from './amendments.ts';
import { findChild, listChildren } from './child-store.ts';
import type { ChildRow } from './child-store.ts';
import { askToCancel } from './control-run.ts';
import { controlOf, saveReopened } from './control-store.ts';
import type { RunContext } from './environment.ts';
import { insertEvent } from './event-store.ts';
import { FORGET_TURN } from './node-decision.ts';
import type { FinalCheckpoint } from './node-result.ts';
import { pauseUntil } from './perform-act.ts';
import { lockRun } from './run-store.ts';
import { isFinal } from './runs.ts';
import { undoIds } from './step-layout.ts';
import { TURN } from './turn.ts';
import type { Turn } from './turn.ts';

/** Between two looks at a run whose end is told besides: a lost wake costs so much at most. */
const LOOK_MS = 5_000;

/** Cancels the runs under way and waits until they have ended; all of them, as they are then. */
export async function endChildren(
  context: RunContext,
  { compensate, cause }: Pick<Turn, 'compensate' | 'cause'>,
): Promise<ReadonlyMap<string, ChildRow>> {
  if (!context.plan.nodes.some((node) => node.kind === 'workflow')) return new Map();
  const children = await listChildren(context.knex, context.facts.id);
  const reason = `run ${context.facts.id}, which began it, turned round: ${cause}`;
  await Promise.all(
    [...children.values()].map(async (child) => {
      if (!isFinal(child.status)) await askToEnd(context, child.id, { compensate, reason });
    }),
  );
  return new Map(
    await Promise.all(
      [...children].map(async ([node, { id }]) => [node, await untilFinal(context, node, id)] as const),
    ),
  );
}

/** Asks a run to cancel, unless it has ended or was asked already. */
export async function askToEnd(
  { knex, facts }: RunContext,
  id: string,
  { compensate, reason }: { readonly compensate: boolean; readonly reason: string },
): Promise<void> {
  await knex.transaction(async (trx) => {
    const run = await lockRun(trx, facts.tenant, id);
    if (!run || isFinal(run.status) || run.status === 'compensating' || controlOf(run).cancel) return;
    await askToCancel(trx, run, { compensate, by: `run:${facts.id}`, reason });
  });
}

/** Takes a child back that succeeded: its run goes on as one that failed, and ends as its own undos do. Recorded. */
export async function undoChild(context: RunContext, node: ChildNode, child: ChildRow): Promise<FinalCheckpoint> {
  const { base } = undoIds(node);
  return await runStep<FinalCheckpoint>(base, `undo ${node.id}`, async () => {
    const ended = child.status === 'succeeded' ? await takeBack(context, node, child) : child;
    return { outcome: outcomeOf(ended), finishedAt: context.clock.now() };
  });
}

// A run that ended `failed` undid nothing: there was nothing to undo, or its definition says so.
function outcomeOf({ id, status, workflow, compensation }: ChildRow): FinalCheckpoint['outcome'] {
  if (status === 'compensation_failed') {
    const message = `run ${id} of "${workflow}" ended ${status}: not all that it did is taken back`;
    return { ok: false, error: failure('CHILD_STANDS', message) };
  }
  return { ok: true, value: null, skipped: (compensation?.compensated ?? 0) === 0 };
}

async function takeBack(context: RunContext, node: ChildNode, child: ChildRow): Promise<ChildRow> {
  for (;;) {
    if (await reopen(context, child)) return await untilFinal(context, node.id, child.id);
    // Its row says that it ended a moment before its execution does.
    await pauseUntil(context, context.clock.now() + 100);
  }
}

// True once it is not a success any more, whoever reopened it.
async function reopen({ knex, facts, clock }: RunContext, { id, tenant }: ChildRow): Promise<boolean> {
  return await knex.transaction(async (trx) => {
    const run = await lockRun(trx, tenant, id);
    if (run?.status !== 'succeeded') return true;
    const message = `run ${facts.id}, which began this one, was taken back`;
    const turn: Turn = {
      cause: 'failure',
      at: null,
      failure: failure('PARENT_TAKEN_BACK', message),
      compensate: true,
      suspects: [],
      atMs: clock.now(),
    };
    const add = [{ ...TURN, value: turn }];
    if (!(await changeRecord(trx, id, 'ended', { forget: FORGET_TURN, add }))) return false;
    await saveReopened(trx, id, { ...amendmentsOf(run), status: 'compensating', control: null });
    await insertEvent(trx, { tenant, runId: id, kind: 'control.compensate', data: { by: `run:${facts.id}` } });
    return true;
  });
}

// Its end is told to the node's topic; what was told before, and perhaps to nobody, is found by looking.
async function untilFinal(context: RunContext, node: string, childId: string): Promise<ChildRow> {
  const topic = wakeTopic(node, epochOf(context.amended, node));
  for (;;) {
    const woken = new AbortController();
    const unsubscribe = onWake(context.facts.id, topic, () => woken.abort());
    try {
      const child = await findChild(context.knex, childId);
      if (!child) throw new Error(`run ${childId} is gone while the run that began it is under way`);
      if (isFinal(child.status)) return child;
      await pauseUntil(context, context.clock.now() + LOOK_MS, woken.signal);
    } finally {
      unsubscribe();
    }
  }
}
