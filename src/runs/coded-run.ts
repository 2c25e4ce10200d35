// Runs a coded workflow: its calls become nodes of a plan that grows as it goes, so acts, undos and endings are the same as for YAML.
import { AsyncResource } from 'node:async_hooks';
import { loadRecord, throwIfQuiescing } from '../durable/index.ts';
import { FailureError } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { CANCELLED } from '../tools/index.ts';
import { CallFailedError } from './call-failed.ts';
import { codedPlaces } from './coded-places.ts';
import type { CodedWorkflow } from './coded-workflow.ts';
import { RecordedSaga } from './coded-saga.ts';
import type { CodedContext } from './coded-saga.ts';
import type { RunBase } from './environment.ts';
import { growingPlan } from './growing-plan.ts';
import { cancelFailure } from './turn.ts';
import type { Control } from './control-store.ts';
import { MAX_OUTPUT_BYTES, recordable } from './recordable.ts';
import { finishForward, goBack } from './run-plan.ts';
import { recordTurn, recordedTurn } from './turn.ts';
import type { Turn } from './turn.ts';

type Ended = { readonly output: Json } | { readonly turn: Omit<Turn, 'atMs' | 'suspects'> };

export async function runCoded(base: RunBase, workflow: CodedWorkflow): Promise<void> {
  const context = contextOf(base, workflow);
  const recorded = recordedTurn(context);
  if (recorded) return await goBack(await rebuild(base, workflow), recorded);
  const ended = await goOn(context, workflow);
  if ('output' in ended) return await finishForward(context, ended.output);
  const suspects = base.tookOver ? await suspectsOf(base, workflow) : [];
  const turn = await recordTurn(context, { ...ended.turn, suspects });
  // What ran side by side may have been cut off before it came to all that an earlier execution did.
  await goBack(base.tookOver ? await rebuild(base, workflow) : context, turn);
}

/** Every execution of the code calls anew, and makes a plan of its own. */
function contextOf(base: RunBase, workflow: CodedWorkflow): CodedContext {
  const places = codedPlaces(base.record.names());
  return { ...base, places, plan: growingPlan(workflow, places) };
}

async function goOn(context: CodedContext, workflow: CodedWorkflow): Promise<Ended> {
  const cut = new AbortController();
  const saga = new RecordedSaga(context, 'forward', cut.signal);
  // Whoever notices does so outside of any run.
  const obey = AsyncResource.bind((control: Control | undefined) => {
    if (control?.cancel) cut.abort(CANCELLED);
    else saga.obey(control);
  });
  const unwatch = context.controls.watch(context.facts.id, obey);
  try {
    const output = await Promise.race([workflow.run(saga, context.facts.input), saga.over]);
    if (context.tookOver) await checkReplay(context, workflow, saga);
    await saga.close('done');
    throwIfQuiescing();
    if (cut.signal.aborted) throw new Error('the run was cancelled before its last calls came to their end');
    return { output: recordable('the output', output, MAX_OUTPUT_BYTES) };
  } catch (error) {
    // What escaped from an act tells more than the call that had to come to rest because of it.
    await saga.close(error instanceof FailureError ? 'turning' : 'done');
    return { turn: error instanceof FailureError ? await turnOf(context, error) : await cancelPast(context, error) };
  } finally {
    unwatch();
  }
}

async function turnOf(context: CodedContext, error: FailureError): Promise<Omit<Turn, 'atMs' | 'suspects'>> {
  const cancel = (await context.controls.read(context.facts.id))?.cancel;
  if (cancel) return { cause: 'cancel', at: null, failure: error.failure, compensate: cancel.compensate };
  if (error instanceof CallFailedError) return { ...error.reason, compensate: true };
  return { cause: 'failure', at: null, failure: error.failure, compensate: true };
}

// An operator who cancels a run that its code's defect keeps from going on wants what it did taken back all the same.
async function cancelPast(context: CodedContext, defect: unknown): Promise<Omit<Turn, 'atMs' | 'suspects'>> {
  throwIfQuiescing();
  const { cancel } = (await context.controls.read(context.facts.id)) ?? {};
  if (!cancel) throw defect;
  return { cause: 'cancel', at: null, failure: cancelFailure(cancel), compensate: cancel.compensate };
}

/** The plan of all that the record holds. */
async function rebuild(base: RunBase, workflow: CodedWorkflow): Promise<CodedContext> {
  const context = contextOf({ ...base, record: await loadRecord(base.knex) }, workflow);
  const saga = await replay(context, workflow);
  await checkReplay(context, workflow, saga);
  return context;
}

/** The acts that the record leads to: an earlier execution may have begun them. */
async function suspectsOf(base: RunBase, workflow: CodedWorkflow): Promise<readonly string[]> {
  return (await replay(contextOf(base, workflow), workflow)).suspects;
}

// Nothing new is done. The code comes to its end, or waits for a call that has no record.
async function replay(context: CodedContext, workflow: CodedWorkflow): Promise<RecordedSaga> {
  const saga = new RecordedSaga(context, 'replay', AbortSignal.abort(CANCELLED));
  await Promise.race([replayCode(saga, context, workflow), saga.over, saga.idle()]);
  await saga.idle();
  throwIfQuiescing();
  return saga;
}

// Whatever the code throws, all that counts is that it made the calls that are recorded: what escapes from one ends the saga.
async function replayCode(saga: RecordedSaga, context: CodedContext, workflow: CodedWorkflow): Promise<void> {
  const made = async (): Promise<unknown> => await workflow.run(saga, context.facts.input);
  await Promise.allSettled([made()]);
}

// A call that was made once and is not made again would be forgotten: nobody would know how to undo it.
async function checkReplay(
  { places }: CodedContext,
  { name, version }: CodedWorkflow,
  saga: RecordedSaga,
): Promise<void> {
  await saga.finishReplay();
  const [lost] = places.unclaimed();
  if (lost === undefined) return;
  throw new Error(
    `the code of ${name} ${version} no longer calls "${lost}", which this run did: bring back the code that it began with, and give changed code a new version`,
  );
}
