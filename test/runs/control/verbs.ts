// Operators' verbs over HTTP, for the tests of them.
import type { Flow } from '../live/flow.ts';
import type { Answer, FlowWorld } from '../live/live-app.ts';
import type { RunView } from '../../../src/runs/index.ts';
import { until } from '../../support/until.ts';

/** A refusal is a problem document: its `detail` is the reason. */
export type VerbAnswer = Answer<Partial<RunView> & { readonly detail?: string }>;

export async function ask(live: FlowWorld, verb: string, runId: string, body: object = {}): Promise<VerbAnswer> {
  return await live.call('POST', `/v1/runs/${runId}/${verb}`, body);
}

/** Asks, and insists on it. */
export async function tell(live: FlowWorld, verb: string, runId: string, body: object = {}): Promise<Partial<RunView>> {
  const { status, body: answer } = await ask(live, verb, runId, body);
  if (status !== 202) throw new Error(`${verb} of ${runId} was answered ${status}: ${JSON.stringify(answer)}`);
  return answer;
}

/** What operators did to the run: in `event`, and in `audit`. */
export async function traces({ knex }: FlowWorld, runId: string): Promise<{ events: string[]; audit: string[] }> {
  const breakwater = knex.withSchema('breakwater');
  const events = await breakwater
    .table('event')
    .select('kind')
    .where('run_id', runId)
    .whereLike('kind', 'control.%')
    .orderBy('id');
  const audit = await knex
    .withSchema('breakwater')
    .table('audit')
    .select('action')
    .where('subject', runId)
    .orderBy('id');
  return { events: events.map(({ kind }) => String(kind)), audit: audit.map(({ action }) => String(action)) };
}

/** Nothing about the flow is told for a while: the only way to see that nothing happens. */
export async function staysQuiet(flow: Flow, forMs = 300): Promise<void> {
  const before = (await flow.told()).length;
  const since = performance.now();
  await until(() => performance.now() - since > forMs, { what: 'time to pass' });
  const after = await flow.told();
  if (after.length !== before) throw new Error(`something went on: ${after.slice(before).join(', ')}`);
}
