// Forks a run that is over: a new run that goes on from a node, with the outcomes of what is not repeated copied, in one transaction.
import type { Knex } from 'knex';
import { copySteps, enqueueInTransaction, readRecord } from '../durable/index.ts';
import { hashJson, newRunId } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { amendmentsOf, decisionsOutside } from './amendments.ts';
import { saveFork } from './control-store.ts';
import { OF_CODE, performVerb, refusal } from './control-verb.ts';
import { planRewind } from './rewind.ts';
import { RUN_WORKFLOW } from './run-input.ts';
import type { RunInput } from './run-input.ts';
import { insertRun } from './run-store.ts';
import type { NewRun, RunRow } from './run-store.ts';
import type { Actor } from './runs.ts';
import type { Operator } from './reopen-run.ts';
import { QUEUE_PLACE, checkedInput, findEarlier, isSandboxed } from './start-run.ts';
import type { CodedWorkflows } from './coded-workflow.ts';
import { loadPinned } from './pinned-definition.ts';

export interface ForkRequest {
  readonly node: string;
  /** Absent: the input of the run that is forked. */
  readonly input?: Json;
  readonly reason?: string;
  /** The same one, with the same request, gives the same fork. */
  readonly idempotencyKey?: string;
}

/** Another request with the same key was faster: this one leaves nothing. */
class KeyTaken extends Error {}

/** Answers the new run's id. What it inherits it never undoes: that is for the run it comes from. */
export async function forkRun(
  forker: Operator & { readonly coded: CodedWorkflows },
  actor: Actor,
  id: string,
  request: ForkRequest,
): Promise<string> {
  const { idempotencyKey, ...body } = request;
  const digest = hashJson({ fork: id, ...body });
  const find = async () => (await findEarlier(forker.knex, actor.tenant, { idempotencyKey, digest }))?.id;
  try {
    return (await find()) ?? (await forkAnew(forker, actor, id, { ...request, digest }));
  } catch (error) {
    const faster = error instanceof KeyTaken ? await find() : undefined;
    if (faster === undefined) throw error;
    return faster;
  }
}

async function forkAnew(
  { knex, clock, coded, registry }: Operator & { readonly coded: CodedWorkflows },
  actor: Actor,
  id: string,
  { node, input: given, reason, idempotencyKey, digest }: ForkRequest & { readonly digest: string },
): Promise<string> {
  const forkId = newRunId(clock.now());
  await performVerb(knex, actor, { verb: 'fork', id, reason }, async (trx, { run }) => {
    const definition = await loadPinned(trx, run);
    if (!definition?.plan) throw refusal(id, OF_CODE);
    const { retained, repeated } = planRewind(
      definition.plan,
      { record: await readRecord(trx, id), amended: amendmentsOf(run) },
      node,
      'fork',
    );
    const input = checkedInput(coded, definition, given ?? run.input);
    const sandboxed = run.sandboxed || isSandboxed(registry, definition.plan);
    const fork = forkOf(run, {
      id: forkId,
      input,
      sandboxed,
      requester: actor.user,
      startedAt: new Date(clock.now()),
      idempotencyKey: idempotencyKey ?? null,
      requestDigest: digest,
    });
    await insertFork(trx, fork);
    const ranges = definition.plan.nodes.filter((each) => retained.includes(each.id)).map(({ range }) => range);
    await copySteps(trx, id, forkId, ranges);
    const amended = amendmentsOf(run);
    const decisions = decisionsOutside(amended, repeated);
    await saveFork(trx, forkId, { from: id, inherited: retained, decisions, changes: amended.changes });
    return { fork: forkId, node };
  });
  return forkId;
}

type Forked = 'id' | 'input' | 'sandboxed' | 'requester' | 'startedAt' | 'idempotencyKey' | 'requestDigest';

function forkOf(run: RunRow, fork: Pick<NewRun, Forked>): NewRun {
  const { tenant, workflow, version, hash, priority, labels } = run;
  const rest = { tenant, workflow, version, hash, priority, labels };
  return { ...rest, ...fork, status: 'queued', traceparent: null };
}

async function insertFork(trx: Knex.Transaction, fork: NewRun): Promise<void> {
  const { id, tenant, workflow, version, hash, input, priority } = fork;
  if (!(await insertRun(trx, fork))) throw new KeyTaken();
  const argument: RunInput = { tenant, workflow, version, hash, input };
  await enqueueInTransaction(trx, { runId: id, name: RUN_WORKFLOW, input: argument, priority: QUEUE_PLACE[priority] });
}
