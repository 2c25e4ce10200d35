// Runs a coded workflow: its calls become nodes of a plan that grows as it goes, so acts, undos and endings are the same as for YAML.
import { throwIfQuiescing } from '../durable/index.ts';
import { FailureError } from '../kernel/index.ts';
import type { Json } from '../kernel/index.ts';
import { CANCELLED } from '../tools/index.ts';
import type { CodedWorkflow } from './coded-workflow.ts';
import { RecordedSaga } from './coded-saga.ts';
import type { CodedContext } from './coded-saga.ts';
import type { RunBase } from './environment.ts';
import { growingPlan } from './growing-plan.ts';
import { MAX_OUTPUT_BYTES, recordable } from './recordable.ts';
import { finishForward, goBack } from './run-plan.ts';
import { recordTurn, recordedTurn } from './turn.ts';
import type { Turn } from './turn.ts';

type Ended = { readonly output: Json } | { readonly turn: Omit<Turn, 'atMs'> };

export async function runCoded(base: RunBase, workflow: CodedWorkflow): Promise<void> {
  const context: CodedContext = { ...base, plan: growingPlan(workflow) };
  const turned = recordedTurn(context);
  if (turned) {
    await replay(context, workflow);
    return await goBack(context, turned);
  }
  const ended = await goOn(context, workflow);
  if ('output' in ended) return await finishForward(context, ended.output);
  await goBack(context, await recordTurn(context, ended.turn));
}

async function goOn(context: CodedContext, workflow: CodedWorkflow): Promise<Ended> {
  const cut = new AbortController();
  const unwatch = context.controls.watch(context.facts.id, () => cut.abort(CANCELLED));
  const saga = new RecordedSaga(context, 'forward', cut.signal);
  try {
    const output = await Promise.race([workflow.run(saga, context.facts.input), saga.over]);
    await saga.close('done');
    throwIfQuiescing();
    return { output: recordable('the output', output, MAX_OUTPUT_BYTES) };
  } catch (error) {
    // What escaped from an act tells more than the call that had to come to rest because of it.
    await saga.close(error instanceof FailureError ? 'turning' : 'done');
    if (!(error instanceof FailureError)) throw error;
    return { turn: await turnOf(context, saga.suspects, error) };
  } finally {
    unwatch();
  }
}

async function turnOf(
  context: CodedContext,
  suspects: readonly string[],
  error: FailureError,
): Promise<Omit<Turn, 'atMs'>> {
  const asked = (await context.controls.read(context.facts.id))?.cancel;
  return {
    cause: asked ? 'cancel' : 'failure',
    at: null,
    failure: error.failure,
    compensate: asked?.compensate ?? true,
    suspects,
  };
}

// Rebuilds the plan of what was called; nothing new is done. The code comes to the turn, or waits for a call that has no record.
async function replay(context: CodedContext, workflow: CodedWorkflow): Promise<void> {
  const saga = new RecordedSaga(context, 'replay', AbortSignal.abort(CANCELLED));
  await Promise.race([replayCode(saga, context, workflow), saga.over, saga.idle()]);
  await saga.idle();
  throwIfQuiescing();
}

async function replayCode(saga: RecordedSaga, context: CodedContext, workflow: CodedWorkflow): Promise<void> {
  try {
    await workflow.run(saga, context.facts.input);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
  }
}
